"""Evaluates the arguments that a Stage's verification hands to its analysis templates.

Source: Kargo ``pkg/rollouts`` AnalysisRunBuilder (buildArgs).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.jsontypes import JSONValue
from promotions.engine import gostrings
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.templates import render_text
from promotions.engine.expressions.values import type_name
from promotions.engine.inflation import Variable

_ARGUMENTS = "spec.verification.args"
_VARIABLES = "spec.vars"
_VARS = "vars"


@dataclass(frozen=True, slots=True)
class VerificationScope:
    """What the expressions of a Stage's verification work on.

    Attributes:
        variables: The Stage's; later ones may use earlier ones.
        functions: As ``kargo_functions`` gives them; there are no status functions here.
    """

    project: str
    stage: str
    functions: Mapping[str, object]
    variables: tuple[Variable, ...] = ()


def verification_arguments(
    scope: VerificationScope, arguments: Iterable[Variable]
) -> dict[str, str | None]:
    """Return the arguments' values by name; ``None`` for one that is empty, so not supplied.

    Raises:
        FieldExpressionError: An expression failed, or an argument did not come to a string.
    """
    context = {"project": scope.project, "stage": scope.stage}
    return argument_values(
        {**scope.functions, "ctx": context}, arguments, variables=scope.variables
    )


def argument_values(
    env: Mapping[str, object],
    arguments: Iterable[Variable],
    *,
    variables: Sequence[Variable] = (),
) -> dict[str, str | None]:
    """Return the arguments' values for any environment; ``vars`` joins it if there are variables.

    Of arguments with one name the last that is supplied counts.

    Raises:
        FieldExpressionError: As :func:`verification_arguments`, or ``env`` has ``vars`` already.
    """
    known = _with_variables(env, variables) if variables else env
    values: dict[str, str | None] = {}
    for index, argument in enumerate(arguments):
        values.setdefault(argument.name, None)
        if argument.value:
            values[argument.name] = _argument(argument, index, known)
    return values


def _with_variables(
    env: Mapping[str, object], variables: Sequence[Variable]
) -> Mapping[str, object]:
    if env.get(_VARS) is not None:
        kind = type_name(env[_VARS])
        raise FieldExpressionError(
            f"vars in argument evaluation config env is of unexpected type {kind}"
        )
    values: dict[str, JSONValue] = {}
    known = {**env, _VARS: values}
    for index, variable in enumerate(variables):
        path = f"{_VARIABLES}[{index}].value"
        values[variable.name] = _evaluated(variable, known, path, subject="evaluate variable")
    return known


def _argument(argument: Variable, index: int, env: Mapping[str, object]) -> str:
    path = f"{_ARGUMENTS}[{index}].value"
    value = _evaluated(argument, env, path, subject="evaluate argument")
    if not isinstance(value, str):
        raise FieldExpressionError(
            f'evaluated argument "{argument.name}" value is not a string '
            f"but {type_name(value)}; use quote()",
            path=path,
            expression=argument.value,
        )
    return gostrings.valid(value)


def _evaluated(
    variable: Variable, env: Mapping[str, object], path: str, *, subject: str
) -> JSONValue:
    try:
        return render_text(variable.value, env, path=path)
    except FieldExpressionError as error:
        raise error.about(f'{subject} "{variable.name}"') from error.__cause__
