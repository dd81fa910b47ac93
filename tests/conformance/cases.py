"""Reads vector files and says how one case came out."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.vectors import Case


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a case passed, and what was expected and got."""

    passed: bool
    expected: object
    got: object

    @classmethod
    def of_error(cls, expect: object, error: Exception) -> "Outcome":
        wanted = isinstance(expect, dict) and bool(expect.get("error"))
        return cls(wanted, expect, f"{type(error).__name__}: {error}")

    @classmethod
    def of_value(cls, expect: object, got: object) -> "Outcome":
        """Compare with ``expect["value"]``; numbers by value, and booleans are no numbers."""
        if not isinstance(expect, dict) or "value" not in expect:
            return cls(passed=False, expected=expect, got=got)
        wanted = expect["value"]
        return cls(same(wanted, got), wanted, got)


def same(expected: object, got: object) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k]) for k in expected)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    return expected == got


class NotImplementedYetError(Exception):
    """No part of the platform answers this kind of case yet."""


def load_cases(path: Path) -> list[Case]:
    """Return a file's cases; some sets call them vectors."""
    document = json.loads(path.read_text(encoding="utf-8"))
    cases: list[Case] = document.get("cases") or document.get("vectors") or []
    return cases
