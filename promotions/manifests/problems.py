"""Says in words what a schema found wrong: where, what was expected, what was meant."""

import re
from collections.abc import Iterable, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from common.errors import FieldProblem
from promotions.manifests.pruning import Dropped, near

_LONGEST_SHOWN = 60
_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "invalid_key": "text as key",
}
_NUMERIC_STEP = re.compile(r"\.(\d+)(?=\.|$)")


def problems_of(
    error: ValidationError, *, dropped: Sequence[Dropped] = (), show_values: bool = True
) -> tuple[FieldProblem, ...]:
    """Return what is wrong, a problem a field.

    Args:
        error: What validation raised.
        dropped: What pruning dropped; a missing field may be one of those, misspelt.
        show_values: Whether reasons may quote what was written; not for secrets.
    """
    return tuple(
        FieldProblem(path_of(detail["loc"]), _reason(detail, dropped, show_values=show_values))
        for detail in error.errors(include_url=False)
    )


def path_of(location: Iterable[int | str]) -> str:
    """Return ``spec.steps[0].uses`` for ``("spec", "steps", 0, "uses")``."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "[key]":
            path += f".{part}" if path else part
    return path


def in_brackets(problem: FieldProblem) -> FieldProblem:
    """Return the problem with ``steps.0.as`` written as ``steps[0].as``."""
    return FieldProblem(_NUMERIC_STEP.sub(r"[\1]", problem.path), problem.reason)


def _reason(detail: ErrorDetails, dropped: Sequence[Dropped], *, show_values: bool) -> str:
    kind = detail["type"]
    if kind == "missing":
        return _missing(detail, dropped)
    if kind in {"literal_error", "enum"}:
        expected = str(detail["ctx"]["expected"])
        return _one_of(expected, detail["input"], show_values=show_values)
    if kind in _EXPECTED:
        return _wrong_type(kind, detail["input"], show_values=show_values)
    shown = f", not {_shown(detail['input'])}" if show_values and kind == "format" else ""
    return _bound(kind, detail) or detail["msg"] + shown


def _bound(kind: str, detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if kind == "too_short":
        return f"must have at least {context['min_length']} item(s)"
    if kind == "greater_than_equal":
        return f"must be at least {context['ge']}, not {_shown(detail['input'])}"
    if kind == "less_than_equal":
        return f"must be at most {context['le']}, not {_shown(detail['input'])}"
    return ""


def _missing(detail: ErrorDetails, dropped: Sequence[Dropped]) -> str:
    *parent, name = detail["loc"]
    for field in dropped:
        above, _, written = field.path.rpartition(".")
        if field.meant == name and above == path_of(parent):
            return f'is required; "{written}" is near: is it a misspelling?'
    hints = [str(it) for it in dropped if it.hint and not it.meant]
    return "; ".join(["is required", *hints])


def _one_of(expected: str, value: object, *, show_values: bool) -> str:
    allowed = re.findall(r"'([^']*)'", expected)
    reason = "must be one of " + ", ".join(f'"{it}"' for it in allowed)
    if not show_values:
        return reason
    meant = near(value, allowed) if isinstance(value, str) else ""
    return f"{reason}, not {_shown(value)}" + (f'; did you mean "{meant}"?' if meant else "")


def _wrong_type(kind: str, value: object, *, show_values: bool) -> str:
    reason = f"must be {_EXPECTED[kind]}"
    if not show_values:
        return f"{reason}, not {_type(value)}"
    hint = ""
    if kind == "string_type" and isinstance(value, bool | int | float):
        hint = "; put it in quotes" + ("" if isinstance(value, float) else f': "{_plain(value)}"')
    return f"{reason}, not {_shown(value)}{hint}"


def _shown(value: object) -> str:
    if isinstance(value, str):
        cut = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
        return f'"{cut}"'
    if isinstance(value, bool | int | float):
        return f"{_type(value)} {_plain(value)}"
    return _type(value)


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "the boolean"
    if isinstance(value, int | float):
        return "the number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "nothing"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
