"""One mentor: what they offer, about them, and where each part comes from."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, render_template, request
from markupsafe import Markup

from directory.core.profile import Link
from directory.current import part
from directory.services.cards import MentorPage, OfferCard
from directory.web.addresses import SEARCH
from directory.web.ledger import places, post
from directory.web.portrait import DayHours, Fact, Origin, called, facts_in_words, origins, week, zone

blueprint = Blueprint("mentor", __name__)


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer with what stands beside its state."""

    offer: OfferCard
    places: str


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the page of a mentor shows. `bio` was sanitized when it was stored; `back` leads to the search that led here."""

    mentor: MentorPage
    called: str
    post: str
    place: str
    offers: tuple[OfferLine, ...]
    bio: Markup
    facts: tuple[Fact, ...]
    week: tuple[DayHours, ...]
    zone: str
    orcid: str
    links: tuple[Link, ...]
    origins: tuple[Origin, ...]
    today: date
    back: str
    from_results: bool


@blueprint.get("/mentors/<mentor_id>")
def mentor(mentor_id: str) -> Response:
    """The page of one mentor; NotFound and Gone become error pages."""
    parts = part()
    found = parts.mentors.page(mentor_id)
    facts, card = found.facts, found.card
    institution = card.institution
    back = came_from(request.referrer or "", request.host)
    page = Portrait(
        mentor=found,
        called=called(found),
        post=post(card),
        place=", ".join(part for part in (institution.city, institution.state) if part) if institution else "",
        offers=tuple(OfferLine(offer, places(offer)) for offer in card.offers),
        bio=Markup(facts.bio),  # noqa: S704 sanitized on its way in, see directory.core.text.clean_html
        facts=facts_in_words(facts, parts.vocabularies),
        week=week(facts),
        zone=zone(facts.time_zone),
        orcid=f"https://orcid.org/{facts.orcid}" if facts.orcid else "",
        links=facts.links,
        origins=origins(found, parts.source_label),
        today=parts.clock().date(),
        back=back or SEARCH,
        from_results=bool(back),
    )
    response = make_response(render_template("pages/mentor.html", page=page))
    # the link back depends on where the reader came from
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def came_from(referrer: str, host: str) -> str:
    """The search on this site that led here, as a path; empty if it was anything else."""
    try:
        address = urlsplit(referrer)
    except ValueError:
        return ""
    if address.scheme not in ("http", "https") or address.netloc != host or address.path != SEARCH:
        return ""
    return f"{SEARCH}?{address.query}" if address.query else SEARCH
