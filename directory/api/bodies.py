"""Bodies of the API, written by hand because this is the hot path; tests hold them against `schemas.py`."""

import html
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request, url_for

from directory.core.clock import iso
from directory.core.profile import facts_to_json
from directory.services.cards import Labelled, MentorCard, MentorPage, OfferCard
from directory.services.search import FacetView, SearchResult

MARK_BEGINS, MARK_ENDS = "\ue000", "\ue001"


def json_answer(body: Any, *, max_age: int = 0, etag: str = "") -> Response:
    """A JSON response; `max_age` in seconds, 0 means revalidate each time. With an `etag` a request that has it gets 304."""
    response = Response(orjson.dumps(body), content_type="application/json")
    response.headers["Cache-Control"] = f"public, max-age={max_age}" if max_age else "no-cache"
    if etag:
        response.set_etag(etag)
        response.make_conditional(request)
    return response


def marked(fragment: str) -> str:
    """A highlight as safe HTML: everything escaped, then the marks put in."""
    return html.escape(fragment).replace(MARK_BEGINS, "<mark>").replace(MARK_ENDS, "</mark>")


def _labelled(rows: tuple[Labelled, ...]) -> list[dict[str, str]]:
    return [{"key": row.key, "label": row.label} for row in rows]


def _offer(offer: OfferCard) -> dict[str, Any]:
    return {
        "arena": offer.arena.key,
        "label": offer.arena.label,
        "topic": _labelled(offer.topics),
        "level": _labelled(offer.levels),
        "availability": offer.state.key,
        "capacity": offer.capacity,
        "places_left": offer.places_left,
        "paused_until": offer.paused_until,
        "confirmed_on": offer.confirmed_on,
        "note": offer.note,
    }


def mentor(card: MentorCard) -> dict[str, Any]:
    """A mentor as search results show them."""
    place = card.institution
    body: dict[str, Any] = {
        "id": card.id,
        "name": card.name,
        "credentials": card.credentials,
        "headline": card.headline,
        "rank": card.rank,
        "department": card.department,
        "affiliation": place
        and {"id": card.institution_id, "name": place.name, "city": place.city, "state": place.state, "ror": place.ror},
        "specialties": _labelled(card.specialties),
        "offers": [_offer(offer) for offer in card.offers],
        "best_availability": card.availability,
        "confirmed_on": card.confirmed_on,
        **card.keys,
        "links": {"self": f"/api/v1/mentors/{card.id}", "page": f"/mentors/{card.id}"},
    }
    if card.highlights:
        body["highlights"] = {name: [marked(fragment) for fragment in fragments] for name, fragments in card.highlights.items()}
    return body


def mentor_detail(page: MentorPage) -> dict[str, Any]:
    """One mentor, whole."""
    facts = facts_to_json(page.facts)
    return mentor(page.card) | {
        "bio": page.facts.bio,
        "keywords": page.facts.keywords,
        "cadence": page.facts.cadence,
        "time_zone": page.facts.time_zone,
        "windows": facts.get("windows", []),
        "meetings": page.facts.meetings,
        "affinity": page.facts.affinity,
        "style": page.facts.style,
        "link_list": facts.get("links", []),
        "orcid": f"https://orcid.org/{page.facts.orcid}" if page.facts.orcid else "",
        "provenance": {name: {"source": row.source, "at": iso(row.at)} for name, row in page.provenance.items()},
        "updated_at": iso(page.updated_at),
        "listed_until": iso(page.listed_until) if page.listed_until else None,
    }


def _facet(view: FacetView) -> dict[str, Any]:
    buckets = [
        {"key": row.key, "label": row.label, "count": row.count, "selected": row.selected, "parent": row.parent or None}
        for row in view.buckets
    ]
    return {"name": view.name, "label": view.label, "buckets": buckets}


def search(result: SearchResult, links: Mapping[str, str]) -> dict[str, Any]:
    """A page of mentors."""
    return {
        "items": [mentor(card) for card in result.items],
        "total": result.total,
        "open_total": result.open_total,
        "facets": [_facet(view) for view in result.facets],
        "not_stated": dict(result.not_stated),
        "suggestions": [
            {"facet": row.facet, "key": row.key, "label": row.label, "count": row.count, "typed": row.typed} for row in result.offered
        ],
        "corrections": [{"typed": row.typed, "used": row.used} for row in result.corrections],
        "links": dict(links),
    }


def page_links(endpoint: str, pairs: list[tuple[str, str]], cursor: str) -> dict[str, str]:
    """`self` and, unless this is the last page, `next`; both relative to the host."""
    here = url_for(endpoint)
    links = {"self": f"{here}?{urlencode(pairs)}" if pairs else here}
    if cursor:
        kept = [pair for pair in pairs if pair[0] != "cursor"]
        links["next"] = f"{here}?{urlencode([*kept, ('cursor', cursor)])}"
    return links
