"""Bodies: what a job's answer says of its times."""

from dataclasses import replace
from pathlib import Path

from common.objects.factory import open_local_store
from common.renders import Params, PictureFormat
from common.schemas.job import JobBody
from common.schemas.links import Links
from common.settings import Settings
from tests.unit.api.sample_jobs import ENDED


def test_a_retried_job_has_waited_since_its_retry(tmp_path: Path) -> None:
    objects = open_local_store(Settings(objects="local", data_dir=tmp_path))
    links = Links(objects, base_url="http://127.0.0.1", url_ttl_s=60)
    retried = replace(
        ENDED,
        params=Params(0.7, 64, PictureFormat.PNG, None).as_dict(),
        run=2,
        created_ms=1_000,
        submitted_ms=60_000,
        started_ms=60_250,
        finished_ms=60_400,
    )
    metrics = JobBody.of(retried, links).metrics
    assert (metrics.queue_ms, metrics.execution_ms) == (250, 150)
