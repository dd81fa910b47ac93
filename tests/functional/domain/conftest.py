"""A world to reconcile in, real repositories, and a real registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from projects.models import Project
from promotions import wiring
from tests.factories.domain import make_project
from tests.fakes.git_origin import Origin
from tests.fakes.oci_registry import Registry, running_registry
from tests.functional.domain.world import World


def _forget() -> None:
    """Make the wiring put everything together anew, from the settings as they are now."""
    for made in vars(wiring).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@pytest.fixture
def operator(settings: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The installation's settings: local repositories and loopback are allowed."""
    settings.GIT_ALLOW_LOCAL = True
    settings.GIT_CACHE_DIR = str(tmp_path / "git")
    settings.WORK_DIR = str(tmp_path / "work")
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    settings.ALLOW_CREDENTIALS_OVER_HTTP = True
    _forget()
    yield settings
    _forget()


@pytest.fixture
def world(db: None, operator: Settings) -> World:
    """A project and the platform's reconcilers."""
    return build(operator)


@pytest.fixture
def demo(world: World) -> World:
    """A world with a Warehouse, which nothing has been found for."""
    world.warehouse()
    return world


def build(operator: Settings, *, project: Project | None = None) -> World:
    """Return a world whose reconcilers know the settings as they are now."""
    _forget()
    return World.create(
        project or make_project("demo"),
        wiring.reconcilers(),
        wiring.engine(),
        wiring.step_registry(),
        work_dir=Path(operator.WORK_DIR),
    )


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    """A bare repository with one commit on ``main``."""
    return Origin.create(tmp_path / "origin.git")


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real registry for the whole session; use a repository name of your own."""
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running
