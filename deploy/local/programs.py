"""The programs of the stack: command lines, environments, and which needs which.

Every `CELSHADE_*` variable of the user's reaches every program; laid over it is only what the stack
itself decides. Nothing here starts anything.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from common.processes.supervised_process import Program
from common.settings import Settings, environment_with
from deploy.local import redis_server, s3_server
from deploy.local.data_directory import Layout
from deploy.local.options import StackOptions, threads_per_worker
from deploy.local.probes import ApiProbe

SERVER_GRACE_S = 10.0
API_GRACE_S = 15.0
KEEPER_GRACE_S = 10.0
WORKER_PROBE_S = 0.5  # each question is a request in the API's log
WORKER_MARGIN_S = 20.0  # after its drain a worker ends Celery and its model


@dataclass(frozen=True)
class Servers:
    """The embedded servers of this stack; None where the user named a running one."""

    redis: redis_server.RedisServer | None
    s3: s3_server.S3Server | None


def prepare_servers(options: StackOptions, settings: Settings, layout: Layout) -> Servers:
    """Make ready the servers that the user has not named.

    Raises:
        ConfigurationError: A server's program is missing, or it still runs.
    """
    given = settings.model_fields_set
    redis = None if "redis_url" in given else redis_server.prepare(layout.redis)
    own_s3 = options.store == "s3" and "s3_endpoint_url" not in given
    s3 = s3_server.prepare(layout.s3, bucket=settings.s3_bucket) if own_s3 else None
    return Servers(redis, s3)


def all_programs(
    options: StackOptions, settings: Settings, layout: Layout, servers: Servers
) -> list[Program]:
    """Return all programs, in the order in which they start."""
    own = own_settings(options, settings, layout, servers)
    probe = ApiProbe(settings.api_host, options.port)
    return [
        *_server_programs(servers, layout),
        Program(
            name="keeper",
            kind="keeper",
            command=_python("keeper"),
            env=environment_with(**own),
            log=layout.log("keeper"),
            grace_s=KEEPER_GRACE_S,
        ),
        *(
            _worker(
                f"worker-{number}",
                own,
                layout,
                # Workers answer no requests; the API knows how many have loaded their models.
                is_ready=partial(probe.has_workers, options.workers),
                grace_s=settings.drain_s + WORKER_MARGIN_S,
            )
            for number in range(1, options.workers + 1)
        ),
        Program(
            name="api",
            kind="api",
            command=_python("api"),
            env=environment_with(**own),
            log=layout.log("api"),
            is_ready=probe.is_ready,
            address=probe.url,
            grace_s=API_GRACE_S,
        ),
    ]


def own_settings(
    options: StackOptions, settings: Settings, layout: Layout, servers: Servers
) -> dict[str, str]:
    """Return the settings that the stack decides, as texts by field name."""
    own = {
        "api_port": str(options.port),
        "objects": options.store,
        "run_dir": str(layout.run),
    }
    if "data_dir" not in settings.model_fields_set:
        own["data_dir"] = str(layout.objects)
    if servers.redis is not None:
        own["redis_url"] = servers.redis.url
    if servers.s3 is not None:
        own["s3_endpoint_url"] = servers.s3.url
        own["s3_access_key_id"] = servers.s3.access_key_id
        own["s3_secret_access_key"] = servers.s3.secret_access_key
    if options.workers > 1 and "worker_threads" not in settings.model_fields_set:
        own["worker_threads"] = str(threads_per_worker(options.workers))
    return own


def _server_programs(servers: Servers, layout: Layout) -> list[Program]:
    """Return the embedded servers, which all others need first."""
    programs = []
    if servers.redis is not None:
        programs.append(_server("redis", servers.redis, None, layout))
    if servers.s3 is not None:
        programs.append(_server("s3", servers.s3, servers.s3.env(), layout))
    return programs


def _server(
    name: str,
    server: redis_server.RedisServer | s3_server.S3Server,
    env: Mapping[str, str] | None,
    layout: Layout,
) -> Program:
    """Return the program of an embedded server."""
    return Program(
        name=name,
        kind=name,
        command=server.command(),
        env=env,
        log=layout.log(name),
        pid_file=layout.pid(name),
        is_ready=server.is_ready,
        address=f"127.0.0.1:{server.port}",
        is_needed_first=True,
        grace_s=SERVER_GRACE_S,
    )


def _worker(
    name: str,
    own: Mapping[str, str],
    layout: Layout,
    *,
    is_ready: Callable[[], bool],
    grace_s: float,
) -> Program:
    """Return one worker: the supervisor of the process that holds the model."""
    return Program(
        name=name,
        kind="worker",
        command=_python("worker"),
        env=environment_with(**{**own, "worker_name": name}),
        log=layout.log(name),
        is_ready=is_ready,
        probe_every_s=WORKER_PROBE_S,
        grace_s=grace_s,
    )


def _python(package: str) -> list[str]:
    """Return the command line of one of the service's own processes."""
    return [sys.executable, "-m", package]
