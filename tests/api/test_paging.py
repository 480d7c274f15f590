"""Following `links.next` shows everybody exactly once, whatever happens meanwhile."""

import random
from itertools import count
from typing import Any

import pytest

from directory.bootstrap import build
from directory.search.fields import SORTS
from tests.api.people import AGREED, Directory, invented, open_directory, record

QUERIES = ("", "medicine")


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("q", QUERIES)
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_every_mentor_exactly_once(directory: Directory, q: str, sort: str, limit: int) -> None:
    pages = list(directory.walk(q=q, sort=sort, limit=limit))
    seen = [mentor for page in pages for mentor in ids(page["items"])]
    assert len(seen) == len(set(seen)) == pages[0]["total"] > 50
    assert {len(page["items"]) for page in pages[:-1]} <= {limit}
    assert {page["total"] for page in pages} == {pages[0]["total"]}
    assert seen == ids(directory.items(q=q, sort=sort, limit=33))


def test_the_last_page_has_no_next_link(directory: Directory) -> None:
    page = directory.search(limit=100, specialty="emergency-medicine")
    assert page["total"] == len(page["items"])
    assert set(page["links"]) == {"self"}


def test_links_keep_the_question_and_lead_on(directory: Directory) -> None:
    arguments = {"q": 'medicine "', "arena": ["research-skills", "career-development"], "include": "mode", "mode": "video", "limit": 3}
    first = directory.search(**arguments)
    assert directory.get(first["links"]["self"]) == first
    second = directory.get(first["links"]["next"])
    assert not set(ids(first["items"])) & set(ids(second["items"]))
    assert second["facets"] == first["facets"]


def test_a_corrected_question_stays_corrected_to_its_last_page(directory: Directory) -> None:
    pages = list(directory.walk(q="emergancy medicine", limit=7))
    assert len(pages) > 2
    assert all(page["corrections"] == [{"typed": "emergancy", "used": "emergency"}] for page in pages)
    seen = [mentor for page in pages for mentor in ids(page["items"])]
    assert len(seen) == len(set(seen)) == pages[0]["total"]


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("q", ["", "medicine", "medecine"])
def test_every_mentor_once_while_profiles_change(fresh: Directory, q: str, sort: str, limit: int) -> None:
    people = [item | {"consent": AGREED} for item in invented(fresh.parts, 120 if limit == 7 else 30)]
    fresh.harvest(people)
    fresh.index()
    before = {item["id"]: item for item in fresh.items(q=q, sort=sort, limit=100)}
    by_name = {item["name"]: item["id"] for item in fresh.items(limit=100)}
    dice = random.Random(20261124)  # a plan that repeats
    gone: set[str] = set()
    steps = count(1)

    def happen() -> None:
        step = next(steps)
        if step > 12:
            return
        moved = dice.sample(people, 8)
        fresh.harvest([item | {"headline": f"Medicine, version {step}.", "updated_at": f"2026-11-2{step % 4}T10:00:00Z"} for item in moved])
        fresh.harvest([record(f"new-{step}", f"Newcomer-{step}", headline="Medicine at heart.")])
        leaver = people.pop(dice.randrange(len(people)))
        fresh.drop([leaver["id"]])
        gone.add(by_name[" ".join(part for part in (leaver["name"].get(key) for key in ("given", "middle", "family", "suffix")) if part)])
        withdrawn = dice.choice(sorted(set(by_name.values()) - gone))
        fresh.parts.consent.withdraw(withdrawn, evidence="letter")
        gone.add(withdrawn)
        if step % 2:
            fresh.index()

    seen: list[str] = []
    for page in fresh.walk(happen, q=q, sort=sort, limit=limit):
        assert not set(ids(page["items"])) & gone
        seen += ids(page["items"])
    assert len(seen) == len(set(seen))
    assert set(before) - gone <= set(seen) <= set(before)
    if limit < 100:
        assert gone


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_goes_on_in_another_process(fresh: Directory, sort: str) -> None:
    """The other process has no view of the first; nobody who stayed as they were is missed or shown twice."""
    fresh.harvest(invented(fresh.parts, 60))
    fresh.index()
    expected = ids(fresh.items(sort=sort, limit=100))
    first = fresh.search(sort=sort, limit=10)
    fresh.parts.consent.withdraw(expected[9], evidence="letter")
    fresh.parts.consent.withdraw(expected[20], evidence="letter")
    fresh.index()
    other = build(fresh.parts.settings, read_only_engine=True, clock=fresh.time)
    rest = [mentor for page in _rest(Directory(other, fresh.time), first) for mentor in ids(page["items"])]
    other.close()
    assert ids(first["items"]) + rest == [name for name in expected if name != expected[20]]


def test_who_withdrew_is_not_counted_on_the_following_pages(fresh: Directory) -> None:
    fresh.harvest([record(f"a-{number}", f"Achterberg-{number}", stage="mid") for number in range(6)])
    fresh.index()
    first = fresh.search(limit=2, sort="name")
    fresh.parts.consent.withdraw(fresh.id_of("Achterberg-5"), evidence="letter")
    while_waiting = fresh.get(first["links"]["next"])
    fresh.index()
    indexed = fresh.get(first["links"]["next"])
    for page in (while_waiting, indexed):
        assert page["total"] == 5
        assert {row["key"]: row["count"] for view in page["facets"] for row in view["buckets"]}["mid"] == 5
        assert len(page["items"]) == 2
    assert [item["name"] for item in fresh.get(indexed["links"]["next"])["items"]] == ["Ines Achterberg-4"]


def test_a_cursor_of_before_a_rebuild_goes_on(fresh: Directory) -> None:
    fresh.harvest(invented(fresh.parts, 40))
    fresh.index()
    expected = ids(fresh.items(limit=100))
    first = fresh.search(limit=15)
    fresh.parts.rebuilder.rebuild(lambda *_: None)
    rest = [mentor for page in _rest(fresh, first) for mentor in ids(page["items"])]
    assert ids(first["items"]) + rest == expected


def _rest(directory: Directory, page: Any) -> list[Any]:
    pages = []
    while "next" in page["links"]:
        page = directory.get(page["links"]["next"])
        pages.append(page)
    return pages


def test_an_empty_directory_answers(fresh: Directory) -> None:
    page = fresh.search()
    assert (page["items"], page["total"], page["open_total"], page["not_stated"]) == ([], 0, 0, {})
    assert all(view["buckets"] == [] for view in page["facets"])


def test_directories_do_not_share_anything(directory: Directory, tmp_path: Any) -> None:
    with open_directory(tmp_path / "other") as other:
        assert other.search()["total"] == 0 < directory.search()["total"]
