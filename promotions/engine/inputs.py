"""What a step gets to work with: variables, the environment of its expressions, its configuration.

Source: Kargo ``pkg/promotion`` StepEvaluator.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.expressions.values import Function, Record
from promotions.engine.freight import FreightReference
from promotions.engine.inflation import SEPARATOR, Step, Variable, alias_namespace
from promotions.engine.phases import StepRecord, has_failures

_EXACT = 2**53
_UNKNOWN_ACTOR = "unknown actor"


class Render(Protocol):
    """Evaluates the expressions in the string values of a JSON value."""

    def __call__(self, value: JSONValue, env: Mapping[str, object]) -> JSONValue:
        """Return the value with its expressions replaced, or raise a PlatformError."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """What a target-aware Stage promotes to."""

    params: JSONObject = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromotionFacts:
    """What expressions may know of the promotion that they are in.

    Attributes:
        actor: As :func:`actor_name` gives it.
        variables: The Stage's, then the template's.
    """

    project: str
    stage: str
    promotion: str
    target_freight: FreightReference
    target_freight_alias: str = ""
    actor: str = ""
    rollback: bool = False
    ui_base_url: str = ""
    variables: tuple[Variable, ...] = ()
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything that decides what the expressions of one step come to.

    Attributes:
        earlier: Records of the steps before this one.
        state: Outputs by alias.
        functions: Functions that read freight, metadata, config maps and secrets.
    """

    facts: PromotionFacts
    render: Render
    earlier: tuple[StepRecord, ...] = ()
    state: JSONObject = field(default_factory=dict)
    functions: Mapping[str, object] = field(default_factory=dict)


def actor_name(create_actor: str) -> str:
    """Return who asked for a promotion, without the kind of actor that the annotation names.

    ``kubernetes:system:x:y`` gives ``system:x:y``, ``admin`` itself, nobody the empty string.
    """
    if create_actor == _UNKNOWN_ACTOR:
        return ""
    kind, separator, name = create_actor.partition(":")
    return name if separator else kind


def variables(scope: Scope, step: Step) -> dict[str, JSONValue]:
    """Return the promotion's variables, then the step's, evaluated in order.

    Each sees those before it. Only the step's see outputs and the status of earlier steps.

    Raises:
        InvalidError: An expression failed; the message names the variable.
    """
    values: dict[str, JSONValue] = {}
    outer = {**scope.functions, **_facts(scope.facts, step.alias), "vars": values}
    for variable in scope.facts.variables:
        values[variable.name] = _value(scope, variable, outer, "promotion")
    inner = {**environment(scope, step), "vars": values}
    for variable in step.variables:
        values[variable.name] = _value(scope, variable, inner, "step")
    return values


def should_skip(scope: Scope, step: Step) -> bool:
    """Return whether the step is passed over.

    Without ``if``, when an earlier failure counts; with it, when it comes to false.

    Raises:
        InvalidError: An expression failed, or ``if`` did not come to true or false.
    """
    if not step.condition:
        return has_failures(scope.earlier)
    env = {**environment(scope, step), "vars": variables(scope, step)}
    verdict = _rendered(scope, step.condition, env, "if")
    if not isinstance(verdict, bool):
        raise InvalidError(
            f"if: expression must evaluate to a boolean, got {_type_name(verdict)}; "
            "write it between ${{ and }}",
            code="invalid_condition",
        )
    return not verdict


def evaluated_config(scope: Scope, step: Step) -> JSONObject:
    """Return the step's configuration with every expression evaluated; ``{}`` if it has none.

    Whole numbers come out as integers.

    Raises:
        InvalidError: An expression failed; the message names the field.
    """
    if step.config is None:
        return {}
    if not isinstance(step.config, Mapping):
        raise InvalidError("config: must be an object", code="invalid_step_config")
    env = {**environment(scope, step), "vars": variables(scope, step)}

    def evaluate(text: str, path: str) -> JSONValue:
        return _json_numbers(_rendered(scope, text, env, path), path)

    return {key: _evaluated(value, f"config.{key}", evaluate) for key, value in step.config.items()}


def environment(scope: Scope, step: Step) -> dict[str, object]:
    """Return what the step's expressions see, ``vars`` apart.

    ``task`` is there only inside a task, ``target`` only in a promotion with a target.
    """
    env: dict[str, object] = {
        **scope.functions,
        **_status_functions(scope.earlier, step.alias),
        **_facts(scope.facts, step.alias),
        "outputs": scope.state,
        "stepMetas": {record.alias: _step_meta(record) for record in scope.earlier},
    }
    namespace = alias_namespace(step.alias)
    if namespace:
        env["task"] = {"outputs": _task_outputs(scope.state, namespace)}
    return env


