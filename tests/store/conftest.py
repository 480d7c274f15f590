"""Every store test runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from directory.store.session import Store
from tests.stores import DIALECTS, WITHOUT_POSTGRESQL, admin_url, open_empty_store, open_store


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql" and not admin_url():
        pytest.skip(WITHOUT_POSTGRESQL)
    return str(request.param)


@pytest.fixture
def store(dialect: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, dialect) as opened:
        yield opened


@pytest.fixture
def empty_store(dialect: str, tmp_path: Path) -> Iterator[Store]:
    with open_empty_store(tmp_path, dialect) as opened:
        yield opened
