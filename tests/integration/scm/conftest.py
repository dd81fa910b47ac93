from collections.abc import Iterator
from pathlib import Path

import pytest

from promotions.engine.scm.providers import GitProvider
from tests.integration.scm.hosts import PROVIDERS, Host, hosting


@pytest.fixture(params=PROVIDERS, ids=str)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    with hosting(GitProvider(request.param), tmp_path) as host:
        yield host


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Host]:
    with hosting(GitProvider.AZURE, tmp_path) as host:
        yield host


@pytest.fixture
def bitbucket(tmp_path: Path) -> Iterator[Host]:
    with hosting(GitProvider.BITBUCKET, tmp_path) as host:
        yield host


@pytest.fixture
def gitea(tmp_path: Path) -> Iterator[Host]:
    with hosting(GitProvider.GITEA, tmp_path) as host:
        yield host


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Host]:
    with hosting(GitProvider.GITLAB, tmp_path) as host:
        yield host
