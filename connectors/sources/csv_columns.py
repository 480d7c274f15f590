"""The columns that a spreadsheet may have: their names, their meaning, where their values go. The docs are made from this table."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.sources.csv_values import as_consent, as_date, as_gone, as_list, as_text
from directory.core.vocabulary import Term, fold

LIST_HINT: Final = "Separate several with `;`."


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `path` is where its value goes in a record (an arena's offer: `offers.ARENA.PROPERTY`).

    `vocabulary` names the terms that its cells hold. The title is unique.
    """

    title: str
    path: str
    help: str
    synonyms: tuple[str, ...] = ()
    example: str = ""
    required: bool = False
    read: Callable[[str], object] = as_text
    vocabulary: str = ""


PERSON: Final = (
    Column("id", "id", "Your own id of the person: stable, never used for anybody else.", example="a-17", required=True,
           synonyms=("identifier", "person id", "faculty id", "mentor id", "record id", "external id", "unique id", "employee id")),
    Column("family name", "name.family", "Family name, or the only name.", example="Okonjo-Vale", required=True, synonyms=("last name",
           "last", "surname", "lastname", "family", "familyname")),
    Column("given name", "name.given", "Given name.", example="Ingrid", synonyms=("first name", "first", "firstname", "forename",
           "givenname")),
    Column("middle name", "name.middle", "Middle names or initials.", synonyms=("middle", "middle initial", "mi")),
    Column("suffix", "name.suffix", "Jr., III and the like.", synonyms=("name suffix",)),
    Column("credentials", "credentials", f"Degrees. {LIST_HINT}", ("degree", "degrees", "credential"), "MD; MPH", read=as_list),
    Column("ORCID iD", "orcid", "Bare or as an address.", ("orcid", "orcid id", "orcid number"), "0000-0002-1825-0097"),
    Column("NPI", "npi", "National Provider Identifier.", ("npi number", "national provider identifier")),
    Column("institution", "institution.name", "Only where it is not the institution of the source.", ("organization", "school",
           "university")),
    Column("institution ROR", "institution.ror", "ROR id of that institution.", ("ror", "ror id")),
    Column("city", "institution.city", "City of that institution."),
    Column("state", "institution.state", "State or territory of that institution.", vocabulary="state"),
    Column("department", "department", "Department or division.", ("dept", "division", "department name"), "Emergency Medicine"),
    Column("rank", "rank", "Academic rank.", ("academic rank", "faculty rank", "academic title"), "Associate professor",
           vocabulary="rank"),
    Column("career stage", "stage", "Career stage.", ("stage", "career level"), "Middle", vocabulary="stage"),
    Column("headline", "headline", "One sentence about the mentor.", ("tagline", "summary"), "Helps residents with their first study"),
    Column("bio", "bio", "Text or simple HTML, at most 20,000 characters.", ("biography", "about", "biosketch", "profile text"),
           "I run the ultrasound fellowship and like to read first drafts."),
    Column("specialties", "specialties", f"Specialties and subspecialties. {LIST_HINT}", ("specialty", "speciality", "subspecialty",
           "subspecialties", "clinical specialty"), "EM; Emergency ultrasound", read=as_list, vocabulary="specialty"),
    Column("keywords", "keywords", f"Research keywords. {LIST_HINT}", ("research keywords", "research interests", "research areas",
           "interests"), "point-of-care ultrasound; sepsis", read=as_list),
    Column("modes", "modes", f"Ways to meet. {LIST_HINT}", ("meeting modes", "how to meet", "mode", "format"), "Video; Phone",
           read=as_list, vocabulary="mode"),
    Column("cadence", "cadence", "How often to meet.", ("frequency", "how often"), "Monthly", vocabulary="cadence"),
    Column("weekly times", "windows", f"When the mentor usually has time, in the time zone of the next column. {LIST_HINT}", ("windows",
           "availability", "available times", "office hours"), "Mon 12:00-14:00; Thu 9am-10am", read=as_list),
    Column("time zone", "time_zone", "IANA time zone.", ("timezone", "tz"), "America/Chicago"),
    Column("languages", "languages", f"Languages to mentor in. {LIST_HINT}", ("language", "languages spoken"), "English; Norwegian",
           read=as_list, vocabulary="language"),
    Column("meetings", "meetings", f"Meetings that the mentor attends. {LIST_HINT}", ("conferences", "meetings attended"),
           read=as_list),
    Column("affinity", "affinity", f"Topics that the person chose to be found by. {LIST_HINT}", ("affinity topics",), read=as_list),
    Column("style", "style", f"Working style. {LIST_HINT}", ("working style", "mentoring style"), "Direct feedback", read=as_list,
           vocabulary="style"),
    Column("links", "links", f"Pages of the mentor, https only; words beside an address become its label. {LIST_HINT}", ("website",
           "web page", "url", "homepage", "web site"), "Lab https://lab.example.org/", read=as_list),
    Column("photo", "photo_url", "Address of a portrait, https only.", ("photo url", "picture", "image")),
)  # fmt: skip

