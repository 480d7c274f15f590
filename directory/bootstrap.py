"""The only composition root: from settings to working parts. Nothing is opened before somebody asks for it here."""

import gc
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from connectors.base import Connector, SourceConfig
from connectors.base import Limits as SourceLimits
from connectors.checking import check
from connectors.client import Client, ClientLimits
from connectors.config import load_sources
from connectors.gather import NoRecords, Progress
from connectors.registry import KINDS
from connectors.report import RunReport
from connectors.runner import RunLimits, Runner
from connectors.targets import EndpointPolicy
from directory.core.clock import Clock, system_clock
from directory.core.consent import SELF
from directory.core.errors import DirectoryError, Invalid, Unavailable
from directory.core.merge import SourceRank
from directory.core.record_reader import RecordReader
from directory.core.vocabulary import Vocabularies
from directory.core.vocabulary_files import load_vocabularies
from directory.metrics import Metrics
from directory.search.engine import SearchEngine
from directory.services.arguments import ArgumentReader, Limits
from directory.services.cards import CardMaker
from directory.services.consent import ConsentService
from directory.services.health import HealthService
from directory.services.ingest import IngestPolicy
from directory.services.institutions import InstitutionService
from directory.services.mentors import MentorService
from directory.services.profiles import ListingPolicy
from directory.services.search import SearchService
from directory.settings import Settings, process_environment
from directory.store import installation, restoring
from directory.store.journal import Journal
from directory.store.secret import secret
from directory.store.session import Store
from indexer.document import DocumentBuilder
from indexer.engines.embedded import EmbeddedEngine, values_of
from indexer.engines.first import MayBegin, always
from indexer.rebuild import Rebuilder
from indexer.repair import Repairer
from indexer.sweep import Sweeper
from indexer.verify import Verifier
from indexer.worker import Indexer, WorkerLimits

log = logging.getLogger(__name__)

NEW_OBJECTS = 100_000
"""Containers made, less those given up, between two searches for cycles. A batch of an import has some fifty thousand at a time and gives
them all up at its end, so that it is hardly ever searched."""

DATABASES: Final = "sqlite:////path/to/file or postgresql+psycopg://user@host/database"


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the entry points use."""

    settings: Settings
    version: str
    clock: Clock
    vocabularies: Vocabularies
    sources: Mapping[str, SourceConfig]
    store: Store
    engine: SearchEngine
    journal: Journal
    policy: IngestPolicy
    arguments: ArgumentReader
    search: SearchService
    mentors: MentorService
    institutions: InstitutionService
    consent: ConsentService
    health: HealthService
    metrics: Metrics
    runner: Runner
    indexer: Indexer
    rebuilder: Rebuilder
    verifier: Verifier
    repairer: Repairer
    sweeper: Sweeper

    def source_label(self, name: str) -> str:
        """How a source is called in words; the person's own edits have a name too."""
        if name == SELF:
            return "own words"
        return self.sources[name].label if name in self.sources else name

    def close(self) -> None:
        """Let others index, then close engine and store."""
        try:
            self.indexer.release()
        except DirectoryError:
            log.warning("the lease on the index could not be given back; it runs out by itself")
        self.engine.close()
        self.store.close()


def project_version() -> str:
    """The installed version; a checkout that was not installed says so."""
    try:
        return installed_version("mentor-directory")
    except PackageNotFoundError:
        return "0+unknown"


@contextmanager
def connect(settings: Settings, vocabularies: Vocabularies, config: SourceConfig) -> Iterator[Connector]:
    """The connector of a source with the client that the settings allow it, which is closed at the end."""
    http, kind = settings.http, KINDS[config.kind]
    client = Client(
        limits=ClientLimits(http.connect_seconds, http.read_seconds, http.total_seconds, http.bytes),
        policy=EndpointPolicy(allow_http=http.allow_http, allow_private=http.allow_private),
        rate=float(config.options.get("requests_per_second", kind.rate)),
        user_agent=http.user_agent,
    )
    with client:
        yield kind(config, client, vocabularies)


def check_file(settings: Settings, config: SourceConfig, progress: Progress, *, clock: Clock = system_clock) -> RunReport:
    """What the directory would take from a file that nobody has configured as a source; needs no store. Raises SourceError."""
    vocabularies = load_vocabularies(settings.config / "vocabularies")
    with connect(settings, vocabularies, config) as connector:
        return check(connector, RecordReader(vocabularies), config.name, NoRecords(), clock(), progress)[0]


def make_data_folder(settings: Settings) -> Path:
    """The data folder, made where it is missing. Raises Invalid naming the setting and the folder."""
    folder = settings.paths.data
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        message = f"The data folder {folder} (MENTORS_DATA, [paths] data) can't be made: {error.strerror}."
        raise Invalid(message, where="paths.data", value=str(folder)) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        message = f"This user can't write to the data folder {folder} (MENTORS_DATA, [paths] data)."
        raise Invalid(message, where="paths.data", value=str(folder))
    return folder


def open_store(settings: Settings) -> Store:
    """The store of record, which answered once. Raises Invalid and Unavailable naming the setting and the host, never a password."""
    make_data_folder(settings)
    try:
        store = Store(
            settings.database_url,
            data_dir=settings.paths.data,
            pool_size=settings.database.pool,
            statement_seconds=settings.database.statement_seconds,
        )
        try:
            with store.read():
                return store
        except DirectoryError:
            store.close()
            raise
    except Invalid as error:
        shown = f" ({error.value})" if error.value else ""
        message = f"{error}{shown}: MENTORS_DATABASE_URL ([database] url) takes {DATABASES}, or nothing for SQLite in the data folder."
        raise Invalid(message, where=error.where, value=error.value, allowed=error.allowed) from None
    except Unavailable as error:
        raise Unavailable(f"{error}: {_database(settings)}", retry_after=error.retry_after) from None


