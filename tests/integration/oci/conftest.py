"""Registries, real and in memory, and the OCI steps that may speak to them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.memory_registry import Running, memory_registry
from tests.fakes.oci_registry import Registry, running_registry
from tests.integration.oci.worlds import Steps

REGISTRIES = ("registry", "guarded", "source", "target")


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real registry."""
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A real registry with passwords."""
    with running_registry(tmp_path_factory.mktemp("guarded"), with_auth=True) as running:
        yield running


@pytest.fixture
def source() -> Iterator[Running]:
    """A registry in memory to read from."""
    with memory_registry() as running:
        yield running


@pytest.fixture
def target() -> Iterator[Running]:
    """A registry in memory to push to."""
    with memory_registry() as running:
        yield running


@pytest.fixture
def steps(tmp_path: Path, request: pytest.FixtureRequest) -> Steps:
    """The OCI steps; they know the registries that the test asks for."""
    asked = [name for name in REGISTRIES if name in request.fixturenames]
    return Steps(tmp_path, frozenset(request.getfixturevalue(name).host for name in asked))
