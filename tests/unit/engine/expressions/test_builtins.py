import math

import pytest

from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.values import AnyMap, Record, TypedArray, type_name

ENV: dict[str, object] = {
    "s": "héy",
    "i": 7,
    "f": 2.5,
    "t": True,
    "nul": None,
    "xs": [3, 1, 2],
    "m": {"a": 1},
    "nested": [[1], [2.5, [3]], []],
    "mixed": [1, "a", None],
    "bad": "a\udcff",
    "names": AnyMap({"a": "x"}, missing=""),
    "commit": Record("v1alpha1.GitCommit", {"ID": "abc"}, text="abc"),
    "floats": TypedArray([2.0, 1.0], "float64"),
}


def evaluate(text: str) -> object:
    return compile_expression(text).evaluate(ENV)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("len(s) + len(xs) + len(m) + len(b'é') + len(bad)", 11),
        ("first(xs)", 3),
        ("last(xs)", 2),
        ("first(s)", 104),
        ("first([]) ?? first(nul) ?? first(m) ?? 'none'", "none"),
        ("get(xs, -1)", 2),
        ("get(xs, 9) ?? get(m, 'b') ?? get(nul, 'a') ?? get(i, 'x') ?? 'none'", "none"),
        ("get(commit, 'ID') + string(get(commit, 'x'))", "abc<nil>"),
        ("get(s, 0)", 104),
        ("get(names, 'b')", None),
        ("names.b + names['a']", "x"),
        ("get(groupBy(xs, # > 1), false)", [1]),
        ("get(groupBy(xs, # > 1), 5)", None),
        ("take(xs, 2)", [3, 1]),
        ("take(xs, 9)", [3, 1, 2]),
        ("type(take(1..3, 2)) + type(take(b'ab', 1))", "arrayarray"),
        ("reverse(b'ab')", [98, 97]),
        ("uniq([1, 1.0, '1', '1', [1], [1], 2, 1])", [1, "1", [1], 2]),
        ("concat(xs, 1..2, split('a', ','))", [3, 1, 2, 1, 2, "a"]),
        ("flatten(nested)", [1, 2.5, 3]),
        ("sort(xs)", [1, 2, 3]),
        ("sort(xs, 'desc')", [3, 2, 1]),
        ("sort(floats)", [1.0, 2.0]),
        ("sort(nul)", []),
        ("sort(i)", []),
        ("sort(['b', 'é', 'a'])", ["a", "b", "é"]),
        ("sort([2, 1.5, 1])", [1, 1.5, 2]),
        ("keys(m)", ["a"]),
        ("values(m)", [1]),
        ("toPairs(m)[0][0]", "a"),
        ("fromPairs([['a', 1], [2, 3]])[2]", 3),
        ("fromPairs(toPairs(m)).a", 1),
        ("sum(xs) + sum(xs, # * 2)", 18),
        ("max(xs)", 3),
        ("max(1, 2.5, nested)", 3),
        ("min(xs, 0)", 0),
        ("max(nul) ?? min([]) ?? 'none'", "none"),
        ("max(s)", "héy"),
        ("mean(nested)", 6.5 / 3),
        ("mean([])", 0.0),
        ("median(1..4)", 2.5),
        ("median(3, 1, 2)", 2.0),
        ("median([])", 0.0),
        ("abs(-i) + abs(i)", 14),
        ("abs(-f)", 2.5),
        ("ceil(2.1) + floor(2.9) + round(2.5) + round(-2.5)", 5.0),
        ("ceil(i)", 7.0),
        ("bitand(6, 3) + bitor(4, 1) + bitxor(5, 1) + bitnand(7, 2)", 16),
        ("bitshl(1, 62) + bitshl(1, 64)", 2**62),
        ("bitshl(1, 63)", -(2**63)),
        ("bitshr(-8, 1)", -4),
        ("bitushr(-1, 63)", 1),
        ("bitnot(i)", -8),
    ],
)
def test_a_builtin_on_collections_and_numbers(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("int('-42') + int(2.9) + int(i) + int(duration('1ns'))", -32),
        ("int('+007')", 7),
        ("int(1e300)", -(2**63)),
        ("float('1e3')", 1000.0),
        ("take([1, 2, 3], duration('2ns'))", [1, 2]),
        ("mean([duration('1s')])", 1e9),
        ('fromJSON(\'{"\\\\ud800":["\\\\ud800",1]}\')', {"\ufffd": ["\ufffd", 1.0]}),
        ("toJSON(groupBy([duration('1ns')], 2))", '{\n  "2": [\n    1\n  ]\n}'),
        ("toJSON(groupBy([2], duration('1ns')))", '{\n  "1": [\n    2\n  ]\n}'),
        ("float(i)", 7.0),
        ("string(nul) + string(t) + string(1e21) + string(1e-7)", "<nil>true1e+211e-07"),
        ("string([1, 2.5, 'a', nil, [b'a']])", "[1 2.5 a <nil> [[97]]]"),
        ("string({b: 1, a: {c: 2}})", "map[a:map[c:2] b:1]"),
        ("string(groupBy([2, 'a', 1.5, true, nil], #))", None),
        ("string(commit) + string(1000000.0) + string(-0.0)", "abc1e+06-0"),
        ("string(date('2023-08-14'))", "2023-08-14 00:00:00 +0000 UTC"),
        ("type(nul) + type(t) + type(i) + type(f) + type(s)", "nilboolintfloatstring"),
        ("type(xs) + type(m) + type(s[0]) + type(b'a')", "arraymapuintarray"),
        ("type(date('2023-01-01')) + type(duration('1s'))", "time.Timetime.Duration"),
        ("type(date('2023-01-01').Unix())", "int"),
        ("toJSON({b: [1, 2.5], a: '<é>', c: nil})", None),
        ("toJSON(fromPairs([[2, 'a'], ['b', 1]]))", '{\n  "2": "a",\n  "b": 1\n}'),
        ("toJSON(concat([])) + toJSON([])", "null[]"),
        ("fromJSON('{\"a\": [1, 2.5, null]}')", {"a": [1.0, 2.5, None]}),
        ("toBase64(s)", "aMOpeQ=="),
        ("fromBase64('aMOp\\neQ==')", "héy"),
        ("trim('  a ') + trim('xax', 'x') + trim(bad, '\ufffd')", "aaa"),
        ("trimPrefix(' a') + trimPrefix('ab', 'a')", "ab"),
        ("trimSuffix('a ') + trimSuffix('ab', 'b')", "aa"),
        ("upper('straße ﬁ ᾳ') + lower('İÀ')", "STRAßE ﬁ ᾼià"),
        ("upper(bad + 'é')", "A\ufffdÉ"),
        ("split('a,b,c', ',', 2)", ["a", "b,c"]),
        ("split('aé', '')", ["a", "é"]),
        ("split('abc', '', 2)", ["a", "bc"]),
        ("split('a', ',', 0)", []),
        ("split('a', ',', 0) == nil and splitAfter('a', ',', 0) == nil", True),
        ("split('a', ',', 0) ?? 'none'", "none"),
        ("split('', '') == nil", False),
        ("toJSON(split('a', ',', 0)) + toJSON(split('', ''))", "null[]"),
        ("splitAfter('a,b', ',')", ["a,", "b"]),
        ("replace('aaa', 'a', 'b', 2) + replace('ab', '', '-')", "bba-a-b-"),
        ("repeat('ab', 2) + repeat('a', 0)", "abab"),
        ("join(['a', 'b'], '-') + join(split('a b', ' '))", "a-bab"),
        ("indexOf('héy', 'y') + lastIndexOf('yy', 'y')", 4),
        ("hasPrefix(s, 'h') and hasSuffix(s, 'y')", True),
    ],
)
def test_a_builtin_on_text_and_types(text: str, value: object) -> None:
    expected = {
        "string(groupBy([2, 'a', 1.5, true, nil], #))": (
            "map[<nil>:[<nil>] a:[a] true:[true] 2:[2] 1.5:[1.5]]"
        ),
        "toJSON({b: [1, 2.5], a: '<é>', c: nil})": (
            '{\n  "a": "\\u003cé\\u003e",\n  "b": [\n    1,\n    2.5\n  ],\n  "c": null\n}'
        ),
    }

    assert evaluate(text) == (value if value is not None else expected[text])


