"""``http``: sends a request, and judges the response by expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.errors import InvalidError, PlatformError, UpstreamError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.builtins.dates import parse_duration
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.language import Expression, compile_expression
from promotions.engine.runner import Effect, StepContext, StepError, StepResult, StepStatus
from promotions.ports.http import HttpRequest, HttpResponse, HttpSender
from promotions.steps.support.gotext import double_quoted
from promotions.steps.support.http_response import environment, plain_json
from promotions.steps.support.http_schema import SCHEMA
from promotions.steps.support.workdir import read_bytes, sanitise

MAX_BYTES = 2 * 1024 * 1024
"""Largest body, sent or received."""

DEFAULT_TIMEOUT = "10s"
DEFAULT_POLL_INTERVAL = "30s"
_SUCCESSES = range(200, 300)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """The step's expressions, compiled; one that is not configured is ``None``."""

    success: Expression | None
    failure: Expression | None
    error: Expression | None
    outputs: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True)
class Http:
    """Sends one request each time it is invoked, until the response succeeds or fails.

    Source: Kargo's ``http`` step; a bad status without expressions counts as an error here.
    """

    sender: HttpSender

    kind: ClassVar[str] = "http"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING
    propagates_output: ClassVar[bool] = False
    default_timeout: ClassVar[timedelta | None] = None
    default_error_threshold: ClassVar[int] = 1

    def run(self, context: StepContext) -> StepResult:
        """Send the request and judge the response.

        Raises:
            StepError: The request cannot be built or an expression does not compile (terminal),
                the exchange failed, or the response met the failure criteria (terminal).
        """
        request = _request(context)
        judgement = _judgement(context.config)
        interval = _seconds(context.config, "pollInterval", DEFAULT_POLL_INTERVAL)
        response = self._sent(request)
        content_type = as_text(context.config.get("responseContentType"))
        try:
            names = environment(response, content_type=content_type)
            return _judged(response.status, judgement, names, interval=interval)
        except PlatformError as error:
            raise StepError(f"error evaluating the response: {error}") from error

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
        timeout=_seconds(config, "timeout", DEFAULT_TIMEOUT),
        max_bytes=MAX_BYTES,
        headers=_pairs(config.get("headers", ())),
        params=_pairs(config.get("queryParams", ())),
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


def _pairs(entries: JSONValue) -> tuple[tuple[str, str], ...]:
    objects = map(as_object, as_list(entries))
    return tuple((as_text(it["name"]), as_text(it["value"])) for it in objects)


def _seconds(config: JSONObject, field: str, default: str) -> timedelta:
    text = as_text(config.get(field)) or default
    try:
        nanoseconds = parse_duration(text).ns
        return timedelta(microseconds=nanoseconds / 1000)
    except OperandError as error:
        raise StepError(f'{field} "{text}" is not a duration', terminal=True) from error


def _judgement(config: JSONObject) -> _Judgement:
    outputs = map(as_object, as_list(config.get("outputs", ())))
    return _Judgement(
        success=_compiled(config, "successExpression"),
        failure=_compiled(config, "failureExpression"),
        error=_compiled(config, "errorExpression"),
        outputs=tuple(
            (as_text(it["name"]), _compile(as_text(it["fromExpression"]), as_text(it["name"])))
            for it in outputs
        ),
    )


def _compiled(config: JSONObject, field: str) -> Expression | None:
    text = as_text(config.get(field))
    return _compile(text, field) if text else None


def _compile(text: str, name: str) -> Expression:
    try:
        return compile_expression(text)
    except InvalidError as error:
        raise StepError(f"error compiling {name}: {error}", terminal=True) from error


def _judged(
    status: int,
    judgement: _Judgement,
    names: Mapping[str, object],
    *,
    interval: timedelta,
) -> StepResult:
    """Return what the response means: failure first, then success, else ask again."""
    if _is_true(judgement.failure, names, "failureExpression"):
        raise StepError(_failure(status, judgement.error, names), failed=True, terminal=True)
    if judgement.success is None and judgement.failure is None:
        if status not in _SUCCESSES:
            raise StepError(f"HTTP ({status}) response is not a success", failed=True)
        return StepResult(output=_outputs(judgement, names))
    if _is_true(judgement.success, names, "successExpression"):
        return StepResult(output=_outputs(judgement, names))
    return StepResult(status=StepStatus.RUNNING, retry_after=interval)


def _is_true(expression: Expression | None, names: Mapping[str, object], field: str) -> bool:
    if expression is None:
        return False
    value = expression.evaluate(names)
    if not isinstance(value, bool):
        raise InvalidError(f"{field} gave something other than true or false")
    return value


def _failure(status: int, expression: Expression | None, names: Mapping[str, object]) -> str:
    message = f"HTTP ({status}) response met failure criteria"
    try:
        reason = expression.evaluate(names) if expression else None
    except PlatformError:
        reason = None
    return f"{message}: {double_quoted(reason)}" if reason and isinstance(reason, str) else message


def _outputs(judgement: _Judgement, names: Mapping[str, object]) -> JSONObject:
    return {name: plain_json(it.evaluate(names)) for name, it in judgement.outputs}
