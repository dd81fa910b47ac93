import pytest

from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.values import Record

ENV: dict[str, object] = {
    "name": "demo",
    "items": [{"id": 1, "on": True}, {"id": 2, "on": False}],
    "nothing": None,
    "commit": Record("v1alpha1.GitCommit", {"ID": "abc"}),
}


def evaluate(text: str) -> object:
    return compile_expression(text).evaluate(ENV)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("7 / 2", 3.5),
        ("-7 % 3", -1),
        ("2 ** 3 ** 2", 512.0),
        ("name + '-x'", "demo-x"),
        ("'em' in ['em'] and name contains 'em'", True),
        ("name matches '^d.*o$'", True),
        ("items[-1].id", 2),
        ("items | filter(.on) | map(.id)", [1]),
        ("map(1..3, # * #)", [1, 4, 9]),
        ("nothing?.deep.er ?? 'none'", "none"),
        ("let x = 2; x * x", 4),
        ("if len(items) > 1 { 'many' } else { 'few' }", "many"),
        ("name[1:3]", "em"),
        ("1 < 2 < 3", True),
        ("{a: 1}.a", 1),
        ("commit.ID", "abc"),
        ("reduce([1, 2, 3], #acc + #)", 6),
        ("9223372036854775807 + 1", -9223372036854775808),
        ("unknown", None),
    ],
)
def test_an_expression_has_its_value(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "commit.__class__",
        "name.upper",
        "items.__len__",
        "name.__class__.__mro__",
        "commit.fields",
    ],
)
def test_nothing_of_python_can_be_reached(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize("after", ["[0]", ".id", "?.id", "?.[0]", "[1:]"])
def test_a_member_of_what_a_pipe_gives_needs_parentheses(after: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(f"items | last(){after}")

    assert evaluate("(items | last()).id") == 2


@pytest.mark.parametrize(
    ("text", "column"), [("1 +", 4), ("name $$ 1", 6), ("(1", 3), ("'a", 1), ("1 + 'a'", 3)]
)
def test_an_error_says_where(text: str, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(text)

    assert caught.value.column == column


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + ")" * 5000,
        "+".join(["1"] * 5001),
        "map(1..1000, map(1..1000, map(1..1000, #)))",
        "1..10000000",
        "repeat('a', 100000000)",
        "a" * 1_000_001,
        "-" * 3000 + "1",
        "if true {" * 500 + "1" + "} else {1}" * 500,
    ],
    ids=lambda text: text[:20],
)
def test_work_without_end_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


def test_types_that_cannot_fit_are_refused_before_evaluation() -> None:
    with pytest.raises(ExpressionError, match="mismatched types"):
        compile_expression("true || 1 == 'a'")


def test_an_error_shows_the_line_and_points_at_the_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression("let x = 1;\n  x + 'é' + nope(")

    assert caught.value.line == 2
    assert caught.value.snippet == " | " + "  x + 'é' + nope(" + "\n | " + "." * 17 + "^"


def test_an_error_in_a_long_line_shows_the_part_around_the_place() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(f"'{'a' * 500}' + 1 +")

    shown, pointer = caught.value.snippet.split("\n")
    assert len(shown) < 210
    assert len(pointer) <= len(shown) + 1


def test_an_error_in_evaluation_has_the_place_of_the_operation() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate("1 +\n items[7].id")

    assert (caught.value.line, caught.value.column) == (2, 7)
    assert caught.value.reason == "index out of range: 7 (array length is 2)"


def test_an_expression_is_compiled_once() -> None:
    assert compile_expression("items | len()") is compile_expression("items | len()")
    long = "1 + " * 800 + "1"
    assert compile_expression(long) is not compile_expression(long)
