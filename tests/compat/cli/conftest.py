"""A server for each module of tests, on a copy of one scene."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.cli import live, models
from tests.compat.cli.live import Site


@pytest.fixture(scope="session")
def seeded(
    blank_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A database with the scene in it, and what the director says of it."""
    if not models.described():
        pytest.skip(f"no description of Kargo's API at {models.SWAGGER}")
    folder = tmp_path_factory.mktemp("seeded")
    return folder, live.seed(blank_folder, folder)


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, seeded: tuple[Path, dict[str, Any]]
) -> Iterator[Site]:
    """A server of this module's own: what one test changes, the next one finds."""
    with live.site(tmp_path_factory.mktemp("site"), *seeded) as found:
        yield found
