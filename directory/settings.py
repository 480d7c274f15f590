"""The settings table. Each field of a section below is one setting: type, default, help and limits, declared once.

Values come from the defaults, then `directory.toml` in the configuration folder, then the environment
(`MENTORS_SECTION_KEY`, or the short name given here). They are read once, at start; a wrong value stops the start
with its key, the value and what is allowed. This is the only module that reads the environment.
"""

import math
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from directory.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a setting beside its name, type and default. `form` is a pattern for the text and the same in words."""

    help: str
    env: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    secret: bool = False
    form: tuple[str, str] = ("", "")

    @property
    def limits(self) -> str:
        """The bounds in words, empty without any."""
        low, high = (None if bound is None else _plain(bound) for bound in (self.low, self.high))
        return " ".join(part for part in (f"from {low}" if low else "", f"to {high}" if high else "") if part)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _row(
    default: Any,
    help_text: str,
    *,
    env: str = "",
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    secret: bool = False,
    form: tuple[str, str] = ("", ""),
) -> Any:
    return field(default=default, metadata={"row": Row(help_text, env, choices, low, high, secret, form)})


_PORT = r"(6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|\d{1,4})"
LISTEN = (rf"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):{_PORT}", "host:port with a port up to 65535, for example 127.0.0.1:8080")
SITE = (rf"|https?://[\w.-]+(:{_PORT})?", "https://host, optionally with a port, without a path, or empty")


@dataclass(frozen=True, slots=True)
class Paths:
    """Where files lie."""

    data: Path = _row("var", "Folder for the SQLite file, the index, the withdrawal journal and keys.", env="MENTORS_DATA")  # noqa: RUF009


@dataclass(frozen=True, slots=True)
class Database:
    """The store of record."""

    url: str = _row("", "SQLAlchemy URL (postgresql+psycopg://user@host/name); empty means SQLite in the data folder.", secret=True)
    pool: int = _row(10, "Connections kept open per process (PostgreSQL).", low=1, high=200)
    statement_seconds: int = _row(30, "A statement that runs longer is ended (PostgreSQL).", low=1, high=3600)


@dataclass(frozen=True, slots=True)
class EngineSection:
    """Which search engine serves."""

    kind: str = _row("embedded", "The search engine.", env="MENTORS_ENGINE", choices=("embedded", "elasticsearch"))


@dataclass(frozen=True, slots=True)
class Elasticsearch:
    """The Elasticsearch engine; read only when it is chosen."""

    url: str = _row("http://127.0.0.1:9200", "Addresses of the nodes, separated by commas.")
    index: str = _row("mentors", "Name of the alias; generations are called NAME-xxxx behind it.")
    api_key: str = _row("", "API key, as id:key in base64.", secret=True)
    username: str = _row("", "User name, where there is no API key.")
    password: str = _row("", "Password of that user.", secret=True)
    ca_certs: str = _row("", "File of certificate authorities for https; empty means the system's.")
    replicas: int = _row(1, "Copies of the index beside the first; 0 on a single node.", low=0, high=10)
    seconds: float = _row(1.5, "Time limit of a search; there is no second try.", low=0.1, high=30)
    bulk_seconds: float = _row(60.0, "Time limit of writing a batch.", low=1, high=600)


@dataclass(frozen=True, slots=True)
class Web:
    """The web server."""

    listen: str = _row("127.0.0.1:8080", "Address and port that the server listens on.", env="MENTORS_LISTEN", form=LISTEN)
    base_url: str = _row("", "Public address of this directory; empty means as the request came in.", form=SITE)
    contact: str = _row("", "Where readers reach whoever runs this directory: a mail address, an https address or words; shown on pages.")
    workers: int = _row(1, "Server processes.", low=1, high=64)
    threads: int = _row(64, "Threads of each process; more than `at_once`, so that an overload is seen.", low=1, high=1024)
    at_once: int = _row(8, "Requests worked on at once per process; others get 503 after half a second.", low=1, high=1000)
    demo: bool = _row(False, "Every page says that its people are invented.")  # noqa: FBT003 a default, not an argument


@dataclass(frozen=True, slots=True)
class Search:
    """Limits of the search."""

    page: int = _row(20, "Mentors on a page when the request does not say.", low=1, high=100)
    most: int = _row(100, "Most mentors on one page of the API.", low=1, high=200)
    query_length: int = _row(300, "Longest text that can be searched for, in characters.", low=20, high=2000)
    values: int = _row(50, "Most values that one filter can have.", low=1, high=500)


@dataclass(frozen=True, slots=True)
class Consent:
    """How long an agreement holds."""

    days: int = _row(365, "Days after which a consent expires unless it is reaffirmed.", low=1, high=3650)


@dataclass(frozen=True, slots=True)
class Availability:
    """How long a statement about places is believed."""

    days: int = _row(90, "Days after which an offer that nobody confirmed becomes unconfirmed.", low=1, high=3650)


@dataclass(frozen=True, slots=True)
class Ingest:
    """How sources are taken in."""

    batch: int = _row(500, "Records written in one transaction.", low=1, high=1000)
    hold_count: int = _row(5, "A run that would take more people than this, and more than `hold_share`, off the list is held.", low=0)
    hold_share: float = _row(0.10, "See `hold_count`; share of the source's live records.", low=0.0, high=1.0)
    most_records: int = _row(2_000_000, "Most items of one run.", low=1)
    record_bytes: int = _row(65_536, "Largest record, in bytes.", low=1024, high=2**24)
    quarantine_days: int = _row(30, "Days that rejected items are kept for the institution to look at.", low=1, high=365)


@dataclass(frozen=True, slots=True)
class Http:
    """The client that reads sources."""

    user_agent: str = _row("mentor-directory (+https://mentors.example.org/contact)", "Sent with requests to sources; put a contact in.")
    connect_seconds: float = _row(10.0, "Time limit to connect.", low=0.1, high=60)
    read_seconds: float = _row(10.0, "Time limit between two reads.", low=0.1, high=120)
    total_seconds: float = _row(120.0, "Time limit of a whole response.", low=1, high=3600)
    bytes: int = _row(52_428_800, "Largest response, decoded, in bytes.", low=1024)
    allow_http: bool = _row(False, "Allow plain http for sources (only for tests and demos).")  # noqa: FBT003 a default, not an argument
    allow_private: bool = _row(False, "Allow sources at private addresses (only for tests and demos).")  # noqa: FBT003 a default, not an argument


@dataclass(frozen=True, slots=True)
class Worker:
    """The background worker."""

    poll_seconds: float = _row(0.5, "Pause between looks at the outbox.", low=0.05, high=60)
    batch: int = _row(5000, "Changes taken from the outbox at once.", low=1, high=20000)
    lease_seconds: int = _row(60, "Time after which another worker may take over from one that fell silent.", low=5, high=3600)
    attempts: int = _row(8, "Tries before a change is parked for an operator.", low=1, high=100)
    sweep_seconds: int = _row(60, "Pause between looks for consents and confirmations that ran out.", low=1, high=3600)


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged."""

    level: str = _row("info", "Least severity that is logged.", choices=("debug", "info", "warning", "error"))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings and the folder they came from (`config`, holding directory.toml, sources.toml, vocabularies/)."""

    config: Path
    paths: Paths = Paths()
    database: Database = Database()
    engine: EngineSection = EngineSection()
    elasticsearch: Elasticsearch = Elasticsearch()
    web: Web = Web()
    search: Search = Search()
    consent: Consent = Consent()
    availability: Availability = Availability()
    ingest: Ingest = Ingest()
    http: Http = Http()
    worker: Worker = Worker()
    log: Log = Log()

    @property
    def database_url(self) -> str:
        """The URL in force: the setting, else the SQLite file of the data folder."""
        return self.database.url or f"sqlite:///{self.paths.data / 'directory.sqlite'}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `[web] listen`."""
        host, _, port = self.web.listen.rpartition(":")
        return host.strip("[]"), int(port)