OFFER: Final = (
    Column("topics", "topics", f"Topics of this arena. {LIST_HINT}", ("topic",), read=as_list, vocabulary="topic"),
    Column("levels", "levels", f"Whom the mentor takes in this arena. {LIST_HINT}", ("level", "mentees", "mentee levels"), read=as_list,
           vocabulary="level"),
    Column("capacity", "capacity", "Places in all.", ("places", "slots")),
    Column("taken", "taken", "Places taken.", ("places taken", "slots taken", "current mentees")),
    Column("paused until", "paused_until", "No new mentees before this day.", ("paused", "on hold until"), read=as_date),
    Column("note", "note", "A remark to mentees.", ("notes", "comment")),
    Column("last confirmed", "confirmed_on", "When this offer was last confirmed.", ("confirmed", "confirmed on"), read=as_date),
)  # fmt: skip
"""Columns of each arena; the title of the arena stands before theirs."""

ALL_OFFERS: Final = (
    Column("arenas", "offers", f"Arenas, or topics of any arena, for lists that don't go into detail. {LIST_HINT}", ("arena", "areas",
           "mentoring areas", "areas of mentoring", "mentoring topics", "topics"), read=as_list),
    Column("levels", "offers", f"Whom the mentor takes, in every arena that does not say so itself. {LIST_HINT}", ("level",
           "mentee levels", "mentees", "mentors whom", "will mentor"), read=as_list, vocabulary="level"),
    Column("paused until", "offers", "The same for all arenas.", ("on hold until",), read=as_date),
    Column("last confirmed", "offers", "The same for all arenas.", ("confirmed", "confirmed on", "last verified"), "11/10/2026",
           read=as_date),
)  # fmt: skip

CONSENT: Final = (
    Column("consent", "consent", "Whether the person agreed to be listed: yes or no. An empty cell means no statement, so not listed.",
           ("opt in", "opted in", "optin", "opt-in", "consented", "listing consent", "consent to listing", "agreed", "public listing"),
           "yes", read=as_consent),
    Column("consent date", "consent", "When the person said so.", ("date of consent", "consented on", "opt in date", "consent on",
           "date consented"), "3/3/2026", read=as_date),
    Column("consent evidence", "consent", "A short reference to the proof, never the proof itself.", ("evidence", "consent reference",
           "consent form"), "form 12"),
    Column("contact consent", "consent", "Whether the person agreed to receive requests of mentees: yes or no.", ("consent to contact",
           "may be contacted", "accepts requests"), "yes", read=as_consent),
    Column("contact consent date", "consent", "When the person said so; empty means the consent date.", ("contact date",),
           read=as_date),
    Column("hidden fields", "visibility", f"Columns that nobody may see. {LIST_HINT}", ("hidden", "hide"), read=as_list),
    Column("members only fields", "visibility", f"Columns that only people with an account may see. {LIST_HINT}", ("members only",),
           read=as_list),
    Column("updated", "updated_at", "When this row last changed.", ("updated at", "last updated", "modified", "last modified"),
           "11/1/2026", read=as_date),
    Column("withdrawn", "withdrawn", "yes, or the day of it, takes the person out of the directory. Empty means no.", ("withdraw",
           "removed", "remove", "left"), read=as_gone),
)  # fmt: skip

NEVER_READ: Final = (
    "e-mail", "email", "email address", "e-mail address", "mail", "work email", "phone", "telephone", "phone number", "mobile", "cell",
           "cell phone", "fax", "pager", "address", "home address", "street", "street address", "office address", "zip", "zip code",
           "postal code", "date of birth", "dob", "birth date", "birthday", "age", "gender", "sex", "race", "ethnicity",
           "race/ethnicity", "ssn", "social security number", "salary",
)  # fmt: skip
"""Headers that are recognized and left unread on purpose: the directory does not want these of anybody."""


def offer_column(arena: Term, column: Column) -> Column:
    """The column of `OFFER` for one arena."""
    names = (arena.id, arena.label, *arena.synonyms)
    synonyms = [f"{name} {title}" for name in names for title in (column.title, *column.synonyms)]
    return Column(
        f"{arena.label.lower()} {column.title}", f"offers.{arena.id}.{column.path}", column.help, tuple(synonyms), read=column.read,
        vocabulary=column.vocabulary,
    )  # fmt: skip


def columns(arenas: Iterable[Term]) -> tuple[Column, ...]:
    """All columns, in the order of the template."""
    return (*PERSON, *(offer_column(arena, column) for arena in arenas for column in OFFER), *ALL_OFFERS, *CONSENT)


def spellings(known: Iterable[Column]) -> Mapping[str, Column]:
    """Folded header -> column. Where two columns share a spelling, a title wins, then the earlier column."""
    table: dict[str, Column] = {}
    known = tuple(known)
    for column in known:
        table.setdefault(fold(column.title), column)
    for column in known:
        for synonym in column.synonyms:
            table.setdefault(fold(synonym), column)
    return table
