"""The one declaration of `mentor-profile/1`: which fields a record has, what each may hold, what it means.

`record_reader` reads by it, `json_schema` publishes it, the API documents it.
"""

from typing import Any, Final

from marshmallow import EXCLUDE, Schema, fields, validate

from directory.core.consent import SOURCE_PURPOSES
from directory.core.profile import DAYS
from directory.core.record_fields import Audiences, Clock, Count, Day, Html, HttpsUrl, Line, Many, Moment, Npi, Orcid, Ror, Term, Text, Zone

MAX_RECORD_BYTES: Final = 65_536
CONSENT_STATES: Final = ("granted", "withdrawn")


def _about(text: str, example: Any = None) -> dict[str, Any]:
    return {"description": text} if example is None else {"description": text, "example": example}


class RecordPart(Schema):
    """What all parts have in common: keys that are not declared are left to the reader, which reports them."""

    class Meta:
        """marshmallow's options."""

        unknown = EXCLUDE


class NameSchema(RecordPart):
    """A person's name in parts."""

    given = Line(100, metadata=_about("Given name.", "Ingrid"))
    family = Line(100, required=True, metadata=_about("Family name, or the only name.", "Okonjo-Vale"))
    middle = Line(100, metadata=_about("Middle names or initials."))
    suffix = Line(20, metadata=_about("Jr., III; degrees belong to `credentials`."))


class InstitutionSchema(RecordPart):
    """Where the mentor works."""

    name = Line(200, required=True, metadata=_about("Name in full.", "Example University of the Plains"))
    ror = Ror(metadata=_about("ROR id, as a URL or bare.", "https://ror.org/05h9q1g27"))
    city = Line(100, metadata=_about("City."))
    state = Term("state", metadata=_about("State or territory of the USA.", "NE"))


class OfferSchema(RecordPart):
    """What the mentor offers in one arena. Places and dates belong to this arena alone."""

    arena = Term("arena", required=True, metadata=_about("Arena.", "research-skills"))
    topics = Many(Term("topic"), metadata=_about("Topics of this arena."))
    levels = Many(Term("level"), metadata=_about("Whom the mentor takes."))
    capacity = Count(999, metadata=_about("Places in all; absent means not stated.", 5))
    taken = Count(999, metadata=_about("Places taken.", 3))
    note = Text(1000, metadata=_about("A remark to mentees."))
    paused_until = Day(metadata=_about("No new mentees before this day."))
    confirmed_on = Day(past=True, metadata=_about("When mentor or institution last confirmed this offer."))


class WindowSchema(RecordPart):
    """A weekly window in the record's `time_zone`."""

    day = fields.String(
        required=True,
        validate=validate.OneOf(DAYS, error="is not a day of the week; allowed are {choices}"),
        metadata=_about("Day of the week.", "mon"),
    )
    start = Clock(required=True, metadata=_about("Beginning.", "12:00"))
    end = Clock(required=True, metadata=_about("End, later than the beginning.", "14:00"))


class LinkSchema(RecordPart):
    """A web page of the mentor."""

    url = HttpsUrl(required=True, metadata=_about("Address; https only.", "https://lab.example.org/"))
    label = Line(100, metadata=_about("What the link leads to.", "Lab"))


class ConsentSchema(RecordPart):
    """What the institution knows about the person's agreement to one purpose. What is not stated is not agreed to."""

    purpose = fields.String(
        required=True,
        validate=validate.OneOf(SOURCE_PURPOSES, error="is not for a source to decide; a source can speak for {choices}"),
        metadata=_about("What for.", "listing"),
    )
    state = fields.String(
        required=True,
        validate=validate.OneOf(CONSENT_STATES, error="is not a state of consent; allowed are {choices}"),
        metadata=_about("Agreed or taken back.", "granted"),
    )
    at = Moment(past=True, metadata=_about("When the person said so."))
    evidence = Line(200, metadata=_about("A short reference to the proof, never the proof itself.", "form 12"))


class RecordSchema(RecordPart):
    """One mentor as a source sees the mentor (`mentor-profile/1`)."""

    id = Line(200, required=True, metadata=_about("The source's own id of the person; stable, used once.", "a-17"))
    updated_at = Moment(past=True, metadata=_about("When this content last changed at the source."))
    name = fields.Nested(NameSchema, required=True)
    credentials = Many(Line(40), metadata=_about("Degrees.", ["MD", "MPH"]))
    orcid = Orcid(metadata=_about("ORCID iD, bare or as a URL.", "0000-0002-1825-0097"))
    npi = Npi(metadata=_about("National Provider Identifier."))
    institution = fields.Nested(InstitutionSchema, metadata=_about("Absent means the institution that the source belongs to."))
    department = Line(200, metadata=_about("Department or division."))
    rank = Term("rank", metadata=_about("Academic rank.", "professor"))
    stage = Term("stage", metadata=_about("Career stage.", "mid"))
    headline = Line(300, metadata=_about("One sentence about the mentor."))
    bio = Html(20_000, metadata=_about("Text or simple HTML; other markup is removed."))
    specialties = Many(Term("specialty"), metadata=_about("Specialties and subspecialties.", ["emergency-medicine"]))
    keywords = Many(Line(150), metadata=_about("Research keywords."))
    offers = Many(fields.Nested(OfferSchema), metadata=_about("At most one offer for each arena."))
    modes = Many(Term("mode"), metadata=_about("Ways to meet.", ["video"]))
    cadence = Term("cadence", metadata=_about("How often to meet.", "monthly"))
    windows = Many(fields.Nested(WindowSchema), metadata=_about("When the mentor usually has time; needs `time_zone`."))
    time_zone = Zone(metadata=_about("IANA time zone.", "America/Chicago"))
    languages = Many(Term("language"), metadata=_about("Languages the mentor can mentor in.", ["en"]))
    meetings = Many(Line(150), metadata=_about("Meetings the mentor attends."))
    affinity = Many(Line(150), metadata=_about("Topics the person chose to be found by."))
    style = Many(Term("style"), metadata=_about("Working style."))
    links = Many(fields.Nested(LinkSchema), metadata=_about("Web pages."))
    photo_url = HttpsUrl(metadata=_about("Address of a portrait; https only."))
    visibility = Audiences(metadata=_about("Audience per field; a field that is not named is public.", {"bio": "members"}))
    consent = Many(fields.Nested(ConsentSchema), metadata=_about("Statements about consent; none means no consent."))


class TombstoneSchema(RecordPart):
    """A person who is no longer to be shown."""

    id = Line(200, required=True, metadata=_about("The source's own id of the person.", "a-17"))
    withdrawn = fields.Constant(constant=True, required=True, metadata=_about("Always true."))
    at = Moment(past=True, metadata=_about("When the person withdrew or left."))
    reason = Line(200, metadata=_about("Why, in a few words."))
