"""Databases for processes that a test starts: migrated once, and copied for each test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.servers import environment_of, run


@pytest.fixture(scope="session")
def blank_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation on SQLite keeps before anybody has used it; to be copied."""
    folder = tmp_path_factory.mktemp("blank")
    environment = environment_of(folder)
    run("manage.py", "migrate", "--verbosity=0", environment=environment)
    run("manage.py", "collectstatic", "--noinput", "--verbosity=0", environment=environment)
    return folder


@pytest.fixture
def database_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database without rows, of the kind that the suite runs on."""
    if _server():
        with _database(template=request.getfixturevalue("_blank_postgres")) as name:
            yield _address(name)
        return
    database = tmp_path / "kargo.sqlite3"
    shutil.copy(request.getfixturevalue("blank_folder") / database.name, database)
    yield f"sqlite:///{database}"


@pytest.fixture(scope="session")
def _blank_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated database to which nobody is connected."""
    with _database(template="template1") as name:
        settings = {"DATABASE_URL": _address(name)}
        environment = environment_of(tmp_path_factory.mktemp("blank"), **settings)
        run("manage.py", "migrate", "--verbosity=0", environment=environment)
        yield name


@contextmanager
def _database(*, template: str) -> Iterator[str]:
    name = f"kargo_{uuid4().hex[:12]}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield name
    finally:
        with psycopg.connect(_server(), autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))


def _server() -> str:
    """Return the address of the suite's PostgreSQL; empty if it runs on SQLite."""
    address = os.environ.get("DATABASE_URL", "")
    return address if address.startswith("postgres") else ""


def _address(name: str) -> str:
    return urlsplit(_server())._replace(path=f"/{name}").geturl()
