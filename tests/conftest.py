"""Chooses the suite's database, and says which.

``DATABASE_URL`` if it is set (``python -m tests.postgres -- pytest`` sets it), else SQLite: a file
and not memory, so that threads and processes meet as they do in production.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests import emptying
from tests.blank_databases import _blank_postgres, blank_folder, database_url
from tests.browsers import browser

__all__ = ["_blank_postgres", "blank_folder", "browser", "database_url"]

_DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_reset_sequences"})
_OWN_DATABASE = "database_url"  # of the suite's kind, for processes that a test starts


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


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what no database can change, if asked to; begin with what takes longest.

    At the end there are then only short tests, which share out evenly. Tests in this process's
    database stay in pytest-django's order.
    """
    if config.getoption("--database-only"):
        others = [item for item in items if not _uses_database(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _uses_database(item)]
    items.sort(key=_is_short)


def _is_short(item: pytest.Item) -> bool:
    asks = not _DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
    has_database = item.get_closest_marker("django_db") is not None or asks
    return has_database or item.get_closest_marker("slow") is None


def _uses_database(item: pytest.Item) -> bool:
    """Tell whether a test asks for the database, or starts processes that have one.

    One that only needs some database, whichever it is, has run.
    """
    fixtures = getattr(item, "fixturenames", ())
    if item.get_closest_marker("sqlite_suffices"):
        return False
    marked = any(item.get_closest_marker(name) for name in ("django_db", "database"))
    return marked or _OWN_DATABASE in fixtures or not _DATABASE_FIXTURES.isdisjoint(fixtures)


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


@pytest.fixture(scope="session", autouse=True)
def _cheaply_emptied() -> None:
    emptying.empty_cheaply()