def _facts(facts: PromotionFacts, alias: str) -> dict[str, object]:
    freight = facts.target_freight
    env: dict[str, object] = {
        "ctx": {
            "uiBaseUrl": facts.ui_base_url,
            "project": facts.project,
            "promotion": facts.promotion,
            "stage": facts.stage,
            "targetFreight": {
                "name": freight.name,
                "alias": facts.target_freight_alias,
                "origin": {"name": freight.origin.name},
            },
            "meta": {
                "promotion": {"actor": facts.actor, "rollback": facts.rollback},
                "step": {"alias": alias},
            },
        }
    }
    if facts.target is not None:
        env["target"] = {"params": facts.target.params, "labels": facts.target.labels}
    return env


def _status_functions(earlier: tuple[StepRecord, ...], alias: str) -> dict[str, object]:
    namespace = alias_namespace(alias)
    statuses = {record.alias: str(record.status or "") for record in earlier}
    failed = has_failures(earlier)

    def status(arguments: Sequence[object]) -> str:
        wanted = str(arguments[0])
        if not wanted:
            raise InvalidError("status() needs the alias of a step", code="invalid_argument")
        if not namespace:  # what happens in a task is not to be seen from outside
            return "" if SEPARATOR in wanted else statuses.get(wanted, "")
        return statuses.get(f"{namespace}{SEPARATOR}{wanted}", "")

    functions = (
        Function("always", lambda _: True, most=0),
        Function("success", lambda _: not failed, most=0),
        Function("failure", lambda _: failed, most=0),
        Function("status", status, least=1, most=1, parameters=("string",)),
    )
    return {function.name: function for function in functions}


def _step_meta(record: StepRecord) -> Record:
    """Return the record of a step under Go's field names; in JSON what is unset is left out."""
    status = str(record.status or "")
    values: dict[str, JSONValue] = {
        "Alias": record.alias,
        "Status": status,
        "Message": record.message,
        "ErrorCount": record.error_count,
        "ContinueOnError": record.continue_on_error,
    }
    shown = {f"{name[0].lower()}{name[1:]}": value for name, value in values.items() if value}
    # Go's status is a string of a type of its own, so == never finds it equal to a plain string.
    typed = Record("v1alpha1.PromotionStepStatus", shown=status, text=status)
    return Record("v1alpha1.StepExecutionMetadata", {**values, "Status": typed}, shown=shown)


def _task_outputs(state: JSONObject, namespace: str) -> JSONObject:
    return {
        alias.removeprefix(namespace + SEPARATOR): output
        for alias, output in state.items()
        if alias_namespace(alias) == namespace
    }


def _value(scope: Scope, variable: Variable, env: Mapping[str, object], owner: str) -> JSONValue:
    where = f'error pre-processing {owner} variable "{variable.name}"'
    return _floats(_rendered(scope, variable.value, env, where))


def _floats(value: JSONValue) -> JSONValue:
    """Return the value with all numbers as floats: Kargo parses those of variables so."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_floats(item) for item in value]
    return value


def _rendered(scope: Scope, text: str, env: Mapping[str, object], where: str) -> JSONValue:
    try:
        return scope.render(text, env)
    except PlatformError as error:
        raise InvalidError(f"{where}: {error.message}", code="expression_failed") from error


def _evaluated(value: JSONValue, path: str, evaluate: Callable[[str, str], JSONValue]) -> JSONValue:
    if isinstance(value, str):
        return evaluate(value, path)
    if isinstance(value, Mapping):
        return {key: _evaluated(item, f"{path}.{key}", evaluate) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_evaluated(item, f"{path}.{index}", evaluate) for index, item in enumerate(value)]
    return _json_numbers(value, path)


def _json_numbers(value: JSONValue, path: str) -> JSONValue:
    """Return the value with whole floats as integers, as after a round trip through JSON."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidError(f"{path}: {value} is not a JSON number; use quote() for text")
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, Mapping):
        return {key: _json_numbers(item, path) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json_numbers(item, path) for item in value]
    return value


def _type_name(value: JSONValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "object" if isinstance(value, Mapping) else "array"
