from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.github_site import running_site
from tests.unit.steps.github_steps import Steps


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Steps]:
    with running_site(tmp_path) as site:
        yield Steps(site, tmp_path)
