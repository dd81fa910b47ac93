"""Runs vector files: ``python -m tests.conformance [FILE...]``; by default all that are found.

Prints ``set: passed/all`` for each set, then the cases that failed. The exit code is 1 if one did,
and 2 if a file cannot be used.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from tests.conformance.cases import (
    SETS,
    NotImplementedYetError,
    Outcome,
    UnusableFileError,
    VectorFile,
    read_vectors,
)
from tests.conformance.vectors import DIRECTORY, Case, vector_files

MOST_SHOWN = 50
_LONGEST_SHOWN = 200

Adapter = Callable[[Case], Outcome]


def main(arguments: list[str]) -> int:
    paths = [Path(argument) for argument in arguments] or vector_files()
    if not paths:
        return _unusable([f"no vectors in {DIRECTORY}; name files, or set KARGO_VECTORS"])
    files, complaints = _read(paths)
    if complaints:
        return _unusable(complaints)
    results = [_run_set(name, cases) for name, cases in _by_set(files).items()]
    return int(not all(results))


def failures_of(name: str, cases: Iterable[Case]) -> Iterator[tuple[Case, Outcome]]:
    """Yield the cases that do not pass; what has no adapter yet does not."""
    adapter = _adapter(name)
    for case in cases:
        outcome = _outcome(adapter, case)
        if not outcome.passed:
            yield case, outcome


def _read(paths: Iterable[Path]) -> tuple[list[VectorFile], list[str]]:
    files, complaints = [], []
    for path in paths:
        try:
            files.append(read_vectors(path))
        except UnusableFileError as error:
            complaints.append(str(error))
    return files, complaints


def _by_set(files: Iterable[VectorFile]) -> dict[str, list[Case]]:
    sets: dict[str, list[Case]] = {}
    for file in files:
        sets.setdefault(file.set_name, []).extend(file.cases)
    return sets


def _run_set(name: str, cases: list[Case]) -> bool:
    failures = list(failures_of(name, cases))
    _say(f"{name}: {len(cases) - len(failures)}/{len(cases)}")
    for case, outcome in failures[:MOST_SHOWN]:
        shown = f"expected {_short(outcome.expected)} got {_short(outcome.got)}"
        _say(f"  {case.get('id', '?')} {case.get('feature', '')}: {shown}")
    return not failures


def _adapter(name: str) -> Adapter:
    """Return how a set's cases are run: by ``run`` in the module of the same name."""
    if name not in SETS:
        return partial(_fail, NotImplementedYetError(name))
    try:
        adapter: Adapter = importlib.import_module(f"tests.conformance.{name}").run
    except Exception as error:  # noqa: BLE001  it fails this set's cases, and the other sets still run
        return partial(_fail, error)
    return adapter


def _fail(error: Exception, _: Case) -> Outcome:
    raise error


def _outcome(adapter: Adapter, case: Case) -> Outcome:
    try:
        return adapter(case)
    except NotImplementedYetError:
        return Outcome(passed=False, expected=case.get("expect"), got="not implemented")
    except Exception as error:  # noqa: BLE001  a crash is a failed case, and the rest still count
        return Outcome(passed=False, expected=case.get("expect"), got=f"crashed: {error!r}")


def _unusable(complaints: Iterable[str]) -> int:
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    return 2


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _short(value: object) -> str:
    text = f"{value!r}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except BrokenPipeError:  # nobody reads on, as in `| head`; leave nothing to be flushed
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
