"""A tenant's deletion survives its workers being killed, and takes nothing of a neighbour."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.workers.processes import ROOT

pytestmark = pytest.mark.slow


def test_a_deletion_goes_on_after_every_kill(tmp_path: Path, database_url: str) -> None:
    environment = os.environ | {
        "KARGO_VAR_DIR": str(tmp_path),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
    }
    command = [sys.executable, "-m", "tests.functional.workers.deletion"]

    done = subprocess.run(  # noqa: S603 -- our own command
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.pop("kills") >= 1
    assert found == {
        "is_gone": True,
        "is_swept": True,
        "left": 0,
        "is_neighbour_whole": True,
        "last_acts": ["tenant.delete", "tenant.erase"],
        "is_audit_whole": True,
    }
