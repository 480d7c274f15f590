"""Reads sources.toml: one block per source, checked completely; problems are reported all at once, each with what is allowed."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.base import Limits, SourceConfig
from connectors.registry import KINDS
from directory.core.errors import DirectoryError, Invalid
from directory.core.identity import parse_ror
from directory.core.profile import Institution

__all__ = ["Limits", "SourceConfig", "SourcesError", "load_sources"]

KEYS: Final = ("kind", "label", "institution", "every", "url", "path", "token_env", "consent", "enabled", "options")
INSTITUTION_KEYS: Final = ("name", "ror", "city", "state")
CONSENTS: Final = ("explicit", "none")
RESERVED: Final = ("self",)
SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=90)

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_EVERY: Final = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_VARIABLE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


class SourcesError(DirectoryError):
    """sources.toml can't be used. `problems` has one line for each thing to correct."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join((f"sources.toml can't be used, problems: {len(self.problems)}", *self.problems)))


class _Block:
    """Takes checked values out of one table of the file and notes what is wrong."""

    def __init__(self, values: Any, place: str, problems: list[str]) -> None:
        self.place = place
        self.problems = problems
        self.values: Mapping[str, Any] = values if isinstance(values, dict) else {}
        if not isinstance(values, dict):
            self.fault("", values, "a table")

    def fault(self, key: str, value: object, allowed: str) -> None:
        where = f"{self.place}.{key}" if key else self.place
        shown = repr(value)
        self.problems.append(f"{where} is {shown if len(shown) <= 120 else shown[:117] + '...'}; allowed: {allowed}")

    def only(self, allowed: Iterable[str]) -> None:
        known = tuple(allowed)
        for key in self.values:
            if key not in known:
                self.problems.append(f"{self.place}.{key} is not a known key; allowed: {', '.join(known) or 'none'}")

    def text(self, key: str, allowed: str, fits: Callable[[str], object] = bool, *, required: bool = False) -> str:
        """The text under `key`, empty when it is absent or does not fit."""
        if key not in self.values:
            if required:
                self.problems.append(f"{self.place}.{key} is missing; allowed: {allowed}")
            return ""
        value = self.values[key]
        if isinstance(value, str) and value.isprintable() and fits(value):
            return value.strip()
        self.fault(key, value, allowed)
        return ""

    def flag(self, key: str, default: bool) -> bool:  # noqa: FBT001 the default of a flag
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.fault(key, value, "true or false")
        return default


def load_sources(path: Path, *, environment: Mapping[str, str] | None = None, limits: Limits = Limits()) -> dict[str, SourceConfig]:  # noqa: B008 frozen
    """The sources of the file by name, in its order. `environment` is where the tokens named by `token_env` are looked up.

    Raises `SourcesError`. A missing token is no error here: it stops its own source when that is read, and no other.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SourcesError([f"{path.name} can't be read: {exc.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise SourcesError([f"{path.name} is not TOML in UTF-8: {exc}"]) from None
    problems: list[str] = []
    top = _Block(document, path.name, problems)
    top.only(("source",))
    blocks = _Block(document.get("source", {}), "source", problems).values
    folder = path.resolve().parent
    sources = [_source(name, block, folder, environment or {}, limits, problems) for name, block in blocks.items()]
    if problems:
        raise SourcesError(problems)
    return {source.name: source for source in sources}


def _source(name: str, values: Any, folder: Path, environment: Mapping[str, str], limits: Limits, problems: list[str]) -> SourceConfig:
    block = _Block(values, f"source.{name}", problems)
    if len(name) > 60 or not _NAME.fullmatch(name) or name in RESERVED:
        problems.append(
            f"source.{name} is not a source name; allowed: lower-case letters and digits joined by '-', not {', '.join(RESERVED)}"
        )
    block.only(KEYS)
    kind = block.text("kind", " or ".join(KINDS), KINDS.__contains__, required=True)
    token_env = block.text("token_env", "the name of an environment variable, like MENTORS_TOKEN_PLAINS", _VARIABLE.fullmatch)
    institution = _institution(block)
    url, file = _location(block, kind)
    return SourceConfig(
        name=name,
        kind=kind,
        label=block.text("label", "a text for people") or institution.name,
        institution=institution,
        every=_every(block),
        url=url,
        path=folder / file if file else None,
        folder=folder,
        token_env=token_env,
        token=environment.get(token_env) if token_env else None,
        options=_options(block, kind),
        consent="none" if block.text("consent", " or ".join(CONSENTS), CONSENTS.__contains__) == "none" else "explicit",
        enabled=block.flag("enabled", default=True),
        limits=limits,
    )


def _institution(block: _Block) -> Institution:
    if "institution" not in block.values:
        block.problems.append(f"{block.place}.institution is missing; allowed: a table with {', '.join(INSTITUTION_KEYS)}")
        return Institution("")
    inner = _Block(block.values["institution"], f"{block.place}.institution", block.problems)
    inner.only(INSTITUTION_KEYS)
    ror = inner.text("ror", "a ROR id like https://ror.org/05h9q1g27")
    if ror:
        try:
            ror = parse_ror(ror)
        except Invalid:
            inner.fault("ror", ror, "a ROR id with its check digits, like https://ror.org/05h9q1g27")
    state = inner.text("state", "the two letters of a state or territory", re.compile("[A-Z]{2}").fullmatch)
    return Institution(inner.text("name", "the institution's name", required=True), ror, inner.text("city", "a city"), state)


def _location(block: _Block, kind: str) -> tuple[str, str]:
    url = block.text("url", "an address that begins with https://", _is_url)
    file = block.text("path", "a file, relative to the folder of sources.toml")
    if kind in KINDS:
        given = [key for key in ("url", "path") if key in block.values]
        if KINDS[kind].located and len(given) != 1:
            block.problems.append(f"{block.place} has {' and '.join(given) or 'no place to read from'}; allowed: one of url, path")
        elif not KINDS[kind].located and given:
            block.problems.append(f"{block.place}.{given[0]} has no use; the kind {kind} is told where to read by its options")
    return url, file


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc


def _every(block: _Block) -> timedelta:
    value = block.values.get("every", "24h")
    found = _EVERY.fullmatch(value) if isinstance(value, str) else None
    every = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta()
    if not SHORTEST <= every <= LONGEST:
        block.fault("every", value, "a number with m, h or d, from 5m to 90d")
    return every


def _options(block: _Block, kind: str) -> Mapping[str, Any]:
    inner = _Block(block.values.get("options", {}), f"{block.place}.options", block.problems)
    if kind not in KINDS:
        return inner.values
    options = KINDS[kind].options
    inner.only(option.name for option in options)
    for option in options:
        if option.name not in inner.values:
            if option.required:
                block.problems.append(f"{inner.place}.{option.name} is missing; {option.help}")
        elif allowed := option.check(inner.values[option.name]):
            inner.fault(option.name, inner.values[option.name], allowed)
    return inner.values
