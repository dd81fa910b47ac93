"""Expressions made to take for ever, to take all memory or to reach what is not theirs."""

import json
import time
from functools import cache

import pytest

from common.errors import PlatformError
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import compile_expression

MILLION = 1_000_000
LONGEST_SECONDS = 2.0
SECONDS_OF_THE_YARDSTICK = 0.05  # on a machine of 2025, when nothing traces
ENV: dict[str, object] = {"x": "aaaa", "m": {}, "a": {"b": None}}

SYNTAX = {
    "parentheses": "(" * MILLION,
    "closed parentheses": "(" * 400_000 + "1" + ")" * 400_000,
    "brackets": "[" * MILLION,
    "braces": "{a:" * 300_000,
    "minus signs": "-" * MILLION + "1",
    "nots": "not " * 200_000 + "true",
    "ternaries": "true?" * 200_000 + "1" + ":1" * 200_000,
    "else-ifs": "if a {1} else " * 70_000 + "{1}",
    "pipes": "x" + "|len()" * 160_000,
    "members": "a" + ".b" * 400_000,
    "optional members": "a" + "?.b" * 300_000,
    "subscripts": "a" + "[0]" * 300_000,
    "method calls": "a" + ".b()" * 200_000,
    "sums": "+".join(["x"] * 400_000),
    "comparisons": "<".join(["1"] * 400_000),
    "lets": "".join(f"let a{index} = 1;" for index in range(3000)) + "1",
    "sequences": "1;" * 400_000,
    "powers": "2**" * 3000 + "2",
    "digits": "9" * MILLION,
    "hexadecimal digits": "0x" + "f" * 900_000,
    "an exponent": "1e" + "9" * 900_000,
    "an open comment": "/*" * 300_000,
    "open quotes": "'" * 300_001,
    "backquotes": "`" * 300_001,
    "keys": "{" + ",".join(f"a{index}:1" for index in range(9000)) + "}",
    "elements": "[" + ",".join(["x"] * 40_000) + "]",
    "text": '"' + "a" * (MILLION + 1) + '"',
}
EVALUATION = {
    "a long repetition": "repeat('x', 1000000000)",
    "a repeated repetition": "repeat(repeat('x', 999), 1001)",
    "a long range": "1..1000000000000",
    "ranges in ranges": "map(1..1000, map(1..1000, map(1..1000, #)))",
    "predicates in predicates": "all(1..10000, all(1..10000, all(1..10000, true)))",
    "doubled text": "reduce(1..100, #acc + #acc, 'x')",
    "doubled arrays": "reduce(1..100, concat(#acc, #acc), [1])",
    "deep arrays as text": "string(reduce(1..100000, [#acc]))",
    "deep arrays as JSON": "toJSON(reduce(1..100000, [#acc]))",
    "deep arrays compared": "reduce(1..100000, [#acc]) == reduce(1..100000, [#acc])",
    "deep maps compared": "reduce(1..50000, {a: #acc}) == reduce(1..50000, {a: #acc})",
    "the largest in deep arrays": "max(reduce(1..100000, [#acc]))",
    "shared arrays as text": "string(reduce(1..60, [#acc, #acc], 1))",
    "shared arrays as JSON": "toJSON(reduce(1..60, [#acc, #acc], 1))",
    "shared arrays compared": "reduce(1..60, [#acc, #acc], 1) == reduce(1..60, [#acc, #acc], 1)",
    "shared maps compared": (
        "let a = reduce(1..60, {a: #acc, b: #acc});"
        "let b = reduce(1..60, {a: #acc, b: #acc}); a == b"
    ),
    "shared arrays flattened": "flatten(reduce(1..60, [#acc, #acc], [1]))",
    "the median of shared arrays": "median(reduce(1..60, [#acc, #acc], [1]))",
    "arrays sought in arrays": "count(1..9000, [#] in map(1..9000, [#]))",
    "joined text": "join(map(1..9999, repeat('x', 99)), repeat('y', 900000))",
    "replaced text": "replace(repeat('a', 900000), 'a', repeat('b', 99999))",
    "text replaced between letters": "replace(repeat('a', 900000), '', repeat('b', 9999))",
    "split text again and again": "map(1..100000, split(repeat('a,', 9), ','))|map(len(#))|sum()",
    "many different arrays": "uniq(map(1..20000, [#]))",
    "a deep document": "fromJSON(repeat('[', 500000))",
    "a long number in text": "int(repeat('9', 100000))",
    "a regular expression that repeats repetitions": "x matches 'a{1000}{1000}'",
    "a large regular expression": "x matches repeat('(a?){100}', 1000)",
    "a slow regular expression": "repeat('a', 90000) matches '(a?){100}(a?){100}(a?){100}b'",
    "a long regular expression": "x matches repeat('a', 10001)",
    "a shift too far": "bitshr(1, -1)",
    "a long layout": "date('2023-01-01').Format(repeat('2006', 200000))",
    "a place outside": "timezone('../../etc/passwd')",
}
HARMLESS: dict[str, tuple[str, object]] = {
    "nested parentheses": ("(" * 90 + "1" + ")" * 90, 1),
    "a long sum": ("+".join(["1"] * 4900), 4900),
    "a long sum of variables": ("+".join(["x"] * 4000), "aaaa" * 4000),
    "a long disjunction": (" or ".join(["x == 'b'"] * 1600), False),
    "many members": ("a" + "?.b" * 2000, None),
    "a range around all numbers": ("len((-9223372036854775807 - 1)..9223372036854775807)", 0),
    "a range that ends too soon": ("len(0..9223372036854775807)", 0),
    "a catastrophic regular expression": ("x matches '(a+)+$'", True),
    "many elements sorted": ("sort(map(1..200000, -#))[0]", -200_000),
    "many elements of equal rank": ("last(sortBy(1..100000, # % 7)) % 7", 6),
    "many different floats": ("len(uniq(map(1..20000, # / 3)))", 20_000),
    "many groups": ("len(groupBy(1..60000, #))", 60_000),
    "many texts": ("len(uniq(map(1..100000, string(#))))", 100_000),
    "a shift out of the number": ("bitshl(1, 9223372036854775807)", 0),
    "a float too large for an integer": ("int(1e308)", -(2**63)),
    "a slice around everything": ("len((1..9)[-9223372036854775807:9223372036854775807])", 9),
    "the whole environment": ("toJSON($env)", json.dumps(ENV, indent=2, sort_keys=True)),
}
OUTSIDE = (
    *("x.__class__", "x.__class__.__mro__", "''.format", "m['__init__'].__globals__", "m.keys()"),
    *("__import__('os')", "x.upper()", "$env.get('x')", "(1).real", "[].append(1)", "len.__call__"),
)


