"""Evaluates what a generic webhook receiver asks of a request.

Source: Kargo ``pkg/webhook/external`` generic receiver.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from common.jsontypes import JSONValue
from promotions.engine.expressions.bare import compile_bare
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.templates import render_text
from promotions.engine.expressions.values import Function, as_text
from promotions.engine.urls import normalise_chart_url, normalise_git_url, normalise_image_url


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A request as expressions see it.

    Attributes:
        headers: Values in order, by name in any case.
        parameters: Values of the query string in order, by name.
        body: Parsed; ``None`` if it was empty.
    """

    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: JSONValue = None


def request_environment(
    request: WebhookRequest, *, parameters: Mapping[str, str] | None = None
) -> Mapping[str, object]:
    """Return what the expressions of one action see; ``parameters`` are the action's own."""
    headers = {name.lower(): list(values) for name, values in request.headers.items()}
    query = {name: list(values) for name, values in request.parameters.items()}
    return Environment(
        {
            "request": {
                "header": _reader("header", lambda name: _first(headers.get(name.lower()))),
                "headers": _reader("headers", lambda name: headers.get(name.lower(), [])),
                "params": _reader("params", lambda name: _first(query.get(name))),
                "body": request.body,
            },
            "normalizeGit": _reader("normalizeGit", normalise_git_url),
            "normalizeImage": _reader("normalizeImage", normalise_image_url),
            "normalizeChart": _reader("normalizeChart", normalise_chart_url),
            "params": dict(parameters or {}),
        },
        {},
    )


def request_matches(expression: str, env: Mapping[str, object], *, path: str) -> bool:
    """Return whether an action's ``whenExpression`` holds; an empty one does.

    Args:
        expression: Bare, without delimiters.
        env: As :func:`request_environment` gives it.
        path: Where the expression stands in the manifest.

    Raises:
        FieldExpressionError: It is malformed, fails or does not come to true or false.
    """
    return not expression or compile_bare(expression, path=path).evaluate_boolean(env)


def selection_text(template: str, env: Mapping[str, object], *, path: str) -> str:
    """Return a name, label value or index value of a target selection criterion.

    Raises:
        FieldExpressionError: An expression fails, or the template does not come to a string.
    """
    value = render_text(template, env, path=path)
    if not isinstance(value, str):
        reason = "the template must come to a string; use quote()"
        raise FieldExpressionError(reason, path=path, expression=template)
    return value


def _reader(name: str, read: Callable[[str], object]) -> Function:
    return Function(name, lambda arguments: read(as_text(arguments[0])), 1, 1, ("string",))


def _first(values: Sequence[str] | None) -> str:
    return values[0] if values else ""
