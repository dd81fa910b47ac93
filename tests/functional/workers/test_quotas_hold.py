"""Quotas hold when a hundred requests go for what is left at once, on either database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.workers.processes import ROOT

pytestmark = pytest.mark.slow

Race = Callable[[str], dict[str, Any]]


@pytest.fixture
def race(tmp_path: Path, database_url: str) -> Race:
    """Run a race in a process of its own, and return what came of it."""

    def run(name: str) -> dict[str, Any]:
        environment = os.environ | {"KARGO_VAR_DIR": str(tmp_path), "DATABASE_URL": database_url}
        environment["DJANGO_SETTINGS_MODULE"] = "kargo_platform.settings.main"
        command = [sys.executable, "-m", "tests.functional.workers.races", name]
        done = subprocess.run(  # noqa: S603 -- our own command
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def test_ten_of_a_hundred_projects_get_in(race: Race) -> None:
    found = race("projects")

    assert found == {"came": {"done": 10, "quota_exceeded": 90}, "there": 10}


def test_ten_of_a_hundred_stages_get_in(race: Race) -> None:
    found = race("stages")

    assert found == {"came": {"done": 10, "quota_exceeded": 90}, "there": 10}


def test_no_more_is_stored_than_may_be_and_every_byte_is_counted(race: Race) -> None:
    found = race("storage")

    assert found["is_within"]
    assert found["is_exact"]
    assert 8 <= found["came"]["done"] <= 10


def test_ten_of_a_hundred_promotions_run_and_the_others_wait(race: Race) -> None:
    found = race("promotions")

    assert found == {"came": {"done": 100}, "running": 10}
