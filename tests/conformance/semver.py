"""Runs the cases of versions and constraints."""

from collections.abc import Callable

from common.errors import InvalidError
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import (
    Version,
    compare,
    difference,
    parse_tag,
    parse_version,
    sort_newest_first,
)
from tests.conformance.cases import NotImplementedYetError, Outcome
from tests.conformance.vectors import Case


def run(case: Case) -> Outcome:
    runner = _RUNNERS.get(case["op"])
    if runner is None:
        raise NotImplementedYetError(case["op"])
    got, expected = runner(case), _without_messages(case["expect"])
    return Outcome(got == expected, expected, got)


def _without_messages(expect: object) -> object:
    if not isinstance(expect, dict):
        return expect
    return {key: _without_messages(value) for key, value in expect.items() if key != "message"}


def _parse(case: Case) -> object:
    text = case["input"]
    return {
        "loose": _shown(text, strict=False),
        "strict": _shown(text, strict=True),
        "kargo_strict_ok": parse_tag(text, strict=True) is not None,
    }


def _shown(text: str, *, strict: bool) -> object:
    try:
        version = parse_version(text, strict=strict)
    except InvalidError:
        return {"error": True}
    return {
        "major": version.major,
        "minor": version.minor,
        "patch": version.patch,
        "prerelease": version.prerelease,
        "metadata": version.metadata,
        "string": str(version),
        "original": version.original,
    }


def _constraint(case: Case) -> object:
    try:
        constraint = parse_constraint(case["constraint"])
    except InvalidError:
        return {"error": "constraint"}
    try:
        version = parse_version(case["version"])
    except InvalidError:
        return {"error": "version"}
    return {
        "match": constraint.allows(version),
        "match_include_prerelease": constraint.allows(version, include_prerelease=True),
    }


def _increments(case: Case) -> object:
    version = parse_version(case["input"])
    return {
        "IncMajor": _pair(version.next_major()),
        "IncMinor": _pair(version.next_minor()),
        "IncPatch": _pair(version.next_patch()),
    }


def _pair(version: Version) -> object:
    return {"string": str(version), "original": version.original}


_RUNNERS: dict[str, Callable[[Case], object]] = {
    "parse": _parse,
    "constraint": _constraint,
    "inc": _increments,
    "compare": lambda case: compare(parse_version(case["a"]), parse_version(case["b"])),
    "semverDiff": lambda case: difference(case["a"], case["b"]),
    "sort_asc": lambda case: [it.original for it in sorted(map(parse_version, case["input"]))],
    "kargo_sort_desc": lambda case: sort_newest_first(case["input"], strict=case["strict_semvers"]),
}
