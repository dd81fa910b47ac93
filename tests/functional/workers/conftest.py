"""Scenarios for real workers, on a database of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.workers.processes import ROOT

Scenario = Callable[[str], dict[str, object]]


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
