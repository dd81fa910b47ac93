"""A metric's conditions decide, knowing the type of what was measured."""

import math

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.analysis.condition_functions import (
    as_float,
    as_int,
    condition_functions,
    is_nil_or_empty,
)
from promotions.engine.analysis.conditions import (
    LONGEST_CONDITION,
    Verdict,
    evaluate_condition,
    evaluate_result,
)
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.time_expressions import evaluate_time
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.formatting import format_rfc3339
from tests.unit.engine.analysis.examples import NOW, PHASES

FLOATS = "[]float64"


@pytest.mark.parametrize(
    ("success", "failure", "letter"),
    [
        ("", "", "S"),
        ("true", "", "S"),
        ("false", "", "F"),
        ("", "true", "F"),
        ("", "false", "S"),
        ("true", "true", "F"),
        ("true", "false", "S"),
        ("false", "true", "F"),
        ("false", "false", "I"),
    ],
)
def test_a_failure_wins_and_one_condition_decides_both_ways(
    success: str, failure: str, letter: str
) -> None:
    metric = Metric(success_condition=success, failure_condition=failure)

    assert evaluate_result(1.0, metric) == Verdict(PHASES[letter])


@pytest.mark.parametrize(
    ("success", "failure", "message"),
    [
        ("a", "true", 'could not evaluate successCondition "a": unknown name a'),
        ("true", "a", 'could not evaluate failureCondition "a": unknown name a'),
        ("a", "b", 'could not evaluate successCondition "a": unknown name a'),
        ("1", "", 'could not evaluate successCondition "1": expected bool, but got int'),
    ],
)
def test_a_condition_that_cannot_be_evaluated_is_an_error_whatever_the_other_says(
    success: str, failure: str, message: str
) -> None:
    metric = Metric(success_condition=success, failure_condition=failure)

    assert evaluate_result(1.0, metric) == Verdict(AnalysisPhase.ERROR, message)


@pytest.mark.parametrize(("result", "go_type"), [(None, ""), ([], FLOATS), ([], "")])
def test_nothing_measured_is_told_instead_of_the_error_it_causes(
    result: object, go_type: str
) -> None:
    metric = Metric(success_condition="result[0] > 1")

    assert evaluate_result(result, metric, go_type=go_type).message == (
        'could not evaluate successCondition "result[0] > 1": metric result is nil or empty: '
        "no data returned from the metric provider"
    )


DOCUMENT = {"a": 1.0, "b": True, "c": [1.0, 2.0], "d": None, "e": {"f": "g"}, "s": "x"}


@pytest.mark.parametrize(
    ("result", "go_type", "condition", "holds"),
    [
        (5.0, "", "result > 1", True),
        (5.0, "", "result == 5", True),
        (5.0, "", "result in [5.0, 6]", True),
        (5.0, "", "result >= 1 and result <= 4", False),
        ("x", "", 'result == "x"', True),
        ("x", "", "result contains 'x' && len(result) == 1", True),
        (True, "", "result", True),
        ([2.0, 2.0], FLOATS, "2 in result", True),
        ([2.0, 3.0], FLOATS, "all(result, # > 1)", True),
        ([2.0, 3.0], FLOATS, "any(result, {# > 5})", False),
        ([2.0, 3.0], FLOATS, "max(result) < 4 and sum(result) == 5", True),
        ([2.0, 3.0], FLOATS, "len(result) == 2 ? result[1] == 3 : false", True),
        ([], FLOATS, "len(result) == 0 or result[0] > 1", True),
        ([], FLOATS, "len(result) > 0 && result[0] > 1", False),
        (["a", "b"], "[]string", '"a" in result', True),
        ([1.0, "x", None], "", 'result[1] == "x" and result[2] == nil', True),
        (DOCUMENT, "", "result.a >= 1 && result.b && all(result.c, {# < 5})", True),
        (DOCUMENT, "", 'result.d == nil && result.e.f == "g" && result["s"] == "x"', True),
        (DOCUMENT, "", "(result.absent ?? 3) == 3", True),
        (DOCUMENT, "", "result.a == 1 and 1 == 1.0", True),
        ([{"n": 1.0}, {"n": 2.0}], "[]map[string]interface {}", "result[1].n == 2", True),
        (math.nan, "", "result >= 0.9 or result < 0.9", False),
        (math.nan, "", "isNaN(result)", True),
        (math.inf, "", "isInf(result) and not isNaN(result)", True),
        (1.0, "", "isNaN(1) or isInf(-2)", False),
        ("1", "", "asInt(result) == 1", True),
        (1.9, "", "asInt(result) == 1", True),
        (-1.9, "", "asInt(result) == -1", True),
        ("1.1", "", "asFloat(result) == 1.1", True),
        (1, "int", "asFloat(result) == 1", True),
        (None, "", "isNil(result)", True),
        (None, "*float64", "default(result, 0) < 0.05", True),
        (None, "*float64", "default(result, 1) < 0.05", False),
        (0.5, "", "default(result, 0) == 0.5", True),
        ([1.0], FLOATS, "default(result[0], 0) == result", True),
        ([], FLOATS, "isNil(result)", False),
        (DOCUMENT, "", "isNil(result.d)", False),
    ],
    ids=range(37),
)
def test_conditions_speak_the_expression_language(
    result: object, go_type: str, condition: str, *, holds: bool
) -> None:
    assert evaluate_condition(result, condition, go_type=go_type) is holds


