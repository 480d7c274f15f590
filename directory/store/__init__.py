"""The system of record: SQLAlchemy tables, sessions, small query modules, migrations, backup. SQLite or PostgreSQL, alike."""
