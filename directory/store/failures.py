"""What a failure of the database means to the caller. Messages never hold values, which may be names."""

from sqlalchemy import exc

from directory.core.errors import Conflict, DirectoryError, Unavailable

NOT_SET_UP = "the database is not set up or not up to date: run `mentors db upgrade`"

SQLITE_REASONS = (
    ("locked", "the database is busy"),
    ("busy", "the database is busy"),
    ("disk is full", "the disk of the database is full"),
    ("disk i/o error", "the disk of the database fails"),
    ("unable to open", "the database file can't be opened"),
    ("readonly database", "the database can't be written"),
    ("no such table", NOT_SET_UP),
    ("no such column", NOT_SET_UP),
    ("malformed", "the database file is damaged: restore a backup"),
    ("not a database", "the database file is damaged: restore a backup"),
)

POSTGRES_REASONS = {
    "42P01": NOT_SET_UP,  # undefined table
    "42703": NOT_SET_UP,  # undefined column
    "55P03": "the database is busy",  # lock not available
    "57014": "the database took too long",  # query canceled
    "40P01": "the database is busy",  # deadlock
    "40001": "the database is busy",  # serialization failure
    "53100": "the disk of the database is full",
}

POSTGRES_REFUSALS = (
    ("authentication failed", "the database refuses the login"),
    ("no password supplied", "the database refuses the login"),
    ("no pg_hba.conf entry", "the database refuses the login"),
    ('fatal:  role "', "the database refuses the login"),
    ('fatal:  database "', "the database does not exist"),
    ("too many", "the database has too many connections"),
)
"""What a server says that answers and lets nobody in: libpq hands on its sentence, but no code."""


def _rule(error: exc.IntegrityError) -> str:
    """The violated rule without the values: the constraint's name, or SQLite's message, which names columns only."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is None:
        return str(error.orig)
    return str(diagnosis.constraint_name or diagnosis.message_primary)


def translate(error: exc.SQLAlchemyError) -> DirectoryError | None:
    """`Unavailable` when trying later (or an operator) helps, `Conflict` when a stored rule refused the change, `Invalid` when a
    column type did.

    None for everything else: that is a bug and travels on as it is.
    """
    if isinstance(error, exc.TimeoutError):
        return Unavailable("all connections to the database are in use")
    if isinstance(error, exc.IntegrityError):
        return Conflict(f"the database refused the change: {_rule(error)}")
    if isinstance(error, exc.StatementError) and isinstance(error.orig, DirectoryError):
        return error.orig  # a column type refused the value
    if not isinstance(error, exc.DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None)
    if state in POSTGRES_REASONS:
        return Unavailable(POSTGRES_REASONS[state])
    text = str(error.orig).lower()
    for mark, reason in SQLITE_REASONS:
        if mark in text and not hasattr(error.orig, "sqlstate"):
            return Unavailable(reason)
    if hasattr(error.orig, "sqlstate") and (isinstance(error, exc.OperationalError) or error.connection_invalidated):
        refusals = (reason for mark, reason in POSTGRES_REFUSALS if state is None and mark in text)
        return Unavailable(next(refusals, "the database does not answer"))
    return None
