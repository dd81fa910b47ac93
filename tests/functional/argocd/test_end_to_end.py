"""Stages follow Argo CD while all of the platform runs, whatever becomes of their neighbours."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.workers.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.database]

PLANES, CHANGES = 8, 10
BOUND_SECONDS = 10.0
"""The aim is two seconds, of which a tenth is needed; the machine may be busy."""
STOP_SECONDS = 30.0
"""As ``KARGO_WORKER_STOP_SECONDS`` is by default."""
RATIO, GRACE_SECONDS = 4.0, 5.0
"""How much longer the others may take while one Argo CD is slow and one is dead: less than one
answer of the slow one is waited for."""


@pytest.fixture
def found(tmp_path: Path, database_url: str) -> dict[str, Any]:
    """What happened on an installation of its own, in a process of its own."""
    environment = os.environ | {
        "KARGO_VAR_DIR": str(tmp_path),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
    }
    script = "tests.functional.argocd.end_to_end"
    command = [sys.executable, "-m", script, str(PLANES), str(CHANGES)]
    done = subprocess.run(  # noqa: S603 -- our own command
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout)  # noqa: T201 -- the figures, for who asks with -s
    happened: dict[str, Any] = json.loads(done.stdout)
    return happened


def test_stages_follow_argo_cd_while_one_is_slow_one_is_dead_and_one_comes_back(
    found: dict[str, Any], record_property: Callable[[str, object], None]
) -> None:
    record_property("seconds", {key: found[key] for key in ("before", "after", "latencies")})

    assert found["latencies"]["max"] < BOUND_SECONDS, found
    for what, seconds in found["before"].items():
        assert found["after"][what] < seconds * RATIO + GRACE_SECONDS, (what, found)
    assert found["others"] == ["ready"]
    assert "Connection refused" in found["lost"]["issues"]
    assert found["lost"]["plane"] == "unreachable"
    assert (found["found"]["health"], found["found"]["plane"]) == ("Healthy", "ready")
    assert (found["exit_code"], found["leftovers"], found["tracebacks"]) == (0, [], 0)
    assert found["stop_seconds"] < STOP_SECONDS
