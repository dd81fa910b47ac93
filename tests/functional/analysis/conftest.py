"""The worlds of tests/functional/domain, and a server to measure."""

from collections.abc import Iterator

import pytest

from tests.fakes.metrics.server import MetricServer, metric_server
from tests.functional.domain.conftest import operator, world

__all__ = ["metrics", "operator", "world"]


@pytest.fixture
def metrics() -> Iterator[MetricServer]:
    with metric_server() as server:
        yield server
