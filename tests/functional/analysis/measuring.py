"""Measures one metric through the gateway, over real HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from common.clock import now
from common.egress import EgressPolicy
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.tasks import Task, TaskKind
from promotions.gateways.metrics.exchange import Exchange
from promotions.gateways.metrics.sources import HttpMetricSources
from promotions.ports.metrics import Order
from tests.fakes.metrics.providers import sources as all_sources
from tests.fakes.metrics.server import (
    MetricServer,
    metric_server,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
POLICY = EgressPolicy.of(["127.0.0.1", "localhost"], deny_private=False)
AWS = {
    "access-key-id": "AKIDEXAMPLE",
    "secret-access-key": "wJalrXUtnFEMI",
    "region": "eu-west-1",
}


@pytest.fixture
def server() -> Iterator[MetricServer]:
    with metric_server(all_sources) as running:
        yield running


def gateway(**options: Any) -> HttpMetricSources:
    return HttpMetricSources(Exchange(POLICY, clock=now, **options), clock=now)


def measure(
    provider: dict[str, Any],
    *,
    success: str = "",
    credentials: dict[str, str] | None = None,
    source: HttpMetricSources | None = None,
    **fields: Any,
) -> Measurement:
    metric = Metric("m", success_condition=success, provider=provider, **fields)
    order = Order(Task(metric, TaskKind.MEASURE), NOON, credentials or {}, NOON)
    return (source or gateway()).measure(order).measurement


def told(measurement: Measurement) -> tuple[str, str, str]:
    return measurement.phase.value, measurement.value, measurement.message
