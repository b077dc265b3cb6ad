"""Both object stores, so that one body of tests holds them to the same promises."""

from typing import cast

import pytest

from common.objects.base import ObjectStore


@pytest.fixture(params=["local_store", "s3_store"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Each real store in turn, empty."""
    return cast("ObjectStore", request.getfixturevalue(request.param))