@pytest.mark.parametrize(
    ("result", "go_type", "condition", "problem"),
    [
        (1.0, "", "1", "expected bool, but got int"),
        (1.0, "", "result", "expected bool, but got float64"),
        (1.0, "", '"x"', "expected bool, but got string"),
        (1.0, "", "nil", "expected bool, but got <nil>"),
        (1.0, "", "[1]", "expected bool, but got []interface {}"),
        (1.0, "", "asInt(result)", "expected bool, but got int64"),
        ([1.0], FLOATS, "result", "expected bool, but got []float64"),
        (DOCUMENT, "", "result", "expected bool, but got map[string]interface {}"),
        (1.0, "", "unheard", "unknown name unheard"),
        (
            [1.0],
            FLOATS,
            "result == 10",
            "invalid operation: == (mismatched types []float64 and int)",
        ),
        (
            "1.1",
            "",
            'asFloat(result) == "1.1"',
            "invalid operation: == (mismatched types float64 and string)",
        ),
        (
            [1.0],
            FLOATS,
            'result[0] == "x"',
            "invalid operation: == (mismatched types float64 and string)",
        ),
        (5.0, "", "result % 2 == 1", "invalid operation: % (mismatched types float64 and int)"),
        (
            "x",
            "",
            "isNaN(result)",
            "cannot use string as argument (type float64) to call isNaN",
        ),
        ("x", "", "asInt(result) == 1", 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("x", "", "asFloat(result) == 1", 'strconv.ParseFloat: parsing "x": invalid syntax'),
    ],
    ids=range(16),
)
def test_an_error_is_told_in_the_languages_words(
    result: object, go_type: str, condition: str, problem: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        evaluate_condition(result, condition, go_type=go_type)

    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("result", "condition"),
    [
        (DOCUMENT, "result.a % 2 == 1"),
        (DOCUMENT, "result.s > 1"),
        (DOCUMENT, "result.absent > 1"),
        (DOCUMENT, "result.b.c.d == 1"),
        (True, "result.Name() == 'hi'"),
        ([1.0], "result[7] == 1"),
        (1.0, "result[0]  10"),
        (1.0, "result ="),
        (1.0, ""),
        (1.0, "result > 1 " * 1000),
        (1.0, "(" * 3000 + "true" + ")" * 3000),
        (1.0, "all(1..100000, all(1..100000, true))"),
        (1.0, 'result matches "("'),
    ],
    ids=range(13),
)
def test_what_cannot_be_evaluated_is_an_error_of_ours(result: object, condition: str) -> None:
    with pytest.raises(InvalidError):
        evaluate_condition(result, condition)


def test_a_condition_may_not_be_endless() -> None:
    spaces = " " * LONGEST_CONDITION

    with pytest.raises(InvalidError, match="longer than 4096 characters"):
        evaluate_condition(1.0, f"true{spaces}")


@given(
    st.sampled_from([None, 1.0, math.nan, "1", True, [], [1.0], {"a": [1.0]}]),
    st.text("result.a[0] <>=!&|asInt()FloatNil?:'1#{},+-*/%", max_size=30),
)
def test_any_condition_on_any_result_holds_or_not_or_is_an_error(
    result: object, condition: str
) -> None:
    verdict = evaluate_result(result, Metric(success_condition=condition))

    assert (verdict.phase is AnalysisPhase.ERROR) is bool(verdict.message)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1.9, 1),
        (-1.9, -1),
        (math.nan, -(2**63)),
        (math.inf, -(2**63)),
        (1e300, -(2**63)),
        ("42", 42),
        ("+7", 7),
        ("-9223372036854775808", -(2**63)),
        (3, 3),
    ],
)
def test_as_int_cuts_off_fractions_and_reads_integers(value: object, number: int) -> None:
    assert as_int(value) == number


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("1.1", 'strconv.ParseInt: parsing "1.1": invalid syntax'),
        ("", 'strconv.ParseInt: parsing "": invalid syntax'),
        (" 1", 'strconv.ParseInt: parsing " 1": invalid syntax'),
        ("1_0", 'strconv.ParseInt: parsing "1_0": invalid syntax'),
        ('"\n', 'strconv.ParseInt: parsing "\\"\\n": invalid syntax'),
        (
            "9223372036854775808",
            'strconv.ParseInt: parsing "9223372036854775808": value out of range',
        ),
        (True, "asInt() not supported on bool true"),
        (None, "asInt() not supported on <nil> <nil>"),
        ([1.0], "asInt() not supported on []interface {} [1]"),
    ],
    ids=range(9),
)
def test_as_int_refuses_the_rest(value: object, problem: str) -> None:
    with pytest.raises(OperandError) as caught:
        as_int(value)

    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("value", "number"),
    [("1", 1.0), ("1.1", 1.1), (".5e1", 5.0), ("0x1p-2", 0.25), ("inf", math.inf), (2, 2.0)],
    ids=range(6),
)
def test_as_float_reads_gos_floats(value: object, number: float) -> None:
    assert as_float(value) == number


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x", 'strconv.ParseFloat: parsing "x": invalid syntax'),
        ("1 ", 'strconv.ParseFloat: parsing "1 ": invalid syntax'),
        ("1e400", 'strconv.ParseFloat: parsing "1e400": value out of range'),
        ({}, "asFloat() not supported on map[string]interface {} map[]"),
    ],
    ids=range(4),
)
def test_as_float_refuses_the_rest(value: object, problem: str) -> None:
    with pytest.raises(OperandError) as caught:
        as_float(value)

    assert str(caught.value) == problem


