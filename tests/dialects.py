"""The databases that a test runs on: SQLite always, PostgreSQL where there is one."""

import pytest

from tests.stores import DIALECTS, WITHOUT_POSTGRESQL, admin_url

both = pytest.mark.parametrize(
    "dialect",
    [
        pytest.param(name, marks=pytest.mark.skipif(name == "postgresql" and not admin_url(), reason=WITHOUT_POSTGRESQL))
        for name in DIALECTS
    ],
)
"""Runs a test on each, as its argument `dialect`."""
