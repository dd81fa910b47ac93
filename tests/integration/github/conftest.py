from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github_site import GitHubSite, running_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GitHubSite]:
    with running_site(tmp_path, has_git=True) as running:
        yield running
