"""Real promotions by real workers, of which any process may be killed at any moment."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.workers.processes import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.database]

_LONGEST_SECONDS = 300


def test_every_stage_gets_every_change_once_and_in_order_while_processes_are_killed(
    tmp_path: Path, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _run(tmp_path, database_url)

    with capsys.disabled():
        sys.stdout.write(
            f"\n{found['database']}: 100 promotions in {found['seconds']} s, "
            f"killed {found['kills']}\n"
        )
    assert found["is_done"], json.dumps(found, indent=1)
    assert found["phases"] == {"Succeeded": 100}
    assert found["problems"] == []
    assert found["most_running"] == 1
    assert found["fences_fell"] == []
    assert (found["is_settled"], found["leftovers"], found["exit_codes"]) == (True, [], [0, 0])
    assert found["kills"], "nobody was killed, so nothing was proved"


def _run(folder: Path, database_url: str) -> dict[str, object]:
    environment = os.environ | {
        "KARGO_VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
    }
    (folder / "var").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.functional.chaos.scenario"],
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