@cache
def _longest() -> float:
    """Allow more time where the machine is slower or each line is traced."""
    started = time.process_time()
    compile_expression("count(1..100000, # > 0)").evaluate({})
    slowness = (time.process_time() - started) / SECONDS_OF_THE_YARDSTICK
    return LONGEST_SECONDS * max(1.0, slowness)


def _evaluate(text: str) -> object:
    longest = _longest()
    started = time.process_time()
    try:
        return compile_expression(text).evaluate(ENV)
    finally:
        assert time.process_time() - started < longest


@pytest.mark.parametrize("name", SYNTAX)
def test_what_is_too_long_or_too_deep_is_refused_at_once(name: str) -> None:
    with pytest.raises(ExpressionError):
        _evaluate(SYNTAX[name])


@pytest.mark.parametrize("name", EVALUATION)
def test_what_would_take_too_much_is_refused_in_time(name: str) -> None:
    with pytest.raises(PlatformError):
        _evaluate(EVALUATION[name])


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_bad_has_its_value(name: str) -> None:
    text, value = HARMLESS[name]

    assert _evaluate(text) == value


@pytest.mark.parametrize("text", OUTSIDE)
def test_nothing_outside_of_the_language_can_be_reached(text: str) -> None:
    with pytest.raises(ExpressionError):
        _evaluate(text)


def test_a_format_string_is_text() -> None:
    assert _evaluate("'{0.__class__} %s' + x") == "{0.__class__} %saaaa"


def test_numbers_that_no_go_program_could_hold_are_refused() -> None:
    huge = {"n": 10**5000}

    for text in ("n + 0.5", "string(n)", "n < 0.5", "toJSON(n)", "float(n)"):
        with pytest.raises(ExpressionError):
            compile_expression(text).evaluate(huge)


def test_values_that_contain_themselves_are_refused() -> None:
    items: list[object] = []
    items.append(items)
    table: dict[str, object] = {}
    table["me"] = table

    for text in ("string(v)", "toJSON(v)", "v == w", "flatten([v])", "max([v])"):
        for value in (items, table):
            other = [value] if value is items else {"me": value}
            try:
                compile_expression(text).evaluate({"v": value, "w": other})
            except ExpressionError:
                continue
            assert text in ("flatten([v])", "v == w")
