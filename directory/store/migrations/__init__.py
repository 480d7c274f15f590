"""The steps that bring a database to the current tables. Run by `mentors db upgrade`."""
