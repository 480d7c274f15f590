"""The databases and engines that a test runs on: SQLite and the embedded engine always, the servers where there are any."""

import pytest

from tests.search_engines import ENGINES, WITHOUT_ELASTICSEARCH, server_url
from tests.stores import DIALECTS, WITHOUT_POSTGRESQL, admin_url


def _needs(*names: str) -> list[pytest.MarkDecorator]:
    lacking = {
        "postgresql": pytest.mark.skipif(not admin_url(), reason=WITHOUT_POSTGRESQL),
        "elasticsearch": pytest.mark.skipif(not server_url(), reason=WITHOUT_ELASTICSEARCH),
    }
    return [lacking[name] for name in names if name in lacking]


both = pytest.mark.parametrize("dialect", [pytest.param(name, marks=_needs(name)) for name in DIALECTS])
"""Runs a test on each database, as its argument `dialect`."""

both_engines = pytest.mark.parametrize("engine", [pytest.param(name, marks=_needs(name)) for name in ENGINES])
"""Runs a test on each engine, as its argument `engine`."""

everywhere = pytest.mark.parametrize(
    ("dialect", "engine"),
    [pytest.param(dialect, engine, marks=_needs(dialect, engine)) for dialect in DIALECTS for engine in ENGINES],
)
"""Runs a test on each database with each engine."""
