"""Reads vector files and says how one case came out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.vectors import Case


class UnusableFileError(Exception):
    """A vector file is absent, is not JSON, or follows no schema that is known here."""


class NotImplementedYetError(Exception):
    """No part of the platform answers this kind of case yet."""


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


@dataclass(frozen=True, slots=True)
class VectorFile:
    """The cases of one file, and the set they belong to."""

    set_name: str
    cases: list[Case]


def same(expected: object, got: object) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, dict) and isinstance(got, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k]) for k in expected)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    return expected == got


def read_vectors(path: Path) -> VectorFile:
    """Return a file's cases and their set, by the file's name or else by what the cases look like.

    Raises:
        UnusableFileError: There is nothing here to run.
    """
    document = _document(path)
    cases = document.get("cases", document.get("vectors"))
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise UnusableFileError(f'{path}: there is no list of "cases" or "vectors" in it')
    name = path.name.split(".")[0]
    if name not in _SIGNS:
        found = (it for it, fits in _SIGNS.items() if cases and fits(document, cases[0]))
        name = next(found, "")
    if not name:
        raise UnusableFileError(f"{path}: its cases belong to none of the sets {', '.join(_SIGNS)}")
    return VectorFile(name, cases)


def _document(path: Path) -> Mapping[str, object]:
    try:
        # Python keeps 1 and 1.0 apart: one is an int, the other a float.
        document = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse)
    except OSError as error:
        raise UnusableFileError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnusableFileError(f"{path}: it is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnusableFileError(f"{path}: it is not a JSON object")
    return document


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not a JSON number")


_SEMVER = frozenset(
    {"parse", "compare", "sort_asc", "kargo_sort_desc", "constraint", "inc", "semverDiff"}
)
_SIGNS: Mapping[str, Callable[[Mapping[str, object], Case], bool]] = {
    "analysis": lambda document, _: "vectors" in document,
    "kargo_webhooks": lambda _, case: str(case.get("feature", "")).startswith("webhook/"),
    "semver": lambda _, case: case.get("op") in _SEMVER,
    "kargo_tables": lambda _, case: "op" in case,
    "kargo_templates": lambda _, case: "kind" in case,
    "expr": lambda _, case: "expr" in case,
}
SETS = tuple(sorted(_SIGNS))
