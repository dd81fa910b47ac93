"""Puts the values of arguments where a metric says ``{{args.name}}``.

A metric is written as JSON, the tags in it are replaced, and it is read back: every string is a
template, keys included. Values are inserted once; a tag inside a value is plain text.

Source: Argo Rollouts ``utils/template`` and ``utils/analysis`` ResolveMetricArgs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from common.errors import InvalidError
from promotions.engine.analysis.arguments import Argument
from promotions.engine.analysis.metrics import Metric, read_metric, write_metric
from promotions.engine.analysis.wire import Reader
from promotions.engine.goquote import go_quote

SECRET_STAND_IN = "temp-for-secret"  # noqa: S105  it stands for a secret, it is none
LARGEST_RESOLVED = 4 * 1024 * 1024
"""Characters that a template may come to."""

_OPEN = "{{"
_CLOSE = "}}"
_SPACE = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def resolve_arguments(template: str, arguments: Sequence[Argument]) -> str:
    """Return the template with ``{{args.x}}`` replaced; spaces inside the braces do not count.

    Raises:
        InvalidError: A tag is not closed or names no argument, or an argument has no value,
            even one that no tag names. Of several unknown tags the last is told.
    """
    texts, tags = _parsed(template)
    values = _values_of(arguments)
    for tag in reversed(tags):
        if tag.strip(_SPACE) not in values:
            raise InvalidError(f"failed to resolve {{{{{tag}}}}}")
    inserted = [values[tag.strip(_SPACE)] for tag in tags]
    if len(template) + sum(map(len, inserted)) > LARGEST_RESOLVED:
        raise InvalidError(f"the arguments make more than {LARGEST_RESOLVED} characters")
    pairs = zip(texts, [*inserted, ""], strict=True)
    return "".join(part for pair in pairs for part in pair)


def resolve_quoted_arguments(template: str, arguments: Sequence[Argument]) -> str:
    """Return the template, a JSON text, with values escaped for the strings they stand in.

    Raises:
        InvalidError: As :func:`resolve_arguments`.
    """
    quoted = [replace(it, value=_escaped(it.value)) for it in arguments]
    return resolve_arguments(template, quoted)


def resolve_metric(metric: Metric, arguments: Sequence[Argument]) -> Metric:
    """Return the metric with its arguments replaced.

    Raises:
        InvalidError: As :func:`resolve_arguments`.
    """
    resolved = resolve_quoted_arguments(_metric_text(metric), arguments)
    try:
        document = json.loads(resolved)
    except (ValueError, RecursionError) as error:
        raise InvalidError(f"the resolved metric is not JSON: {error}") from error
    return read_metric(Reader.of(document))


def resolve_without_secrets(
    metrics: Sequence[Metric], arguments: Sequence[Argument]
) -> tuple[Metric, ...]:
    """Return the metrics as they are to be checked: stand-ins where secrets will be.

    Raises:
        InvalidError: As :func:`resolve_arguments`.
    """
    known = [_with_stand_in(argument) for argument in arguments]
    return tuple(resolve_metric(metric, known) for metric in metrics)


def _escaped(value: str | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)[1:-1]


def _with_stand_in(argument: Argument) -> Argument:
    if argument.value_from is None or argument.value_from.secret_key_ref is None:
        return argument
    return Argument(argument.name, SECRET_STAND_IN)


def _parsed(template: str) -> tuple[list[str], list[str]]:
    """Return the texts around the tags, and the tags: one fewer."""
    texts: list[str] = []
    tags: list[str] = []
    position = 0
    while (start := template.find(_OPEN, position)) >= 0:
        texts.append(template[position:start])
        start += len(_OPEN)
        end = template.find(_CLOSE, start)
        if end < 0:
            raise InvalidError(
                f"Cannot find end tag={go_quote(_CLOSE)} in the template={go_quote(template)} "
                f"starting from {go_quote(template[start:])}"
            )
        tags.append(template[start:end])
        position = end + len(_CLOSE)
    return [*texts, template[position:]], tags


def _values_of(arguments: Sequence[Argument]) -> Mapping[str, str]:
    values: dict[str, str] = {}
    for argument in arguments:
        if argument.value is None:
            raise InvalidError(f'argument "{argument.name}" was not supplied')
        values[f"args.{argument.name}"] = argument.value
    return values


def _metric_text(metric: Metric) -> str:
    """Return the metric's JSON as Go writes it: compact, and safe inside HTML."""
    try:
        text = json.dumps(
            write_metric(metric), ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidError(f"the metric cannot be written as JSON: {error}") from error
    for character, escape in _HTML.items():
        text = text.replace(character, escape)
    return text
