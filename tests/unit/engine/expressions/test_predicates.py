import pytest

from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.language import compile_expression

ENV: dict[str, object] = {
    "xs": [1, 2, 3, 4],
    "e": [],
    "m": {"a": 1, "b": 2},
    "s": "aba",
    "people": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 25}, {"name": "Cy", "age": 36}],
    "mixed": [1, "a"],
    "nul": None,
}


def evaluate(text: str) -> object:
    return compile_expression(text).evaluate(ENV)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("all(xs, # > 0) and none(xs, # > 9) and any(xs, # > 3) and one(xs, # == 2)", True),
        ("all(e, false)", True),
        ("any(e, true)", False),
        ("count(xs, # % 2 == 0)", 2),
        ("count([true, false, true])", 2),
        ("filter(people, .age > 30) | map(.name)", ["Ada", "Cy"]),
        ("map(xs, {let y = #; y * #index})", [0, 2, 6, 12]),
        ("find(xs, # > 2)", 3),
        ("find(xs, # > 9)", None),
        ("findIndex(xs, # > 2)", 2),
        ("findLast(xs, # < 3)", 2),
        ("findLastIndex(xs, # < 3)", 1),
        ("findLastIndex(xs, # > 9)", None),
        ("sum(people, .age)", 97),
        ("sum([])", 0),
        ("groupBy(people, .age)[36] | map(.name)", ["Ada", "Cy"]),
        ("groupBy(people, .age)[1]", []),
        ("groupBy(people, .missing)[nil] | len()", 3),
        ("keys(groupBy([1, 1.0, true, 2], #)) | len()", 4),
        ("sortBy(people, .age) | map(.name)", ["Bob", "Ada", "Cy"]),
        ("sortBy(people, .name, 'desc') | map(.name)", ["Cy", "Bob", "Ada"]),
        ("reduce(xs, #acc * #)", 24),
        ("reduce(xs, #acc + #index, 10)", 16),
        ("reduce(e, 1, 'start')", "start"),
        ("map(xs, map(1..#, # * 2)) | last()", [2, 4, 6, 8]),
        ("filter(xs, {any(people, .age == 36) and # > 3})", [4]),
        ("map(s, #)", [97, 98, 97]),
        ("map(b'ab', # + 1)", [98, 99]),
        ("map(m, #index) | sort()", [0, 1]),
        ("count(m, true)", 2),
        ("all(m, true)", True),
        ("sum(m, 1)", 2),
        ("findIndex(m, true)", 0),
        ("reduce(m, #acc + 1, 0)", 2),
        ("map(filter(xs, # > 2), #index)", [0, 1]),
        ("first(filter(xs, # > 9)) ?? last(filter(xs, # < 0)) ?? 'none'", "none"),
        ("filter(filter(xs, # > 1), # < 4)", [2, 3]),
        ("map(filter(xs, # > 2), # * 10)[0]", 30),
        ("map(filter(xs, # > 2), # * 10)[-1]", 40),
        ("len(filter(xs, # > 2))", 2),
    ],
)
def test_a_predicate_is_evaluated_for_each_element(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("all(nul, true)", "map(1, #)", "map('abc', #)", "filter(xs, # + 1)", "any(xs, nul)"),
        *("map(m, #)", "filter(m, true)", "find(m, true)", "groupBy(m, 1)", "reduce(m, 1)"),
        *("map(xs, nil)", "map(xs, #acc)", "filter(xs, #index > 1)", "map(xs, #nope)", "#"),
        *(
            "reduce(e, 1)",
            "sum(mixed)",
            "sortBy(mixed, #)",
            "sortBy(xs, #, 'up')",
            "sortBy(xs, #, 1)",
        ),
        *("groupBy(xs, [#])", "groupBy(xs, people[0])"),
        *(
            "filter(xs, # > 9)[0]",
            "filter(xs, # > 9)[-1]",
            "map(xs)",
            "map(xs, #, 1)",
            "map(xs, #; 1)",
        ),
        *("count(xs)", "sortBy(xs, #, nil)", "findLast(xs, .a)", "map([nil], .x)"),
    ],
)
def test_what_no_predicate_can_do_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x or true", True),
        ("x and false", False),
        ("nul and true", None),
        ("false or nul", None),
        ("(x or false) == nil", True),
        ("sum(['a', s])", "aaba"),
        ("sum([s, s, s])", "abaabaaba"),
        ("sum(1..10000000)", 50000005000000),
        ("sum(1..4, # * 2) + sum(1..4, 3 - #) + sum(1..4, # - 1) + sum(1..4, #)", 38),
        ("sum(1..4, # % 2) + sum(1..4, 1)", 6),
        ("reduce(1..10000000, # + #acc)", 50000005000000),
        ("reduce(1..4, #acc + #, 5)", 15),
        ("reduce(1..4, #acc + #, xs[0])", 11),
        ("sum(map(xs, # * 2))", 20),
        ("count(mixed, # == 1 or # + 1 > 0) > 0", True),
        ("count(xs, # > 1) >= 2", True),
        ("count(xs, # > 1) < 2", False),
        ("count(xs, # > 9) <= 0", True),
        ("all(xs, # > 0) and all(xs, # < 9)", True),
        ("any(xs, # > 9) or any(xs, # == 1)", True),
        ("none(xs, # > 9) and none(xs, # < 0)", True),
        ("all(xs, # > 0) and all(e, # > 0)", True),
        ("1 + 2 * 3 == 7 and not false and -(-1) == 1 and +2 == 2", True),
        ("'a' + 'b' == 'ab' and true == true", True),
        ("true and xs == [1, 2, 3, 4] and 4.0 / 2 == 2.0", True),
        ("2 in [1, 1 + 1]", True),
        ("filter(filter(mixed, # > 1), false)", []),
        ("filter(filter(xs, true), # > 3)", [4]),
        ("filter(filter(xs, # > 3), true)", [4]),
    ],
)
def test_what_is_simplified_has_the_value_of_the_reference(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize("text", ["1 % 0", "false ? 1 % 0 : 1", "s matches ('[' + '')"])
def test_operations_on_constants_fail_before_evaluation(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(text)


def test_joined_predicates_are_evaluated_together() -> None:
    with pytest.raises(ExpressionError):
        evaluate("all(mixed, # != 'b') and all(mixed, # + 1 > 0)")
