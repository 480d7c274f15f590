"""`python -m directory.cli` is `mentors`."""

from directory.cli import main

if __name__ == "__main__":
    main()
