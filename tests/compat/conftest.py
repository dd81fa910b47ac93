"""Real tools, a real registry and the platform's reconcilers, for what people bring from Kargo."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from promotions import wiring
from tests import install_tools
from tests.compat.hosts import LOOPBACK, Hosts, resolve_to_loopback, serving_hosts
from tests.compat.scene import Scene
from tests.fakes.oci_registry import Registry, running_registry
from tests.functional.domain.conftest import build

TOOLS = "v37"


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of helm and kubectl; only where CI does not run may it be missing."""
    try:
        install_tools.install()
    except subprocess.CalledProcessError:
        if "CI" in os.environ:
            raise
        pytest.skip("helm and kustomize could not be downloaded: see tests/install-tools")
    return install_tools.TOOLS / TOOLS


@pytest.fixture
def hosts(
    tmp_path: Path, registry: Registry, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hosts]:
    with serving_hosts(tmp_path / "hosts", registry=registry, helm=tools / "helm") as running:
        resolve_to_loopback(monkeypatch, running.faces)
        yield running


@pytest.fixture
def operator(settings: Settings, tmp_path: Path, tools: Path, hosts: Hosts) -> Iterator[Settings]:
    """An installation that may speak to the hosts that examples name."""
    settings.GIT_CACHE_DIR = str(tmp_path / "git")
    settings.WORK_DIR = str(tmp_path / "work")
    settings.HELM_PATH = str(tools / "helm")
    settings.KUBECTL_PATH = str(tools / "kubectl")
    settings.EGRESS_ALLOWED_HOSTS = [LOOPBACK, *hosts.faces]
    settings.INSECURE_REGISTRIES = hosts.insecure_registries
    settings.ALLOW_CREDENTIALS_OVER_HTTP = True
    settings.SLACK_API_URL = hosts.local_text("https://slack.com/api")
    yield settings
    for made in vars(wiring).values():
        if hasattr(made, "cache_clear"):
            made.cache_clear()


@pytest.fixture
def scene(db: None, operator: Settings, hosts: Hosts) -> Scene:
    """A project and the platform's reconcilers, with nothing in them."""
    return Scene(build(operator), hosts)
