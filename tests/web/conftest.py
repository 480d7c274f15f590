"""The whole application over real parts, once for all tests of the pages; they only read."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from directory.app import create_app
from directory.bootstrap import Parts, build
from directory.settings import load_settings
from tests.web.people import NOW, fill, prepare


@pytest.fixture(scope="session")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("web")
    config = prepare(folder / "config")
    made = build(load_settings({"MENTORS_CONFIG": str(config), "MENTORS_DATA": str(folder / "data")}), clock=lambda: NOW)
    fill(made)
    yield made
    made.close()


@pytest.fixture(scope="session")
def app(parts: Parts) -> Flask:
    return create_app(parts)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
