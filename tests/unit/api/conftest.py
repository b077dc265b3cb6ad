"""The application's routes and the document that is made of them; nothing is served."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from api.app import OPERATIONS, create_app
from api.context.context import NAME
from api.openapi.document import build
from api.openapi.operation import Schema
from api.webhooks.events_openapi import EVENTS
from common.settings import Settings


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application that is asked for nothing but its routes."""
    folder: Path = tmp_path_factory.mktemp("openapi")
    app = create_app(Settings(objects="local", data_dir=folder))
    yield app
    app.extensions[NAME].close()


def document_of(app: Flask, *, is_open: bool, public_url: str | None = None) -> Schema:
    """The document that an application would show."""
    return build(
        app.url_map, operations=OPERATIONS, events=EVENTS, is_open=is_open, public_url=public_url
    )


@pytest.fixture(scope="session", params=[True, False], ids=["open", "with keys"])
def document(app: Flask, request: pytest.FixtureRequest) -> Schema:
    """The document of a service without keys, and of one with keys."""
    return document_of(app, is_open=request.param)
