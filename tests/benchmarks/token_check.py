"""Measures what telling who calls costs: from a bearer token to an actor with their grants.

``python -m tests.benchmarks.token_check`` runs on the configured database (``DATABASE_URL``, else a
temporary SQLite) with 10,000 tokens in it. The baseline is the one query that cannot be done
without: a row read by an indexed column.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta

TOKENS, SAMPLES = 10_000, 1_000
LIMIT_MS = 1.0

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "kargo_platform.settings.main"
    import django

    django.setup()

from django.core.management import call_command  # noqa: E402 -- needs the setup above
from django.db import connection  # noqa: E402

from common.clock import now  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from rbac.models import ApiToken, ServiceAccount  # noqa: E402
from rbac.selectors import actor_for_account, authenticate_token  # noqa: E402
from rbac.services import issue_role_token, make_project_roles  # noqa: E402
from tests.factories.domain import make_project  # noqa: E402


def main() -> int:
    """Print the table; return 1 if the median misses the aim."""
    call_command("migrate", verbosity=0)
    plaintext, prefix = populate()

    def row() -> None:
        ApiToken.objects.get(prefix=prefix)

    def token() -> None:
        authenticate_token(plaintext, now=now())

    def actor() -> None:
        found = authenticate_token(plaintext, now=now())
        assert found.service_account is not None
        assert actor_for_account(found.service_account, address="").grants

    _say(f"database: {connection.vendor}; {TOKENS} tokens")
    floor = _measure("one row (baseline)", row)
    checked = _measure("token checked", token)
    whole = _measure("actor with its grants", actor)
    _say(f"ratio to one row: checked {checked / floor:.1f}, whole {whole / floor:.1f}")
    is_met = checked < LIMIT_MS
    _say(f"aim: a token checked within {LIMIT_MS:g} ms: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


def populate() -> tuple[str, str]:
    """Make many tokens of roles; return one of them, and what it is found by."""
    project, actor, at = make_project(), operator_at_console("bench"), now()
    where = {"tenant_uid": project.tenant.uid, "project_uid": project.uid}
    make_project_roles(**where, namespace=project.name, creator=actor, now=at)
    account = ServiceAccount.objects.get(**where, name="kargo-viewer")
    ApiToken.objects.bulk_create(
        ApiToken(
            service_account=account,
            namespace=project.name,
            name=f"token-{number}",
            prefix=f"{number:016x}",
            digest=f"{number:064x}",
            tenant_uid=project.tenant.uid,
        )
        for number in range(TOKENS)
    )
    ends = at + timedelta(days=1)
    token, plaintext = issue_role_token(account, name="ci", expires_at=ends, actor=actor, now=at)
    return plaintext, token.prefix


def _measure(name: str, work: Callable[[], None]) -> float:
    """Print how long one call takes and return the median, in milliseconds."""
    samples = []
    for _ in range(SAMPLES):
        began = time.perf_counter()
        work()
        samples.append((time.perf_counter() - began) * 1000)
    samples.sort()
    median, tail = statistics.median(samples), samples[int(len(samples) * 0.95)]
    _say(f"{name:<24} n={SAMPLES}  median {median:6.3f} ms  p95 {tail:6.3f} ms")
    return median


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a benchmark prints


if __name__ == "__main__":
    sys.exit(main())
