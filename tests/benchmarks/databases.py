"""Runs a benchmark once on each database that the platform supports, each time from scratch."""

import os
import sys
import tempfile

from tests.benchmarks.bounded import run_bounded
from tests.postgres import throwaway_postgres

LONGEST_SECONDS = 240


def on_each_database(module: str, *arguments: str) -> int:
    """Run ``module`` on a new SQLite and on a new PostgreSQL; return the greater exit code.

    If ``DATABASE_URL`` is set, only there. What takes too long is ended and counts as failed.
    """
    if os.environ.get("DATABASE_URL"):
        return _on(os.environ["DATABASE_URL"], module, arguments)
    with tempfile.TemporaryDirectory(prefix="kargo-bench-db-") as folder:
        codes = [_on(f"sqlite:///{folder}/kargo.sqlite3", module, arguments)]
    with throwaway_postgres() as url:
        codes.append(_on(url, module, arguments))
    return max(codes)


def _on(url: str, module: str, arguments: tuple[str, ...]) -> int:
    prefix = "kargo-bench-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        environment = os.environ | {"DATABASE_URL": url, "KARGO_VAR_DIR": folder}
        code = run_bounded([module, *arguments], seconds=LONGEST_SECONDS, environment=environment)
    if code is None:
        sys.stdout.write(f"ended after {LONGEST_SECONDS} s\n")
    return 1 if code is None else code
