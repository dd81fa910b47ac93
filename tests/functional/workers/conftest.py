"""Installations for real workers: a database of their own, of the suite's kind."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.functional.workers.processes import ROOT

Scenario = Callable[[str], dict[str, object]]


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of the kind that the suite runs on."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'kargo.sqlite3'}"
        return
    name = f"workers_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture
def run_scenario(tmp_path: Path, database_url: str) -> Scenario:
    """Run a scenario in a process of its own, and return what it found."""

    def run(name: str) -> dict[str, object]:
        environment = os.environ | {
            "KARGO_VAR_DIR": str(tmp_path),
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
        }
        command = [sys.executable, "-m", "tests.functional.workers.scenarios", name]
        done = subprocess.run(  # noqa: S603 -- our own command
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found

    return run
