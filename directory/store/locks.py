"""Queues inside a transaction, for work that two writers must not do at once. SQLite has one writer at a time: nothing to do there."""

from enum import IntEnum

from sqlalchemy import Connection, func, select

NAMESPACE = 0x6D656E74


class Queue(IntEnum):
    """Who waits for whom. A transaction that needs several takes them in this order, and person rows before `LEDGER`."""

    MIGRATION = 1
    IDENTITY = 2
    INSTITUTION = 3
    LEDGER = 4


def serialize(conn: Connection, queue: Queue) -> None:
    """Waits until this transaction is alone in `queue`; its end lets the next one in."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(NAMESPACE, int(queue))))
