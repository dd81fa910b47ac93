"""On a real database, with its own process for each writer: the audit only ever grows."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import psycopg
import pytest

from tests.functional.rbac.audit_writers import THREADS
from tests.postgres import throwaway_postgres

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PROCESSES = 2
EACH = 12

EVENT, CHAIN, POINT = "rbac_auditevent", "rbac_auditchain", "rbac_auditcheckpoint"
FORGED = (
    f"INSERT INTO {EVENT} (uid, tenant_uid, sequence, at, actor, address, action, kind,"  # noqa: S608 - a constant
    " object_name, reason, previous_hash, hash)"
    " SELECT gen_random_uuid(), tenant_uid, {sequence}, at, 'x', '', 'x', 'x', '', '', '', ''"
    f" FROM {EVENT} WHERE sequence = 1"
)


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is no test's own: nothing is let through for tests."""

    url: str
    environment: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own programs
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


def database(url: str, folder: Path) -> Database:
    settings = {"DATABASE_URL": url, "KARGO_VAR_DIR": str(folder)}
    settings["DJANGO_SETTINGS_MODULE"] = "kargo_platform.settings.main"
    found = Database(url, os.environ | settings)
    migrated = found.run("manage.py", "migrate", "--verbosity=0")
    assert migrated.returncode == 0, migrated.stderr
    return found


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with throwaway_postgres() as url:
        found = database(url, tmp_path_factory.mktemp("postgres"))
        written = found.run("-m", "tests.functional.rbac.audit_writers", "1")
        assert written.returncode == 0, written.stderr
        yield found


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Database:
    folder = tmp_path_factory.mktemp("sqlite")
    return database(f"sqlite:///{folder / 'audit.sqlite3'}", folder)


@pytest.mark.parametrize("kind", ["postgres", "sqlite"])
def test_many_writers_at_once_keep_the_chain_whole(
    kind: str, request: pytest.FixtureRequest
) -> None:
    where: Database = request.getfixturevalue(kind)
    before = length_of(where)
    writers = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "tests.functional.rbac.audit_writers", str(EACH)],
            cwd=ROOT,
            env=where.environment,
        )
        for _ in range(PROCESSES)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0] * PROCESSES

    verified = where.run("manage.py", "verify_audit", "--write-anchor", "-")

    assert verified.returncode == 0, verified.stderr
    assert "platform: intact" in verified.stderr
    assert length_of(where) == before + PROCESSES * THREADS * EACH


def length_of(where: Database) -> int:
    """Return how many events the platform's chain has, by an anchor of it."""
    anchors = where.run("manage.py", "verify_audit", "--write-anchor", "-").stdout.splitlines()
    return sum(json.loads(it)["length"] for it in anchors if it.startswith("{"))


@pytest.fixture(scope="module")
def app(postgres: Database) -> Iterator[psycopg.Connection]:
    """A connection as the platform has one, with every right on tables but not their owner."""
    with psycopg.connect(postgres.url, autocommit=True) as owner:
        owner.execute("CREATE ROLE kargo_app_test")
        owner.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO kargo_app_test")
        owner.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO kargo_app_test")
        owner.execute("SET ROLE kargo_app_test")
        yield owner


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {EVENT} SET actor = 'x' WHERE sequence = 1",  # noqa: S608
        f"UPDATE {EVENT} SET reason = reason",  # noqa: S608
        f"DELETE FROM {EVENT} WHERE sequence = 1",  # noqa: S608
        f"DELETE FROM {EVENT}",  # noqa: S608
        f"TRUNCATE {EVENT}",
        f"TRUNCATE {CHAIN}, {EVENT}, {POINT} CASCADE",
        FORGED.format(sequence=0),
        FORGED.format(sequence=999_999),
        FORGED.format(sequence="(SELECT max(length) + 1 FROM rbac_auditchain)"),
        f"UPDATE {CHAIN} SET length = length - 1",  # noqa: S608
        f"UPDATE {CHAIN} SET length = length + 1",  # noqa: S608
        f"UPDATE {CHAIN} SET head = 'x'",  # noqa: S608
        f"UPDATE {CHAIN} SET tenant_uid = gen_random_uuid()",  # noqa: S608
        f"DELETE FROM {CHAIN}",  # noqa: S608
        f"TRUNCATE {CHAIN}",
        f"INSERT INTO {CHAIN} VALUES (gen_random_uuid(), 3, 'x', '')",  # noqa: S608
        f"UPDATE {POINT} SET length = 1",  # noqa: S608
        f"DELETE FROM {POINT}",  # noqa: S608
        f"TRUNCATE {POINT}",
        f"ALTER TABLE {EVENT} DISABLE TRIGGER USER",
        f"DROP TRIGGER audit_event_stays ON {EVENT}",
        (
            "CREATE OR REPLACE FUNCTION rbac_audit_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NULL; END $$"
        ),
        f"DROP TABLE {EVENT}",
    ],
)
def test_the_platforms_role_cannot_alter_what_is_there(
    app: psycopg.Connection, statement: str
) -> None:
    before = app.execute(f"SELECT * FROM {EVENT} ORDER BY id").fetchall()  # noqa: S608
    assert before

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)

    assert app.execute(f"SELECT * FROM {EVENT} ORDER BY id").fetchall() == before  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {EVENT} SET actor = 'x'",  # noqa: S608
        f"DELETE FROM {EVENT}",  # noqa: S608
        f"TRUNCATE {EVENT}",
    ],
)
def test_nor_does_the_owner_by_mistake(postgres: Database, statement: str) -> None:
    with (
        psycopg.connect(postgres.url, autocommit=True) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        owner.execute(statement)


def test_the_rules_can_be_taken_away_and_put_back(postgres: Database) -> None:
    migration = import_module("rbac.migrations.0003_audit")
    with psycopg.connect(postgres.url) as owner:
        owner.execute(migration.AS_BEFORE)
        owner.execute(f"UPDATE {EVENT} SET actor = 'x'")  # noqa: S608
        owner.execute(migration.APPEND_ONLY)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            owner.execute(f"UPDATE {EVENT} SET actor = 'x'")  # noqa: S608
        owner.rollback()