def _database(settings: Settings) -> str:
    """The database and the setting that names it, for people."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        return f"the file {url.database} of " + ("MENTORS_DATABASE_URL ([database] url)" if settings.database.url else "MENTORS_DATA")
    host = f"{url.host or 'the local socket'}{f':{url.port}' if url.port else ''}"
    return f"{url.get_backend_name()} at {host}, database {url.database or '(none)'}, which MENTORS_DATABASE_URL ([database] url) names"


def _trusted_store(settings: Settings, *, half_restored: bool) -> tuple[Store, bytes]:
    """The store of record and the secret that belongs to it; closed again if it must not be used."""
    store = open_store(settings)
    try:
        if not half_restored:
            restoring.check(store)
        return store, secret(store)
    except DirectoryError:
        store.close()
        raise


def open_engine(
    settings: Settings, vocabularies: Vocabularies, *, read_only: bool, may_begin: MayBegin = always
) -> tuple[SearchEngine, str]:
    """The search engine of the settings, and the fingerprint that a rebuild would write now."""
    if settings.engine.kind == "elasticsearch":
        from indexer.engines.elasticsearch import Address, ElasticsearchEngine  # here: its client takes 0.3 s to import

        address = Address(**asdict(settings.elasticsearch))
        fingerprint = vocabularies.fingerprint
        remote = ElasticsearchEngine(address, vocabularies_fingerprint=fingerprint, read_only=read_only, may_begin=may_begin)
        return remote, remote.spec
    folder = settings.paths.data / "index"
    engine = EmbeddedEngine(
        folder,
        vocabularies_fingerprint=vocabularies.fingerprint,
        values=values_of(vocabularies),
        read_only=read_only,
        may_begin=may_begin,
    )
    return engine, engine.spec


def _never_indexed(store: Store) -> bool:
    with store.read() as conn:
        return installation.never_indexed(conn)


def source_ranks(sources: Mapping[str, SourceConfig]) -> dict[str, SourceRank]:
    """How far each source is trusted when profiles are merged."""
    ranks = {SELF: SourceRank("self")}
    for name, config in sources.items():
        ranks[name] = SourceRank(KINDS[config.kind].rank, config.institution.ror, config.institution.name)
    return ranks


def build(settings: Settings, *, read_only_engine: bool = False, clock: Clock = system_clock, half_restored: bool = False) -> Parts:
    """Wire everything. `half_restored`: also over a store whose restore was interrupted, for whoever repairs it. Raises Invalid,
    VocabularyError, SourcesError with what is wrong and where, Unavailable when the store does not answer."""
    vocabularies = load_vocabularies(settings.config / "vocabularies")
    limits = SourceLimits(max_items=settings.ingest.most_records, max_item_bytes=settings.ingest.record_bytes)
    sources = load_sources(settings.config / "sources.toml", environment=process_environment(), limits=limits)
    store, key = _trusted_store(settings, half_restored=half_restored)
    engine, spec = open_engine(settings, vocabularies, read_only=read_only_engine, may_begin=lambda: _never_indexed(store))
    days = settings.availability.days
    listing = ListingPolicy(source_ranks(sources), timedelta(days=settings.consent.days), days)
    journal = Journal(settings.paths.data)
    policy = IngestPolicy(listing, key, journal)
    cards = CardMaker(vocabularies, lapse_days=days)
    builder = DocumentBuilder(vocabularies, lapse_days=days)
    search = SearchService(store, engine, vocabularies, cards, clock)
    institutions = InstitutionService(store, search)
    health = HealthService(store, engine, spec, clock)
    lease = timedelta(seconds=settings.worker.lease_seconds)
    verifier = Verifier(store, builder, clock)
    worker = WorkerLimits(settings.worker.batch, lease, settings.worker.attempts)
    indexer = Indexer(store, engine, builder, clock, worker)
    bounds = settings.search
    return Parts(
        settings=settings,
        version=project_version(),
        clock=clock,
        vocabularies=vocabularies,
        sources=sources,
        store=store,
        engine=engine,
        journal=journal,
        policy=policy,
        arguments=ArgumentReader(vocabularies, Limits(bounds.page, bounds.most, bounds.query_length, bounds.values), institutions),
        search=search,
        mentors=MentorService(store, cards, clock),
        institutions=institutions,
        consent=ConsentService(store, journal, policy, clock),
        health=health,
        metrics=Metrics(health),
        runner=Runner(
            store, sources, lambda config: connect(settings, vocabularies, config), RecordReader(vocabularies), policy, clock,
            RunLimits(settings.ingest.batch, settings.ingest.hold_count, settings.ingest.hold_share, lease),
        ),
        indexer=indexer,
        rebuilder=Rebuilder(store, engine, builder, indexer, clock),
        verifier=verifier,
        repairer=Repairer(store, engine, verifier, indexer, clock),
        sweeper=Sweeper(store, policy, clock, timedelta(days=settings.ingest.quarantine_days)),
    )  # fmt: skip


def settle() -> None:
    """For a process that works for long, once, when it has started: what was made so far lives as long as the process, so the search for
    unreachable cycles leaves it out from now on, and comes less often. It takes a quarter of the time of an import otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


@contextmanager
def opened(settings: Settings, *, read_only_engine: bool = False, half_restored: bool = False) -> Iterator[Parts]:
    """Parts that are closed at the end."""
    parts = build(settings, read_only_engine=read_only_engine, half_restored=half_restored)
    try:
        yield parts
    finally:
        parts.close()
