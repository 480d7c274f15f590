"""Demo mentors in the shape of the UCSF Profiles JSON API v2, mentoring section included."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from directory.core.vocabulary import Vocabularies

MENTEES: Final = {
    "student": "Medical students",
    "resident": "Residents",
    "fellow": "Clinical fellows",
    "postdoc": "Postdoctoral scholars",
    "phd-student": "Graduate students",
    "junior-faculty": "Early-career faculty",
}
"""What the demo's profile server calls our levels; others are not offered there."""
TYPES: Final = {"research-skills": "Research", "career-development": "Career development path", "personal-goals": "Work/life balance"}
UNKNOWN: Final = "Residents - Community service"
"""A mentoring type that the demo's mapping table leaves out on purpose, so that the report of unknown types has something to say."""

_LETTERS: Final = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "\u0131": "i", "æ": "ae", "ß": "ss", "\u02bb": "", "'": "", " ": "-"})
_HEADINGS: Final = (
    "Cohort Studies",
    "Mentors",
    "Surveys and Questionnaires",
    "Patient Care Team",
    "Outcome Assessment, Health Care",
    "Sodium, Dietary",
)


def url_name(name: Mapping[str, str]) -> str:
    """`given.family` in ASCII, as the addresses of profile pages have it."""
    parts = (name.get("given", ""), name["family"])
    plain = ".".join(part for part in parts if part).lower().translate(_LETTERS)
    return unicodedata.normalize("NFD", plain).encode("ascii", "ignore").decode()


def _types(offers: list[dict[str, Any]]) -> list[str]:
    pairs = [(level, offer["arena"]) for offer in offers for level in offer.get("levels", ("resident",))]
    return [f"{MENTEES[level]} - {TYPES[arena]}" for level, arena in pairs if level in MENTEES]


def profile(record: Mapping[str, Any], vocabularies: Vocabularies, *, opted_in: bool, odd: bool) -> dict[str, Any]:
    """The answer of the profile server about a mentor. `opted_in` False leaves the mentoring section empty; `odd` adds an unknown type."""
    notes = " ".join(offer["note"] for offer in record["offers"] if "note" in offer)
    types = [*_types(record["offers"]), *([UNKNOWN] if odd else ())]
    fields = (vocabularies["specialty"].terms[key].label for key in record["specialties"])
    person = _identity(record, vocabularies) | {
        "Email": None,
        "ORCID": record.get("orcid"),
        "PhotoURL": None,
        "Narrative": record.get("bio"),
        "Keywords": list(_HEADINGS[: len(types) % len(_HEADINGS)]),
        "FreetextKeywords": [*record.get("keywords", ()), *fields],
        "ResearchActivitiesAndFunding": [],
        "AwardOrHonors": [],
        "CollaborationInterests": {},
        "FacultyMentoring": {"Narrative": notes or None, "Types": types} if opted_in else {"Narrative": None, "Types": []},
        "PublicationCount": 0,
        "Publications": [],
    }
    return {"Profiles": [person], "api_notes": "Invented people, served by the demo."}


def _identity(record: Mapping[str, Any], vocabularies: Vocabularies) -> dict[str, Any]:
    name, place = record["name"], record["institution"]
    shown = " ".join(name[part] for part in ("given", "middle", "family") if name.get(part))
    title = vocabularies["rank"].terms[record["rank"]].label if "rank" in record else "Lecturer"
    school = {"organization": "Example University", "department_or_school": "Medicine", "end_date": None}
    return {
        "Name": ", ".join((shown, *([name["suffix"]] if "suffix" in name else []), *record["credentials"])),
        "FirstName": name.get("given", ""),
        "LastName": name["family"],
        "Title": title,
        "Titles": [title],
        "School": "School of Medicine",
        "Department": record["department"].removeprefix("Department of "),
        "ProfilesURL": f"https://profiles.goldenbay.example.org/{url_name(name)}",
        "Education_Training": [{"degree": degree, **school} for degree in record["credentials"]],
        "Address": {"Address1": "1 Example Way", "Address2": f"{place['city']}, {place['state']}", "Telephone": None, "Fax": None},
    }