@pytest.mark.parametrize(
    "text",
    [
        *("len(i)", "len(nul)", "take(xs, nul)", "take(xs, -1)", "take(s, 1)", "take(xs, s[0])"),
        *(
            "reverse(s)",
            "uniq(m)",
            "concat(xs, i)",
            "flatten(nul)",
            "sort(mixed)",
            "sort([[1], [2]])",
        ),
        *("sort(xs, 'up')", "keys(xs)", "values(nul)", "toPairs(s)", "fromPairs([1])"),
        *(
            "fromPairs([[1]])",
            "fromPairs([[[1], 2]])",
            "get(m, 1)",
            "get(xs, 'a')",
            "get(commit, 1)",
        ),
        *("max(1, s)", "max(['a'])", "min([t])", "mean(s)", "median([nul])", "abs(s)", "ceil(nul)"),
        *(
            "bitand(1, f)",
            "bitshl(1, -1)",
            "int('1.5')",
            "int('')",
            "int(t)",
            "int('99999999999999999999')",
        ),
        *("float('x')", "float(t)", "fromJSON('{')", "fromBase64('a')", "fromBase64('====')"),
        *(
            "toJSON({a: 1 / 0})",
            "toJSON(groupBy([1.5], #))",
            "toJSON(commit.ID.x)",
            "trim(i)",
            "upper(nul)",
        ),
        *(
            "split(s, i)",
            "repeat('a', -1)",
            "join([1])",
            "join(1..2)",
            "join(nul)",
            "indexOf(s, nul)",
        ),
        *("replace(s, 'a', nul)", "now()", "take(toPairs(m)[0], 1)", "duration('x')"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("split('a', ',')", "[]string"),
        ("1..2", "[]int"),
        ("(1..5)[1:2]", "[]int"),
        ("take(split('a', ','), 1)", "[]string"),
        ("reverse(1..2)", "[]interface {}"),
        ("sort(floats)", "[]interface {}"),
        ("toPairs(m)", "[][2]interface {}"),
        ("first(toPairs(m))", "[2]interface {}"),
        ("fromPairs([])", "map[interface {}]interface {}"),
        ("groupBy(xs, #)", "map[interface {}][]interface {}"),
        ("names", "map[string]string"),
        ("b'a'", "[]uint8"),
        ("date('2023-01-01').Weekday()", "time.Weekday"),
    ],
)
def test_results_have_the_types_of_the_reference(text: str, name: str) -> None:
    assert type_name(evaluate(text)) == name


def test_the_median_puts_what_is_no_number_first() -> None:
    values = {"xs": [2.0, math.nan, 1.0]}

    assert compile_expression("median(xs)").evaluate(values) == 1.0