SECTIONS: dict[str, type] = {f.name: type(f.default) for f in fields(Settings) if f.name != "config"}


@dataclass(frozen=True, slots=True)
class Described:
    """One setting for documentation and start-up checks."""

    section: str
    key: str
    kind: type
    default: Any
    row: Row

    @property
    def env(self) -> str:
        """The environment variable that overrides it."""
        return self.row.env or f"MENTORS_{self.section}_{self.key}".upper()


def described() -> tuple[Described, ...]:
    """Every setting in order; the documentation and `directory.toml` are made from this."""
    rows: list[Described] = []
    for section, cls in SECTIONS.items():
        hints = get_type_hints(cls)
        rows.extend(Described(section, f.name, hints[f.name], f.default, f.metadata["row"]) for f in fields(cls))
    return tuple(rows)


def shipped_config() -> Path:
    """The configuration folder that travels with the package (in a checkout: `config/` beside it)."""
    packaged = Path(__file__).parent / "_config"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "config"


def _parse(setting: Described, value: Any, origin: str) -> Any:
    def refuse(allowed: str) -> Invalid:
        shown = "(hidden)" if setting.row.secret else repr(value)
        return Invalid(
            f"[{setting.section}] {setting.key} = {shown} ({origin}) can't be used: allowed is {allowed}.",
            where=f"{setting.section}.{setting.key}", value="" if setting.row.secret else str(value)[:80], allowed=(allowed,),
        )  # fmt: skip

    if setting.kind is bool:
        table = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if str(value).lower() not in table:
            raise refuse("true or false")
        return table[str(value).lower()]
    if setting.kind in (int, float):
        return _parse_number(setting, value, refuse)
    if not isinstance(value, str):
        raise refuse("text in quotes")
    if setting.row.choices and value not in setting.row.choices:
        raise refuse("one of " + ", ".join(setting.row.choices))
    pattern, in_words = setting.row.form
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        raise refuse(in_words)
    return Path(value).expanduser() if setting.kind is Path else value


