import pytest

from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.values import Function
from promotions.engine.expressions.verification_arguments import (
    VerificationScope,
    argument_values,
    verification_arguments,
)
from promotions.engine.inflation import Variable


def scope(*variables: Variable) -> VerificationScope:
    functions = {"tag": Function("tag", lambda _: "v1", 0, 0)}
    return VerificationScope("demo", "prod", functions, variables)


def test_arguments_see_context_variables_and_functions() -> None:
    given = scope(Variable("a", "x"), Variable("b", "${{ vars.a }}-y"))

    values = verification_arguments(
        given,
        [
            Variable("where", "${{ ctx.project }}/${{ ctx.stage }}"),
            Variable("b", "${{ vars.b }}"),
            Variable("tag", "${{ tag() }}"),
            Variable("n", "${{ quote(42) }}"),
            Variable("plain", "42"),
        ],
    )

    assert values == {"where": "demo/prod", "b": "x-y", "tag": "v1", "n": "42", "plain": "42"}


def test_an_empty_argument_is_not_supplied() -> None:
    assert verification_arguments(scope(), [Variable("a"), Variable("b", "${{ '' }}")]) == {
        "a": None,
        "b": "",
    }


@pytest.mark.parametrize("value", ["${{ 42 }}", "${{ nil }}", "${{ 'true' }}", "${{ [] }}"])
def test_an_argument_must_come_to_a_string(value: str) -> None:
    with pytest.raises(FieldExpressionError, match='argument "b" value is not a string') as caught:
        verification_arguments(scope(), [Variable("a", "x"), Variable("b", value)])

    assert caught.value.path == "spec.verification.args[1].value"


def test_a_failing_argument_is_named_and_located() -> None:
    with pytest.raises(FieldExpressionError, match='evaluate argument "a": ') as caught:
        verification_arguments(scope(), [Variable("a", "${{ outputs.x }}")])

    assert caught.value.path == "spec.verification.args[0].value"
    assert caught.value.column > 0


def test_a_failing_variable_is_named_and_located() -> None:
    with pytest.raises(FieldExpressionError, match='evaluate variable "w": ') as caught:
        verification_arguments(scope(Variable("v", "1"), Variable("w", "${{ success() }}")), [])

    assert caught.value.path == "spec.vars[1].value"


def test_without_variables_there_is_no_vars() -> None:
    with pytest.raises(FieldExpressionError):
        verification_arguments(scope(), [Variable("a", "${{ vars.x }}")])


def test_of_arguments_with_one_name_the_last_that_is_supplied_counts() -> None:
    twice = [Variable("a", "x"), Variable("a", "y"), Variable("a")]

    assert verification_arguments(scope(), twice) == {"a": "y"}


def test_variables_cannot_come_from_two_places() -> None:
    with pytest.raises(FieldExpressionError, match="vars in argument evaluation config env"):
        argument_values({"vars": {"a": "1"}}, [], variables=[Variable("a", "2")])
