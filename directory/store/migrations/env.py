"""Alembic's entry point. The connection, already in its transaction, is handed over by `directory.store.schema`."""

from alembic import context

from directory.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite's schema changes are transactional too, and one step is then whole or absent
)
with context.begin_transaction():
    context.run_migrations()
