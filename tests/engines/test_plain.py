"""The engine's ways of saving time against the plain way, over mentors of the demo: the same counts, totals and scores."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.plain import Plain
from benchmarks.profiles import Profiles, person_id
from directory.search.engine import Group, Key, Phrase, SearchRequest, Tombstone, Word
from directory.search.fields import FACETS, MENTOR_FACETS
from indexer.engines.embedded import EmbeddedEngine
from indexer.engines.embedded.generations import Folder, open_index

SIZE = 1200
WORDS = ("residents", "writing", "grant", "visibility", "first", "honest", "medicine", "the", "example", "university", "mehmet", "nobody")
Both = tuple[EmbeddedEngine, Plain]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """An index with deleted documents and tombstones, in several segments."""
    folder = tmp_path_factory.mktemp("plain") / "index"
    profiles = Profiles()
    engine = EmbeddedEngine(folder, vocabularies_fingerprint="plain", values=profiles.values)
    for start in range(0, SIZE, 400):
        engine.apply(list(profiles.documents(400, start)))
    engine.apply([profiles.document(number, version=2) for number in range(0, SIZE, 9)])
    engine.apply([Tombstone(person_id(number), 3) for number in range(5, SIZE, 50)])
    yield engine, Plain(open_index(Folder(folder).data(engine.status().generation)).searcher())
    engine.close()


KEYS = {
    "arena": ("research-skills", "career-development", "personal-goals"),
    "topic": ("first-paper", "statistics", "burnout", "first-r01-or-k-award"),
    "availability": ("open", "waitlist", "paused", "unconfirmed"),
    "specialty": ("anesthesiology", "radiology", "internal-medicine"),
    "level": ("resident", "fellow", "student"),
    "mode": ("video", "phone", "text", "in-person", "meetings"),
    "state": ("northeast", "south", "NE", "TX"),
    "stage": ("early", "mid", "senior", "emeritus"),
    "language": ("en", "es"),
    "institution": ("institution-1", "institution-7"),
}


@st.composite
def questions(draw: st.DrawFn) -> SearchRequest:
    chosen = draw(st.lists(st.sampled_from(tuple(FACETS)), max_size=4, unique=True))
    alternative = st.one_of(
        st.sampled_from(WORDS).map(Word),
        st.sampled_from([("junior", "faculty"), ("first", "paper"), ("of", "the")]).map(Phrase),
        st.sampled_from([("specialty", "radiology"), ("mode", "video")]).map(lambda pair: Key(*pair)),
    )
    groups = st.lists(st.lists(alternative, min_size=1, max_size=2), max_size=2)
    return SearchRequest(
        scope=draw(st.sampled_from(["public", "widgets", "nobody"])),
        query=tuple(Group("typed", tuple(alternatives)) for alternatives in draw(groups)),
        filters={facet: tuple(draw(st.lists(st.sampled_from(KEYS[facet]), max_size=3, unique=True))) for facet in chosen},
        include=frozenset(draw(st.lists(st.sampled_from(MENTOR_FACETS), max_size=2))),
        exclude=tuple(draw(st.lists(st.integers(0, SIZE).map(person_id), max_size=3))),
        facets=draw(st.sampled_from([tuple(FACETS), ("mode", "arena"), ()])),
        limit=draw(st.sampled_from([5, 60])),
    )


@given(request=questions())
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_numbers_as_the_plain_way(both: Both, request: SearchRequest) -> None:
    engine, plain = both
    page, other = engine.search(request), plain.search(request)
    assert (page.total, page.facets, page.not_stated) == (other.total, other.facets, other.not_stated)
    assert [hit.score for hit in page.hits] == pytest.approx(other.scores, rel=1e-4)


def test_the_questions_have_answers(both: Both) -> None:
    """So that the comparison is not one of nothing with nothing."""
    engine, _ = both
    page = engine.search(SearchRequest("public", facets=tuple(FACETS)))
    assert page.total == SIZE - SIZE // 50
    assert all(key in page.facets[facet] for facet, keys in KEYS.items() for key in keys)
    assert all(engine.matches(word, scope="public", exclude=()) for word in WORDS if word not in {"the", "nobody"})
