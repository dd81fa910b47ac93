"""``http``: sends a request, and judges the response by expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.errors import InvalidError, PlatformError, UpstreamError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from common.redaction import redact
from promotions.engine.expressions.bare import BareExpression, compile_bare
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.environment import Environment
from promotions.engine.goquote import go_quote
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.http import HttpRequest, HttpResponse, HttpSender
from promotions.steps.support.http_response import environment, plain_json
from promotions.steps.support.http_schema import SCHEMA
from promotions.steps.support.web import duration, pairs, timeout
from promotions.steps.support.workdir import read_bytes, sanitise

MAX_BYTES = 2 * 1024 * 1024
"""Largest body, sent or received."""

DEFAULT_TIMEOUT = "10s"
DEFAULT_POLL_INTERVAL = "30s"
_SUCCESSES = range(200, 300)
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Http(StepDefaults):
    """Sends one request each time it is invoked, until the response succeeds or fails.

    Source: Kargo's ``http`` step; a bad status without expressions counts as an error here.
    """

    sender: HttpSender

    kind: ClassVar[str] = "http"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Send the request and judge the response.

        Raises:
            StepError: The request cannot be built or an expression does not compile (terminal),
                the exchange failed, or the response met the failure criteria (terminal).
        """
        request = _request(context)
        interval = duration(context.config, "pollInterval", default=DEFAULT_POLL_INTERVAL)
        response = self._sent(request)
        content_type = as_text(context.config.get("responseContentType"))
        try:
            names = Environment(
                environment(response, content_type=content_type),
                {"now": now_function(lambda: context.now)},
            )
            return _judged(response.status, context.config, names, interval=interval)
        except PlatformError as error:
            raise StepError(f"error evaluating the response: {error}") from error

    def would(self, context: StepContext) -> str:
        """Name the request, unless its method only reads."""
        request = _request(context)
        if request.method in _SAFE_METHODS:
            return ""
        return f"{request.method} {redact(request.url.partition('?')[0])}"

    def _sent(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.sender.send(request)
        except InvalidError as error:
            raise StepError(f"error building HTTP request: {error}", terminal=True) from error
        except UpstreamError as error:
            raise StepError(f"error sending HTTP request: {error}") from error


def _request(context: StepContext) -> HttpRequest:
    config = context.config
    return HttpRequest(
        method=as_text(config.get("method")) or "GET",
        url=as_text(config["url"]),
        timeout=timeout(config, default=DEFAULT_TIMEOUT),
        max_bytes=MAX_BYTES,
        headers=pairs(config.get("headers", ())),
        params=pairs(config.get("queryParams", ())),
        content=_content(context),
        verify_tls=config.get("insecureSkipTLSVerify") is not True,
        proxy=as_text(config.get("proxy")),
    )


def _content(context: StepContext) -> bytes:
    path = as_text(context.config.get("bodyFromFile"))
    if not path:
        content = as_text(context.config.get("body")).encode("utf-8")
        if len(content) > MAX_BYTES:
            raise StepError(f"the body is larger than {MAX_BYTES} bytes", terminal=True)
        return content
    try:
        return read_bytes(context.workdir, path, limit=MAX_BYTES)
    except (OSError, ValueError) as error:
        message = sanitise(f'error reading the body from "{path}": {error}', context.workdir)
        raise StepError(message, terminal=True) from error


def _judged(
    status: int, config: JSONObject, names: Mapping[str, object], *, interval: timedelta
) -> StepResult:
    """Return what the response means: failure counts first, then success, else ask again.

    Both criteria are looked at in any case, success first; what is not needed is not compiled.
    """
    succeeded = _criterion(config, "successExpression", names)
    failed = _criterion(config, "failureExpression", names)
    if failed:
        raise StepError(_failure(status, config, names), failed=True, terminal=True)
    if succeeded is None and failed is None:
        succeeded = status in _SUCCESSES
        if not succeeded:
            raise StepError(f"HTTP ({status}) response is not a success", failed=True)
    if succeeded:
        return StepResult(output=_outputs(config, names))
    return StepResult(status=StepStatus.RUNNING, retry_after=interval)


def _criterion(config: JSONObject, field: str, names: Mapping[str, object]) -> bool | None:
    """Return whether a criterion is met; ``None`` if it is not configured."""
    expression = _compiled(config, field)
    return None if expression is None else expression.evaluate_boolean(names)


def _failure(status: int, config: JSONObject, names: Mapping[str, object]) -> str:
    message = f"HTTP ({status}) response met failure criteria"
    expression = _compiled(config, "errorExpression")
    try:
        reason = expression.evaluate(names) if expression else None
    except PlatformError:
        reason = None
    return f"{message}: {go_quote(reason)}" if reason and isinstance(reason, str) else message


def _outputs(config: JSONObject, names: Mapping[str, object]) -> JSONObject:
    outputs: dict[str, JSONValue] = {}
    for index, entry in enumerate(map(as_object, as_list(config.get("outputs", ())))):
        path = f"config.outputs[{index}].fromExpression"
        expression = _compile(as_text(entry["fromExpression"]), path)
        outputs[as_text(entry["name"])] = plain_json(expression.evaluate(names))
    return outputs


def _compiled(config: JSONObject, field: str) -> BareExpression | None:
    text = as_text(config.get(field))
    return _compile(text, f"config.{field}") if text else None


def _compile(text: str, path: str) -> BareExpression:
    try:
        return compile_bare(text, path=path)
    except InvalidError as error:
        raise StepError(f"error compiling {error}", terminal=True) from error
