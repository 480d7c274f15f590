"""What the API answers, as marshmallow schemas: the source of the OpenAPI document. Bodies are written by `bodies.py`."""

from marshmallow import Schema, fields

KEYS = {"description": "Keys by which this mentor can be filtered."}


class Labelled(Schema):
    """A key of a vocabulary with its label."""

    key = fields.String(required=True)
    label = fields.String(required=True)


class Affiliation(Schema):
    """Where the mentor works."""

    id = fields.String(required=True, metadata={"description": "Key of the institution facet; empty if not known here."})
    name = fields.String(required=True)
    city = fields.String(required=True)
    state = fields.String(required=True)
    ror = fields.String(required=True)


class OfferOut(Schema):
    """What the mentor offers in one arena, with its live availability."""

    arena = fields.String(required=True)
    label = fields.String(required=True)
    topic = fields.List(fields.Nested(Labelled), required=True)
    level = fields.List(fields.Nested(Labelled), required=True)
    availability = fields.String(required=True)
    capacity = fields.Integer(required=True, allow_none=True)
    places_left = fields.Integer(required=True, allow_none=True)
    paused_until = fields.Date(required=True, allow_none=True)
    confirmed_on = fields.Date(required=True)
    note = fields.String(required=True)


class Links(Schema):
    """Addresses that belong to an answer."""

    self = fields.String(required=True)
    next = fields.String(metadata={"description": "The next page; absent on the last."})
    page = fields.String(metadata={"description": "The same for people."})


class MentorOut(Schema):
    """A mentor as search results show them."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    credentials = fields.List(fields.String(), required=True)
    headline = fields.String(required=True)
    rank = fields.String(required=True)
    department = fields.String(required=True)
    affiliation = fields.Nested(Affiliation, required=True, allow_none=True)
    specialties = fields.List(fields.Nested(Labelled), required=True)
    offers = fields.List(fields.Nested(OfferOut), required=True)
    best_availability = fields.String(required=True, metadata={"description": "Best of the offers; empty without offers."})
    confirmed_on = fields.Date(required=True, allow_none=True)
    arena = fields.List(fields.String(), required=True, metadata=KEYS)
    topic = fields.List(fields.String(), required=True, metadata=KEYS)
    level = fields.List(fields.String(), required=True, metadata=KEYS)
    availability = fields.List(fields.String(), required=True, metadata=KEYS)
    specialty = fields.List(fields.String(), required=True, metadata=KEYS)
    mode = fields.List(fields.String(), required=True, metadata=KEYS)
    state = fields.List(fields.String(), required=True, metadata=KEYS)
    stage = fields.List(fields.String(), required=True, metadata=KEYS)
    language = fields.List(fields.String(), required=True, metadata=KEYS)
    institution = fields.List(fields.String(), required=True, metadata=KEYS)
    highlights = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Per text field, HTML-escaped fragments with <mark> around words that matched."},
    )
    links = fields.Nested(Links, required=True)


class ProvenanceOut(Schema):
    """Where a field comes from and when that source changed it."""

    source = fields.String(required=True)
    at = fields.DateTime(required=True)


class MentorDetailOut(MentorOut):
    """Everything that the public may see of one mentor."""

    bio = fields.String(required=True, metadata={"description": "Sanitised HTML."})
    keywords = fields.List(fields.String(), required=True)
    cadence = fields.String(required=True)
    time_zone = fields.String(required=True)
    windows = fields.List(fields.Dict(), required=True, metadata={"description": "Weekly hours in `time_zone`."})
    meetings = fields.List(fields.String(), required=True)
    affinity = fields.List(fields.String(), required=True)
    style = fields.List(fields.String(), required=True)
    link_list = fields.List(fields.Dict(), required=True)
    orcid = fields.String(required=True)
    provenance = fields.Dict(keys=fields.String(), values=fields.Nested(ProvenanceOut), required=True)
    updated_at = fields.DateTime(required=True)
    listed_until = fields.DateTime(required=True, allow_none=True)


class BucketOut(Schema):
    """One value of a facet, counted with all other filters applied."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    count = fields.Integer(required=True)
    selected = fields.Boolean(required=True)
    parent = fields.String(required=True, allow_none=True)


class FacetOut(Schema):
    """A facet: OR within it, AND with the others."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    buckets = fields.List(fields.Nested(BucketOut), required=True)


class OfferedOut(Schema):
    """A filter that words of the query name; it is offered, never applied by itself."""

    facet = fields.String(required=True)
    key = fields.String(required=True)
    label = fields.String(required=True)
    count = fields.Integer(required=True)
    typed = fields.String(required=True)


class CorrectionOut(Schema):
    """A word that nobody uses and the word that was searched for instead."""

    typed = fields.String(required=True)
    used = fields.String(required=True)


class SearchOut(Schema):
    """A page of mentors with facets."""

    items = fields.List(fields.Nested(MentorOut), required=True)
    total = fields.Integer(required=True)
    open_total = fields.Integer(required=True, allow_none=True)
    facets = fields.List(fields.Nested(FacetOut), required=True)
    not_stated = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Per filter in force, how many more mentors match but do not state the field; see `include`."},
    )
    suggestions = fields.List(fields.Nested(OfferedOut), required=True)
    corrections = fields.List(fields.Nested(CorrectionOut), required=True)
    links = fields.Nested(Links, required=True)


class SuggestionOut(Schema):
    """One line while typing."""

    kind = fields.String(required=True)
    key = fields.String(required=True)
    label = fields.String(required=True)
    detail = fields.String(required=True)
    count = fields.Integer(required=True, allow_none=True)


class SuggestOut(Schema):
    """People, specialties, topics and institutions that begin as typed."""

    items = fields.List(fields.Nested(SuggestionOut), required=True)


class TermOut(Schema):
    """A term of a vocabulary and how many listed mentors have it (null where it is not a facet)."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    synonyms = fields.List(fields.String(), required=True)
    retired = fields.Boolean(required=True)
    replaced_by = fields.String(required=True, allow_none=True)
    count = fields.Integer(required=True, allow_none=True)


class VocabularyOut(Schema):
    """A vocabulary with all its terms."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    description = fields.String(required=True)
    parent_vocabulary = fields.String(required=True, allow_none=True)
    terms = fields.List(fields.Nested(TermOut), required=True)


class VocabularyListOut(Schema):
    """Names of the vocabularies."""

    items = fields.List(fields.Nested(Labelled), required=True)


class InstitutionOut(Schema):
    """An institution and how many of its mentors are listed."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    ror = fields.String(required=True)
    city = fields.String(required=True)
    state = fields.String(required=True)
    mentors = fields.Integer(required=True)
    open = fields.Integer(metadata={"description": "Mentors with a free place in some arena; only on a single institution."})
    links = fields.Nested(Links, required=True)


class InstitutionListOut(Schema):
    """Institutions with listed mentors, by name."""

    items = fields.List(fields.Nested(InstitutionOut), required=True)
    total = fields.Integer(required=True)


class ProblemOut(Schema):
    """A problem document (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    argument = fields.String()
    value = fields.String()
    allowed = fields.List(fields.String())
