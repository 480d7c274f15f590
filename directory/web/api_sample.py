"""One request and its answer for the page of the API. The tests hold its members against a live answer."""

import json
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Sample:
    """A request by its address below the public root, and a shortened answer as indented JSON."""

    address: str
    answer: str


ADDRESS: Final = "/api/v1/mentors?q=ultrasound&arena=research-skills&availability=open&limit=1"

ANSWER: Final[dict[str, Any]] = {
    "items": [
        {
            "id": "m4kq7t2vx9c3",
            "name": "Ingrid Okonjo-Vale",
            "credentials": ["MD", "MPH"],
            "affiliation": {"name": "Example University of the Plains", "city": "Lincoln", "state": "NE"},
            "offers": [
                {"arena": "research-skills", "availability": "open", "capacity": 5, "places_left": 2, "confirmed_on": "2026-11-10"},
            ],
            "links": {"self": "/api/v1/mentors/m4kq7t2vx9c3", "page": "/mentors/m4kq7t2vx9c3"},
        },
    ],
    "total": 46,
    "open_total": 46,
    "facets": [{"name": "level", "label": "Whom they mentor", "buckets": [{"key": "resident", "label": "Residents", "count": 31}]}],
    "links": {"self": ADDRESS, "next": f"{ADDRESS}&cursor=eyJ2Ijox"},
}

SAMPLE: Final = Sample(ADDRESS, json.dumps(ANSWER, indent=2, ensure_ascii=False))
