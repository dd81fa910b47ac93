import pytest

from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import compile_expression, compile_typed
from promotions.engine.expressions.values import Function, PairArray, TypedArray

ENV: dict[str, object] = {
    "i": 7,
    "f": 2.5,
    "s": "a",
    "t": True,
    "nul": None,
    "xs": [1, 2],
    "m": {"a": 1},
    "one": 1.5,
    "result": TypedArray([1.0, 2.0], "float64"),
    "pair": PairArray((1, 2)),
    "isNaN": Function("isNaN", lambda _: False, 1, 1, ("float64",), "bool"),
    "default": Function("default", lambda args: args[0], 2, 2, ("any", "any")),
    "pick": Function("pick", len, 1, None, ("string", "int"), "int"),
}


def evaluate_typed(text: str) -> object:
    return compile_typed(text, ENV).evaluate(ENV)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("i + f", 9.5),
        ("m.a == 1 and xs[0] == 1", True),
        ("result[0] < 1.5 and all(result, # > 0)", True),
        ("len(result) + len(pair)", 4),
        ("isNaN(f)", False),
        ("default(nul, 1) ?? 'none'", "none"),
        ("pick('a') + pick('a', 1, 2)", 4),
        ("one * 2", 3.0),
        ("$env?.nope ?? $env.i", 7),
        ("get($env, 'i') + 1", 8),
        ("get($env, s) ?? get(m, 'a')", 1),
        ("let y = i; y + 1", 8),
        ("nul ?? i", 7),
        ("nul == nil and s != nil", True),
        ("map(xs, # + i)", [8, 9]),
        ("max(one, i)", 7),
        ("result == [1, 2]", True),
        ("i in xs or s in m", True),
        ("filter(result, # > 1)[0]", 2.0),
    ],
)
def test_what_fits_the_environment_has_its_value(text: str, value: object) -> None:
    assert evaluate_typed(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope", "unknown name nope"),
        ("$env.nope", "unknown name nope"),
        ("i + s", "mismatched types int and string"),
        ("not i", "mismatched type int"),
        ("nul + 1", "mismatched types unknown and int"),
        ("i == s", "mismatched types int and string"),
        ("i[0]", "type int has no field or method"),
        ("s.x", "type string has no field or method x"),
        ("nul.x", "type unknown has no field or method x"),
        ("xs['a']", "cannot use string to get an element"),
        ("m[1]", "cannot use int to get an element"),
        ("xs[1.5:]", "non-integer slice index float64"),
        ("m[1:]", "cannot slice map"),
        ("i ? 1 : 2", "used as condition"),
        ("all(m, true)", "takes only array"),
        ("isNaN(s)", "cannot use string as argument"),
        ("isNaN()", "not enough arguments"),
        ("isNaN(f, f)", "too many arguments"),
        ("default(1)", "not enough arguments"),
        ("pick(1)", "cannot use int as argument"),
        ("pick('a', 'b')", "cannot use string as argument"),
        ("isNaN(nul)", "cannot use unknown as argument"),
        ("isNaN(f) + 1", "mismatched types bool and int"),
        ("one(xs, true)", "float64 is not callable"),
        ("s()", "string is not callable"),
        ("$env()", "not callable"),
        ("let i = 1; i", "cannot redeclare i"),
        ("get(i, 1)", "does not support indexing"),
        ("get(xs, s)", "cannot use string"),
        ("nul in m", "mismatched types"),
        ("result[0] + s", "mismatched types float64 and string"),
        ("isNaN == 1", "mismatched types"),
    ],
)
def test_what_does_not_fit_the_environment_is_refused_by_the_compiler(
    text: str, message: str
) -> None:
    with pytest.raises(ExpressionError, match=message):
        compile_typed(text, ENV)


def test_an_unknown_name_may_be_nil_in_typed_mode() -> None:
    assert compile_typed("nope ?? i", ENV, strict=False).evaluate(ENV) == 7


def test_the_same_types_share_one_compilation() -> None:
    assert compile_typed("i + 1", {"i": 1}) is compile_typed("i + 1", {"i": 2})
    assert compile_typed("i + 1", {"i": 1}) is not compile_typed("i + 1", {"i": 1.5})
    long = "i + " * 800 + "1"
    assert compile_typed(long, {"i": 1}).evaluate({"i": 1}) == 801


@pytest.mark.parametrize(
    "text",
    [
        *("1 + 'a'", "not 1", "-'a'", "1 < 'a'", "1 and true", "'a' * 2", "1.5 % 2", "1..'a'"),
        *("1 in 'a'", "1 in {a: 1}", "1 in ['a']", "'a' contains 1", "'a' matches 1", "'a' == 1"),
        *("one + 1", "len == 1", "'a'.x", "'a'[0]", "[1]['a']", "{a: 1}[1]", "1[0]", "nil.x"),
        *("(nil)[0]", "1[1:]", "[1][1.5:]", "{a: 1}[1:]", "1 ? 2 : 3", "if 'a' {1} else {2}"),
        *("let x = 1; let x = 2; x", "let len = 1; len", "let map = 1; map", "'a'.upper()", "1()"),
        *("len(1, 2)", "len()", "upper(1)", "upper('a', 'b')", "sort('a')", "max()", "max(true)"),
        *("bitand(1, 1.5)", "int([])", "abs('a')", "take([1], 'a')", "take(1, 1)", "get(1, 1)"),
        *("get([1])", "now('a')", "date()", "date(1, 2, 3, 4)", "duration(1)", "type()", "f(1"),
        *("date('2023-01-01').Month() == 8", "date('2023-01-01').Foo()", "duration('1s') + 1"),
        *("date('2023-01-01').Date()", "date('2023-01-01').Add('1h')", "timezone('UTC').x"),
        *("[nil][0].x", "groupBy([1], #) + 1", "map([1], #)[0] + 'a'", "let f = map; f(1)"),
        *("true ? [1] : ['a'] + 1", "sum([1], 'a') + 1", "reduce([1], 'a') + 1", "concat(1)"),
        *("flatten('a')", "fromPairs(1)", "keys([1])", "mean('a')", "ceil('a')", "float(true)"),
    ],
)
def test_literals_that_do_not_fit_are_refused_by_the_compiler(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(false ? 1 : 'a') == 'a'", True),
        ("(true ? nil : nil) == nil", True),
        ("(true ? [1] : ['a'])[0]", 1),
        ("(nil ?? 1) + 1", 2),
        ("(1 ?? nil) + 1", 2),
        ("(nil ?? nil) == nil", True),
        ("let f = len; 1", 1),
        ("[1, 'a'][0]", 1),
        ("true or nope(1)", True),
        ("bitand(date('1970-01-01').Unix(), 1)", 0),
        ("date('2023-01-01').In(timezone('UTC')).Year()", 2023),
        ("duration('1h').Hours() > 0.5", True),
        ("sortBy([2, 1], #)[0] + 1", 2),
        ("date('2023-01-01') < date(timezone('UTC'), '2023-01-02')", True),
        ("{a: 1}['a']", 1),
        ("sum([1, 2.5])", 3.5),
    ],
)
def test_types_that_may_fit_are_left_to_evaluation(text: str, value: object) -> None:
    assert compile_expression(text).evaluate({}) == value


@pytest.mark.parametrize(
    "text", ["(false ? 1 : nil) == 1", "findIndex([1], false) == 0", "max(1, 2.5) != 1"]
)
def test_what_must_be_an_integer_but_is_not_fails_when_compared(text: str) -> None:
    with pytest.raises(ExpressionError, match="interface conversion"):
        compile_expression(text).evaluate({})
