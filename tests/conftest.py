"""Chooses the suite's database, and says which.

``DATABASE_URL`` if it is set (``python -m tests.postgres -- pytest`` sets it), else SQLite: a file
and not memory, so that threads and processes meet as they do in production.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

_DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_reset_sequences"})


def _on_sqlite() -> bool:
    return bool(settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"))


def pytest_report_header() -> str:
    return f"database: {'SQLite' if _on_sqlite() else 'PostgreSQL'}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only",
        action="store_true",
        help="run only the tests that use the database: the others have run on another one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what no database can change, if asked to."""
    if not config.getoption("--database-only"):
        return
    others = [item for item in items if not _uses_database(item)]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if _uses_database(item)]


def _uses_database(item: pytest.Item) -> bool:
    """Tell whether a test asks for the database, or starts processes that have one."""
    fixtures = getattr(item, "fixturenames", ())
    marked = any(item.get_closest_marker(name) for name in ("django_db", "database"))
    return marked or not _DATABASE_FIXTURES.isdisjoint(fixtures)


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