def test_is_nil_and_default_look_at_the_whole_result() -> None:
    functions = condition_functions({"a": None})

    assert functions["isNil"].call([None]) is False
    assert functions["default"].call([None, 7]) == {"a": None}
    assert condition_functions(None)["isNil"].call([1.0]) is True


@pytest.mark.parametrize(
    ("value", "empty"),
    [(None, True), ([], True), ([None], False), ("", False), ({}, False), (0.0, False)],
    ids=range(6),
)
def test_only_nothing_and_empty_lists_are_no_data(value: object, *, empty: bool) -> None:
    assert is_nil_or_empty(value) is empty


@pytest.mark.parametrize(
    ("expression", "time"),
    [
        ("now()", "2026-05-06T07:08:09Z"),
        ('now() - duration("1h30m")', "2026-05-06T05:38:09Z"),
        ('date("2023-08-14 00:00:00", "2006-01-02 15:04:05", "UTC")', "2023-08-14T00:00:00Z"),
        ('date("2023-08-14") + duration("1ns")', "2023-08-14T00:00:00.000000001Z"),
        ("isNaN(1.5) ? now() : date('2020-01-01')", "2020-01-01T00:00:00Z"),
    ],
    ids=range(5),
)
def test_times_are_expressions(expression: str, time: str) -> None:
    assert format_rfc3339(evaluate_time(expression, now=NOW)) == time


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("1", "expected time.Time, but got int"),
        ('"2023-08-14"', "expected time.Time, but got string"),
        ("now() - now()", "expected time.Time, but got time.Duration"),
        ("hello", "unknown name hello"),
        ("result", "unknown name result"),
        ("asInt(1)", "unknown name asInt"),
        ("now() -- ?", ""),
        ("", ""),
    ],
    ids=range(8),
)
def test_what_is_no_time_is_told(expression: str, problem: str) -> None:
    with pytest.raises(InvalidError) as caught:
        evaluate_time(expression, now=NOW)

    assert problem in str(caught.value)
