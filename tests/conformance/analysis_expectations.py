"""Says whether what a runner of the analysis set got is what its case asserts."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from common.errors import PlatformError
from tests.conformance.cases import Outcome

Got: TypeAlias = Mapping[str, Any]

_FLOATS = {"NaN": float("nan"), "+Inf": float("inf"), "-Inf": float("-inf")}


def outcome_of(expect: Got, answer: Callable[[], Got]) -> Outcome:
    """Ask for the answer and compare; an error of ours is the answer ``{"error": text}``."""
    try:
        got = answer()
    except PlatformError as error:
        got = {"error": str(error)}
    return compare(expect, got)


def compare(expect: Got, got: Got) -> Outcome:
    """Compare every key that ``expect`` lists; what it does not list is unconstrained.

    ``error`` is an exact text or ``True`` for any; ``errorContains`` and ``messageContains`` are
    one substring or several; ``errorRegex`` and ``messageRegex`` are searched for; ``contains``
    and ``excludes`` list what must and must not be among the ``names``. Other keys name values:
    mappings may hold more than is listed, elements of lists may not.
    """
    passed = all(_holds(key, wanted, got) for key, wanted in expect.items())
    return Outcome(passed, dict(expect), dict(got))


def decoded(value: object) -> Any:
    """Return the value with ``{"$float": "NaN"}`` and the like as floats."""
    if isinstance(value, dict):
        if value.keys() == {"$float"}:
            return _FLOATS[value["$float"]]
        return {key: decoded(item) for key, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def _holds(key: str, wanted: object, got: Got) -> bool:
    if key == "error" and isinstance(wanted, bool):
        return bool(got.get("error")) is wanted
    if key.endswith("Contains"):
        text = got.get(key.removesuffix("Contains"))
        parts = [wanted] if isinstance(wanted, str) else wanted
        return isinstance(text, str) and all(part in text for part in _list(parts))
    if key in {"contains", "excludes"}:
        return all((name in got["names"]) is (key == "contains") for name in _list(wanted))
    if key.endswith("Regex"):
        text = got.get(key.removesuffix("Regex"))
        return isinstance(text, str) and re.search(str(wanted), text) is not None
    return key in got and _agrees(decoded(wanted), got[key])


def _agrees(wanted: object, got: object) -> bool:
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        return all(key in got and _agrees(item, got[key]) for key, item in wanted.items())
    return _equal(wanted, got)


def _equal(wanted: object, got: object) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    if isinstance(wanted, float) and isinstance(got, float) and wanted != wanted:  # noqa: PLR0124  NaN
        return got != got  # noqa: PLR0124  NaN
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        return wanted.keys() == got.keys() and all(_equal(wanted[key], got[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(got, list | tuple):
        return len(wanted) == len(got) and all(map(_equal, wanted, got))
    return wanted == got


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
