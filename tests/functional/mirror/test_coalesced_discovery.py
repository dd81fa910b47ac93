"""What two hundred Warehouses cost the host of the one repository that they watch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.workers.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.database]

_LONGEST_SECONDS = 400


def test_two_hundred_warehouses_see_one_change_for_at_most_two_fetches(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _run(tmp_path, database_url)

    phases = found["phases"]
    assert isinstance(phases, dict)
    with capsys.disabled():
        sys.stdout.write(f"\n200 warehouses on one repository: {phases}\n")
    assert [it["is_done"] for it in phases.values()] == [True] * 3, found
    assert [it["fetches"] <= 2 for it in phases.values()] == [True] * 3, found
    for phase in phases.values():
        listings = phase["talks"] - phase["fetches"]
        assert listings <= 4 + phase["seconds"] / 10, found
    assert (found["freight"], found["exit_codes"]) == (600, [0, 0])


def _run(folder: Path, database_url: str) -> dict[str, object]:
    environment = os.environ | {
        "KARGO_VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
    }
    (folder / "var").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.functional.mirror.scenario"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found
