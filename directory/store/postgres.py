"""Engine for PostgreSQL: every wait has an end."""

from sqlalchemy import URL, Connection, Engine, create_engine, text

CONNECT_SECONDS = 5
LOCK_SECONDS = 10
IDLE_SECONDS = 300
"""A transaction that does nothing for so long belongs to a stuck process; the server ends it and frees its locks."""
UNACKNOWLEDGED_MS = 15_000


def postgres_engine(url: URL, *, pool_size: int, statement_seconds: float) -> Engine:
    """READ COMMITTED transactions with limits on statement, lock, idling and connection."""
    limits = {
        "statement_timeout": int(statement_seconds * 1000),
        "lock_timeout": LOCK_SECONDS * 1000,
        "idle_in_transaction_session_timeout": IDLE_SECONDS * 1000,
    }
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": UNACKNOWLEDGED_MS,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "application_name": "mentors",
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()) + " -c timezone=UTC",
        },
    )


def take_time(conn: Connection) -> None:
    """Let the statements of this transaction take as long as they need: for work of an operator on whole tables, which nobody waits for
    but the operator. Nothing to do on SQLite, which has no such limit."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SET LOCAL statement_timeout = 0"))