def _parse_number(setting: Described, value: Any, refuse: Callable[[str], Invalid]) -> int | float:
    low, high = setting.row.low, setting.row.high
    allowed = f"{'a whole number' if setting.kind is int else 'a number'} {setting.row.limits}".strip()
    try:
        number: int | float = setting.kind(value)
        if isinstance(value, bool) or (isinstance(value, float) and number != value) or not math.isfinite(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise refuse(allowed) from None
    if (low is not None and number < low) or (high is not None and number > high):
        raise refuse(allowed)
    return number


def _read_file(folder: Path, problems: list[Invalid]) -> dict[str, Mapping[str, Any]]:
    """The sections of the file that exist; names that do not are added to the problems. Raises Invalid for a file that can't be read."""
    path = folder / "directory.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Invalid(f"{path} is missing: MENTORS_CONFIG must name a folder with directory.toml in it.", where="MENTORS_CONFIG") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{path} can't be read: {error}.", where=str(path)) from None
    found: dict[str, Mapping[str, Any]] = {}
    for section, values in data.items():
        if section not in SECTIONS or not isinstance(values, dict):
            allowed = ", ".join(SECTIONS)
            message = f"{path}: [{section}] is not a section; sections are {allowed}."
            problems.append(Invalid(message, where=section, allowed=tuple(SECTIONS)))
            continue
        found[section] = values
        known = [f.name for f in fields(SECTIONS[section])]
        for key in values:
            if key not in known:
                message = f"{path}: [{section}] has no key {key}; keys are {', '.join(known)}."
                problems.append(Invalid(message, where=f"{section}.{key}", allowed=known))
    return found


def unknown_variables(environment: Mapping[str, str] | None = None, *, tokens: Iterable[str] = ()) -> tuple[str, ...]:
    """Names in the environment that look like settings and are none; `mentors config check` reports them. `tokens` are the names that
    sources.toml gives to the variables of its sources' tokens."""
    env = os.environ if environment is None else environment
    known = {row.env for row in described()} | {"MENTORS_CONFIG", *tokens}
    return tuple(sorted(name for name in env if name.startswith("MENTORS_") and name not in known))


def config_folder(environment: Mapping[str, str] | None = None) -> Path:
    """The folder that MENTORS_CONFIG names, else the shipped one."""
    env = os.environ if environment is None else environment
    return Path(env.get("MENTORS_CONFIG") or shipped_config())


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read every setting. Raises Invalid naming the key, the value, where it came from and what is allowed; if several can't be used,
    one Invalid whose message has a line for each."""
    env = os.environ if environment is None else environment
    folder = config_folder(env)
    problems: list[Invalid] = []
    data = _read_file(folder, problems)
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for row in described():
        if row.env in env:
            value, origin = env[row.env], row.env
        elif row.key in data.get(row.section, {}):
            value, origin = data[row.section][row.key], f"{folder / 'directory.toml'}"
        else:
            value, origin = row.default, "default"
        try:
            sections[row.section][row.key] = _parse(row, value, origin)
        except Invalid as error:
            problems.append(error)
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise Invalid("\n".join((f"{len(problems)} settings can't be used:", *map(str, problems))), where="settings")
    return Settings(config=folder, **{name: cls(**sections[name]) for name, cls in SECTIONS.items()})


def with_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The process environment with `extra` on top, for child processes of the demo."""
    return {**os.environ, **extra}


def process_environment() -> Mapping[str, str]:
    """A copy of the environment for the look-up of sources' tokens, whose names stand in sources.toml."""
    return dict(os.environ)
