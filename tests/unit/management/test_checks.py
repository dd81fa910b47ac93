from pathlib import Path

import pytest
from pytest_django import Settings

from promotions.management.checks import FOLDERS_APART, check_folders

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system of its own, to look at and not to use


def test_folders_on_one_file_system_are_well(settings: Settings, tmp_path: Path) -> None:
    settings.WORK_DIR = str(tmp_path / "not" / "yet" / "work")
    settings.GIT_CACHE_DIR = str(tmp_path / "cache")

    assert check_folders(None) == []


def test_folders_on_two_file_systems_are_told(settings: Settings, tmp_path: Path) -> None:
    if not SHARED_MEMORY.exists() or SHARED_MEMORY.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has only one file system")
    settings.WORK_DIR = str(tmp_path / "work")
    settings.GIT_CACHE_DIR = str(SHARED_MEMORY / "cache")

    [warning] = check_folders(None)

    assert warning.id == FOLDERS_APART
    assert str(SHARED_MEMORY) in warning.msg
