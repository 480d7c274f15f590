"""The kinds of values in a record, as marshmallow fields.

A field takes one value or raises `ValidationError` with a sentence that says what may stand there. Values are cleaned, so that
what comes out can be stored by every database and shown anywhere.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields

from directory.core.errors import Invalid
from directory.core.identity import parse_npi, parse_orcid, parse_ror
from directory.core.profile import FACT_FIELDS
from directory.core.text import clean_html, clean_line, clean_text
from directory.core.vocabulary import Vocabulary

LIST_LIMIT: Final = 50
URL_LIMIT: Final = 2000
AUDIENCES: Final = ("public", "members", "hidden")
HIDEABLE: Final = tuple(name for name in FACT_FIELDS if name not in ("name", "visibility"))
YEARS: Final = range(1900, 2200)

_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_HOST: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_URL_CHARACTERS: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and -(10**18) < value < 10**18:
        return str(value)
    raise ValidationError("must be a text")


def _cleaned(clean: Callable[[str], str], value: object) -> str:
    try:
        return clean(_text(value))
    except Invalid as exc:
        raise ValidationError(str(exc)) from None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in YEARS else None


class Line(fields.String):
    """One line of text of at most `limit` characters. A whole number is taken as its digits."""

    def __init__(self, limit: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.limit = limit

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        return _cleaned(lambda text: clean_line(text, self.limit), value)


class Text(Line):
    """Text of at most `limit` characters that keeps its paragraphs."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        return _cleaned(lambda text: clean_text(text, self.limit), value)


class Html(Line):
    """Text or simple HTML; comes out as sanitised HTML of at most `limit` characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        return _cleaned(lambda text: clean_html(text, self.limit), value)


class Identifier(fields.String):
    """An identifier with a checksum; comes out in its canonical form."""

    parse: "ClassVar[staticmethod[[str], str]]"

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        text = _text(value).strip()
        try:
            return type(self).parse(text) if text else ""
        except Invalid as exc:
            raise ValidationError(f"{exc}; write it like {exc.allowed[0]}") from None


class Orcid(Identifier):
    """An ORCID iD, bare or as a URL; comes out bare."""

    parse = staticmethod(parse_orcid)


class Ror(Identifier):
    """A ROR id, bare or as a URL; comes out as the URL."""

    parse = staticmethod(parse_ror)


class Npi(Identifier):
    """A National Provider Identifier."""

    parse = staticmethod(parse_npi)


class Term(fields.String):
    """A term of a vocabulary, by id, label or synonym; comes out as the id.

    `vocabulary` is bound by the reader, because it is configuration and the schema is not. Unbound, the text is left as it is.
    """

    vocabulary: Vocabulary | None = None

    def __init__(self, vocabulary_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary_name = vocabulary_name

    def candidates(self, value: object) -> tuple[str, ...]:
        """Ids that the value may mean. Raises `ValidationError` when there is none."""
        vocabulary, text = self.vocabulary, _text(value)
        if vocabulary is None:
            return (text.strip(),)
        found = vocabulary.match(text)
        if self.vocabulary_name == "state":  # the same vocabulary holds the regions above the states
            states = tuple(term for term in found if vocabulary.terms[term].parent)
            if found and not states:
                raise ValidationError("is a region; write one state or territory of it")
            found = states
        if found or not text.strip():
            return found or ("",)
        close = vocabulary.suggest(text)
        meant = f"; did you mean {' or '.join(close)}?" if close else f"; allowed are the terms of the vocabulary {vocabulary.name}"
        raise ValidationError(f"is not a known {vocabulary.name}{meant}")

    def one(self, found: tuple[str, ...]) -> str:
        """The only candidate. Raises `ValidationError` when there are more."""
        if len(found) == 1 or self.vocabulary is None:
            return found[0]
        labels = " or ".join(self.vocabulary.terms[term].label for term in found)
        raise ValidationError(f"can mean {labels}; write one of them")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        return self.one(self.candidates(value))


class Count(fields.Integer):
    """A whole number from 0 to `most`; digits as text are taken too."""

    def __init__(self, most: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:  # noqa: ARG002 marshmallow's
        number = value
        if (isinstance(value, str) and _DIGITS.fullmatch(value.strip())) or (isinstance(value, float) and value.is_integer()):
            number = int(value)
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= self.most:
            raise ValidationError(f"must be a whole number from 0 to {self.most}")
        return number


class Day(fields.Date):
    """A calendar day; a moment is taken as its day. `past`: a reader refuses days that are still to come."""

    def __init__(self, *, past: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.past = past

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:  # noqa: ARG002 marshmallow's
        text = value.strip() if isinstance(value, str) else ""
        moment = _moment(text) if _DAY.match(text) else None
        if moment is None:
            raise ValidationError("is not a calendar day; write it like 2026-11-30")
        return date.fromisoformat(text[:10])


class Moment(fields.DateTime):
    """A point in time; comes out in UTC. A day alone is its beginning, a time without zone is UTC. `past` as in `Day`."""

    def __init__(self, *, past: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.past = past

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # noqa: ARG002 marshmallow's
        moment = _moment(value) if isinstance(value, str) and _DAY.match(value.strip()) else None
        if moment is None:
            raise ValidationError("is not a time; write it like 2026-11-30T14:00:00Z or 2026-11-30")
        return moment


class Clock(fields.String):
    """A time of day in 24 hours; comes out as minutes after midnight."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:  # noqa: ARG002 marshmallow's
        found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise ValidationError("is not a time of day; write it like 09:30 or 14:00")
        return 1440 if found[1] is None else int(found[1]) * 60 + int(found[2])


class HttpsUrl(fields.String):
    """An https address on a named host, without user or password."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        text = _cleaned(lambda raw: clean_line(raw, URL_LIMIT), value)
        if text and not _is_https(text):
            raise ValidationError("must be an address that begins with https:// and a host name")
        return text


def _is_https(text: str) -> bool:
    if not _URL_CHARACTERS.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and "@" not in parts.netloc and port != 0 and _HOST.fullmatch(parts.hostname or "") is not None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Zone(fields.String):
    """A name of the IANA time zone database."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:  # noqa: ARG002 marshmallow's
        text = _text(value).strip()
        if text and text not in _zones():
            raise ValidationError("is not an IANA time zone; write it like America/Chicago")
        return text


class Audiences(fields.Dict):
    """Field name -> audience."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), values=fields.String(), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dict[Any, Any]:  # noqa: ARG002 marshmallow's
        if not isinstance(value, Mapping):
            raise ValidationError("must be an object of field names and audiences")
        for name, audience in value.items():
            if name not in HIDEABLE or audience not in AUDIENCES:
                raise ValidationError(f"can hold {', '.join(HIDEABLE)}, each {', '.join(AUDIENCES)}")
        return dict(value)


class Many(fields.List[Any]):
    """A list of at most 50 values of one kind."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > LIST_LIMIT:
            raise ValidationError(f"can hold at most {LIST_LIMIT} values")
        return super()._deserialize(value, attr, data, **kwargs)
