"""Runs vector files: ``python -m tests.conformance FILE...``; the exit code is 1 on any failure."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.conformance import expr, kargo_tables, kargo_templates, semver
from tests.conformance.cases import NotImplementedYetError, Outcome, load_cases
from tests.conformance.vectors import Case

MOST_SHOWN = 50
_LONGEST_SHOWN = 200

ADAPTERS: dict[str, Callable[[Case], Outcome]] = {
    "expr": expr.run,
    "kargo_tables": kargo_tables.run,
    "kargo_templates": kargo_templates.run,
    "semver": semver.run,
}


def main(arguments: list[str]) -> int:
    failed = False
    for argument in arguments:
        path = Path(argument)
        name = path.name.split(".")[0]
        cases = load_cases(path)
        failures = list(failures_of(name, cases))
        print(f"{name}: {len(cases) - len(failures)}/{len(cases)}")  # noqa: T201  a command
        for case, outcome in failures[:MOST_SHOWN]:
            shown = f"expected {_short(outcome.expected)} got {_short(outcome.got)}"
            print(f"  {case.get('id', '?')} {case.get('feature', '')}: {shown}")  # noqa: T201  a command
        failed = failed or bool(failures)
    return int(failed)


def failures_of(name: str, cases: list[Case]) -> Iterator[tuple[Case, Outcome]]:
    """Yield the cases that do not pass; what has no adapter yet does not."""
    adapter = ADAPTERS.get(name, _missing)
    for case in cases:
        outcome = _outcome(adapter, case)
        if not outcome.passed:
            yield case, outcome


def _missing(case: Case) -> Outcome:
    raise NotImplementedYetError(str(case.get("feature", "")))


def _outcome(adapter: Callable[[Case], Outcome], case: Case) -> Outcome:
    try:
        return adapter(case)
    except NotImplementedYetError:
        return Outcome(passed=False, expected=case.get("expect"), got="not implemented")
    except Exception as error:  # noqa: BLE001  a crash is a failed case, and the rest still count
        return Outcome(passed=False, expected=case.get("expect"), got=f"crashed: {error!r}")


def _short(value: object) -> str:
    text = f"{value!r}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
