"""What the runners of metric providers have in common: taking a measurement and showing it."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from common.errors import PlatformError
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.measuring import failed, measured
from promotions.engine.analysis.providers.results import Result

Document = Mapping[str, Any]
Runner = Callable[[Document], Document]

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def metric_of(document: Document, kind: str, configuration: Document) -> Metric:
    return Metric(
        name="metric",
        success_condition=document.get("successCondition") or "",
        failure_condition=document.get("failureCondition") or "",
        provider={kind: configuration},
    )


def measure(document: Document, inquiry: Inquiry, find: Callable[[], Result]) -> Measurement:
    """Take a measurement; ``queryError`` is what the client said instead of an answer."""
    begun = Measurement(started_at=inquiry.now)
    try:
        if problem := document.get("queryError"):
            raise ResponseError(problem)
        return measured(inquiry.metric, find(), begun=begun, now=inquiry.now)
    except PlatformError as error:
        return failed(begun, error, now=inquiry.now)


def shown(measurement: Measurement) -> dict[str, Any]:
    return {
        "phase": measurement.phase,
        "value": measurement.value,
        "message": measurement.message,
        "metadata": measurement.metadata,
        "finished": measurement.finished_at is not None,
        "resumeAtSet": measurement.resume_at is not None,
    }


def answer(document: Document) -> Response:
    """Return the response that a case describes."""
    response = document.get("response") or {}
    return Response(response.get("status", 200), (response.get("body") or "").encode())


def json_answer(document: object, *, status: int = 200) -> Response:
    return Response(status, json.dumps(document).encode())
