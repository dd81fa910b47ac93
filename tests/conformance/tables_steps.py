"""Runs the table cases of promotion steps and of the fields in manifests."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from common.http import header_map
from common.jsontypes import JSONObject
from promotions.engine.filenames import is_plain_file_name
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.regexes import compile_regex
from promotions.engine.runner import StepContext, StepError
from promotions.ports.http import HttpResponse
from promotions.steps.http import Http
from tests.conformance.vectors import Case
from tests.fakes.http_sender import CannedSender

_FIELDS = {
    "success_expression": "successExpression",
    "failure_expression": "failureExpression",
    "error_expression": "errorExpression",
    "response_content_type": "responseContentType",
}


def _http(case: Case) -> object:
    http, expect = case["http"], case["expect"]
    response = HttpResponse(
        http["status"], header_map(http["headers"].items()), http["body"].encode()
    )
    try:
        result = Http(CannedSender(response)).run(_context(_http_config(http)))
    except StepError as error:
        status = "Failed" if error.failed else "Errored"
        shown = {"message": error.message} if "message" in expect else {}
        return {"status": status, "terminal": error.terminal, **shown}
    outputs = {"outputs": result.output or {}} if "outputs" in expect else {}
    return {"status": result.status, **outputs}


def _http_config(http: Mapping[str, Any]) -> JSONObject:
    config: dict[str, Any] = {name: http[key] for key, name in _FIELDS.items() if key in http}
    outputs = [
        {"name": it["name"], "fromExpression": it["from_expression"]}
        for it in http.get("outputs") or ()
    ]
    return {"url": "https://example.com", **config, "outputs": outputs}


def _context(config: JSONObject) -> StepContext:
    return StepContext(
        workdir="/nonexistent",
        alias="step-1",
        config=config,
        tenant_uid="tenant",
        project="project",
        stage="stage",
        promotion="promotion",
        promotion_uid="uid",
        target_freight=FreightReference("freight", FreightOrigin("warehouse")),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _fits_field(case: Case) -> object:
    """Apply the case's own pattern; ``test_field_formats`` holds our schema against the cases."""
    text, longest = case["input"], case.get("max_length")
    is_short = not longest or len(text) <= longest
    return is_short and compile_regex(case["regex"]).search(text) is not None


VALUES: dict[str, Callable[[Case], object]] = {"field_pattern": _fits_field}
WHOLES: dict[str, Callable[[Case], object]] = {
    "http_step": _http,
    "resource_filename": lambda case: {"valid": is_plain_file_name(case["input"])},
}
