"""Runs the table cases: the rules of Kargo that need nothing but their input."""

from collections.abc import Callable

from common.errors import PlatformError
from tests.conformance import (
    tables_documents,
    tables_scm,
    tables_selection,
    tables_stages,
    tables_steps,
)
from tests.conformance.cases import NotImplementedYetError, Outcome, same
from tests.conformance.vectors import Case

Runner = Callable[[Case], object]

VALUES: dict[str, Runner] = {
    **tables_documents.VALUES,
    **tables_scm.VALUES,
    **tables_selection.VALUES,
    **tables_stages.VALUES,
    **tables_steps.VALUES,
}
"""By operation, what gives the ``value`` that is expected."""

WHOLES: dict[str, Runner] = {
    **tables_documents.WHOLES,
    **tables_scm.WHOLES,
    **tables_selection.WHOLES,
    **tables_stages.WHOLES,
    **tables_steps.WHOLES,
}
"""By operation, what gives everything that is expected."""


def run(case: Case) -> Outcome:
    runner = VALUES.get(case["op"]) or WHOLES.get(case["op"])
    if runner is None:
        raise NotImplementedYetError(case["op"])
    expect = case["expect"]
    try:
        got = runner(case)
    except PlatformError as error:
        return Outcome.of_error(expect, error)
    if case["op"] in WHOLES:
        return Outcome(same(expect, got), expect, got)
    return Outcome.of_value(expect, got)
