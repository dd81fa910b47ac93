"""Metrics, moments and responses that the tests of the providers share."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from common.jsontypes import JSONValue
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.inquiries import Inquiry

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def inquiry(
    kind: str, configuration: JSONValue = None, credentials: Mapping[str, str] | None = None
) -> Inquiry:
    metric = Metric("latency", interval="1m", provider={kind: configuration or {}})
    return Inquiry(metric, NOW, credentials or {})


def reply(document: JSONValue, *, status: int = 200) -> Response:
    return Response(status, json.dumps(document).encode())
