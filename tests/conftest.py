"""Chooses the suite's database, and says which.

``DATABASE_URL`` if it is set (``python -m tests.postgres -- pytest`` sets it), else SQLite: a file
and not memory, so that threads and processes meet as they do in production.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings


def _on_sqlite() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"))


def pytest_report_header() -> str:
    return f"database: {'SQLite' if _on_sqlite() else 'PostgreSQL'}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    if not _on_sqlite():
        yield
        return
    with tempfile.TemporaryDirectory(prefix="kargo-test-db-") as folder:
        test = settings.DATABASES["default"].setdefault("TEST", {})
        test["NAME"] = str(Path(folder) / "test.sqlite3")
        yield
