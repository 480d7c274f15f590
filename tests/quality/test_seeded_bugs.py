"""The list of bugs that are planted to try the tests fits the code. Whether each is caught, `python -m tools.seeded_bugs` tells."""

from dataclasses import replace

import pytest

from tools import seeded_bugs
from tools.seeded_bugs import BUGS, ELASTICSEARCH, ROOT, Bug, fits, main

HIDDEN = next(bug for bug in BUGS if bug.name == "hidden fields are shown")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_has_its_place_and_its_tests(bug: Bug) -> None:
    assert fits(bug)
    assert bug.old != bug.new
    assert bug.tests
    assert all((ROOT / path).exists() for path in bug.tests)


def test_names_are_told_apart() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 12


@pytest.mark.parametrize(
    ("bug", "said", "code"),
    [
        (HIDDEN, "caught    hidden fields are shown  tests/core/test_merge.py::", 0),
        (replace(HIDDEN, tests=("tests/core/test_text.py",)), "MISSED    hidden fields are shown  \n", 1),
        (replace(HIDDEN, old="hidden = nobody"), "MISSED    hidden fields are shown  (its place in", 1),
        (replace(HIDDEN, needs=ELASTICSEARCH), f"left out  hidden fields are shown  ({ELASTICSEARCH} is not set)", 3),
    ],
    ids=["caught", "missed", "gone", "left out"],
)
def test_what_came_of_one(bug: Bug, said: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv(ELASTICSEARCH, raising=False)
    monkeypatch.setattr(seeded_bugs, "BUGS", (bug,))
    assert main([]) == code
    assert capsys.readouterr().out.startswith(said)
    assert fits(HIDDEN)  # the checkout itself is left alone
