"""The keys of a mentor: one function for the index and for the answers, with ancestors and without what is not stated."""

from datetime import date
from pathlib import Path

from directory.core.availability import OfferView, offer_views
from directory.core.profile import Facts, Institution, Offer, Profile
from directory.core.vocabulary_files import load_vocabularies
from directory.search.engine import OfferKeys
from directory.search.fields import FACETS, MENTOR_FACETS, OFFER_FACETS
from directory.search.keys import mentor_keys

VOCABULARIES = load_vocabularies(Path(__file__).parents[2] / "config" / "vocabularies")
DAY = date(2026, 11, 20)


def view(arena: str, topics: tuple[str, ...], levels: tuple[str, ...], state: str) -> OfferView:
    pause = date(2027, 1, 1) if state == "paused" else None
    profile = Profile(Facts(offers=(Offer(arena, topics, levels, confirmed_on=DAY, paused_until=pause),)), {})
    (made,) = offer_views(profile, DAY)
    assert made.state == state
    return made


FACTS = Facts(
    institution=Institution("Example University", state="NE"),
    stage="mid",
    specialties=("emergency-ultrasound",),
    modes=("video", "phone"),
    languages=("en",),
)


def test_trees_hold_their_ancestors_and_lists_do_not() -> None:
    keys = mentor_keys(FACTS, (), "example-university", VOCABULARIES)
    assert keys.mentor == {
        "specialty": ("emergency-medicine", "emergency-ultrasound"),
        "mode": ("video", "phone"),
        "state": ("midwest", "NE"),
        "stage": ("mid",),
        "language": ("en",),
        "institution": ("example-university",),
    }
    assert set(keys.mentor) == set(MENTOR_FACETS)


def test_what_is_not_stated_has_no_key() -> None:
    keys = mentor_keys(Facts(), (), "", VOCABULARIES)
    assert keys.mentor == dict.fromkeys(MENTOR_FACETS, ())
    assert keys.offers == ()
    assert keys.by_argument() == {name: [] for name in FACETS}


def test_offers_stay_apart_and_are_gathered_for_the_answer() -> None:
    views = (
        view("research-skills", ("study-design", "statistics"), ("resident",), "open"),
        view("career-development", (), ("resident", "fellow"), "paused"),
    )
    keys = mentor_keys(FACTS, views, "", VOCABULARIES)
    assert keys.offers == (
        OfferKeys("research-skills", ("study-design", "statistics"), ("resident",), "open"),
        OfferKeys("career-development", (), ("resident", "fellow"), "paused"),
    )
    gathered = keys.by_argument()
    assert list(gathered) == list(FACETS)
    assert {name: gathered[name] for name in OFFER_FACETS} == {
        "arena": ["research-skills", "career-development"],
        "topic": ["study-design", "statistics"],
        "availability": ["open", "paused"],
        "level": ["resident", "fellow"],
    }
