"""What holds for every test: no settings from outside, no network but loopback, and a table of what was left out.

A test that lacks something of the machine skips with a reason that names it. With REQUIRE_SERVICES=1 (full run, see
`make services`) a skip for a missing service fails the run instead of being listed.
"""

import ipaddress
import os
import re
import socket
import urllib.parse
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

SERVICES = re.compile(r"\b(postgres(ql)?|elasticsearch|chromium|TEST_DATABASE_URL|TEST_ELASTICSEARCH_URL)\b", re.IGNORECASE)
"""A skip whose reason names one of these is a missing service, see REQUIRE_SERVICES."""

# no time limit for one example: the machine may be busy; always the same examples in CI, so that a red run can be repeated
settings.register_profile("project", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")

_connect = socket.socket.connect


def _given_hosts() -> set[str]:
    """Hosts of servers that the caller of the test run named."""
    urls = (os.environ.get(name, "") for name in ("TEST_DATABASE_URL", "TEST_ELASTICSEARCH_URL"))
    return {host for url in urls if (host := urllib.parse.urlsplit(url).hostname)}


def _is_local(host: str) -> bool:
    if host in {"localhost", *_given_hosts()}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _connect_local(self: socket.socket, address: object) -> None:
    if self.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple) and not _is_local(str(address[0])):
        self.close()
        raise RuntimeError(f"a test tried to connect to {address[0]}; tests reach loopback only")
    _connect(self, address)  # type: ignore[arg-type]


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _connect_local)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MENTORS_")]:
            patch.delenv(name)
        yield


def _skips(config: pytest.Config) -> Counter[str]:
    """How many tests were left out, by reason."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    reasons = (report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr) for report in reports)
    return Counter(reason.removeprefix("Skipped: ") for reason in reasons)


def _missing_services(config: pytest.Config) -> Counter[str]:
    if os.environ.get("REQUIRE_SERVICES") != "1":
        return Counter()
    return Counter({reason: count for reason, count in _skips(config).items() if SERVICES.search(reason)})


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput") and session.exitstatus == pytest.ExitCode.OK and _missing_services(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if skips := _skips(config):
        terminalreporter.section("left out")
        for reason, count in sorted(skips.items()):
            terminalreporter.write_line(f"{count:5}  {reason}")
    if missing := _missing_services(config):
        terminalreporter.write_line(f"REQUIRE_SERVICES=1: {missing.total()} tests lack a service, so the run has failed", red=True)
