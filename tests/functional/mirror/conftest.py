"""A database of its own for each run, of the kind that the suite runs on."""

from tests.functional.workers.conftest import database_url

__all__ = ["database_url"]
