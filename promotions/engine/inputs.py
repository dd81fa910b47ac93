"""What a step gets to work with: variables, the environment of its expressions, its configuration.

Source: Kargo ``pkg/promotion`` StepEvaluator.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object
from promotions.engine import gostrings
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.gojson import write_json
from promotions.engine.expressions.values import Function, Record
from promotions.engine.freight import FreightReference
from promotions.engine.inflation import SEPARATOR, Step, Variable, alias_namespace
from promotions.engine.phases import StepRecord, has_failures

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_UNKNOWN_ACTOR = "unknown actor"


class Render(Protocol):
    """Evaluates the expressions in the string values of a JSON value."""

    def __call__(self, value: JSONValue, env: Mapping[str, object], *, path: str = "") -> JSONValue:
        """Return the value with its expressions replaced.

        Raises:
            FieldExpressionError: An expression fails; its path begins with ``path``.
        """
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
        index: Where the step is in the promotion's list.
    """

    facts: PromotionFacts
    render: Render
    earlier: tuple[StepRecord, ...] = ()
    state: JSONObject = field(default_factory=dict)
    functions: Mapping[str, object] = field(default_factory=dict)
    index: int = 0

    @property
    def step_path(self) -> str:
        """Where the step stands in the promotion's manifest."""
        return f"spec.steps[{self.index}]"


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
        FieldExpressionError: An expression failed; the message names the variable.
    """
    values: dict[str, JSONValue] = {}
    outer = {**scope.functions, **_facts(scope.facts, step.alias), "vars": values}
    for index, variable in enumerate(scope.facts.variables):
        path = f"spec.vars[{index}].value"
        values[variable.name] = _value(scope, variable, outer, path, owner="promotion")
    inner = {**environment(scope, step), "vars": values}
    for index, variable in enumerate(step.variables):
        path = f"{scope.step_path}.vars[{index}].value"
        values[variable.name] = _value(scope, variable, inner, path, owner="step")
    return values


def should_skip(scope: Scope, step: Step) -> bool:
    """Return whether the step is passed over.

    Without ``if``, when an earlier failure counts; with it, when it comes to false.

    Raises:
        FieldExpressionError: An expression failed, or ``if`` did not come to true or false.
    """
    if not step.condition:
        return has_failures(scope.earlier)
    path = f"{scope.step_path}.if"
    env = {**environment(scope, step), "vars": variables(scope, step)}
    verdict = scope.render(step.condition, env, path=path)
    if not isinstance(verdict, bool):
        raise FieldExpressionError(
            f"expression must evaluate to a boolean, got {_type_name(verdict)}; "
            "write it between ${{ and }}",
            path=path,
            expression=step.condition,
        )
    return not verdict


def evaluated_config(scope: Scope, step: Step) -> JSONObject:
    """Return the step's configuration with every expression evaluated; ``{}`` if it has none.

    Whole numbers come out as integers.

    Raises:
        FieldExpressionError: An expression failed; the message names the field.
        InvalidError: The configuration is not an object.
    """
    if step.config is None:
        return {}
    path = f"{scope.step_path}.config"
    if not isinstance(step.config, Mapping):
        raise InvalidError(f"{path}: must be an object", code="invalid_step_config")
    env = {**environment(scope, step), "vars": variables(scope, step)}
    evaluated = scope.render(step.config, env, path=path)
    return as_object(_read_again(evaluated))


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
    statuses: dict[str, str] = {}
    for record in earlier:
        if alias_namespace(record.alias) == namespace:
            statuses.setdefault(_short_alias(record.alias), str(record.status or ""))
    failed = has_failures(earlier)

    def status(arguments: Sequence[object]) -> str:
        if arguments[0] == "":
            raise OperandError("argument must not be empty; name the alias of a step")
        return statuses.get(str(arguments[0]), "")

    functions = (
        Function("always", lambda _: True, most=0, result="bool"),
        Function("success", lambda _: not failed, most=0, result="bool"),
        Function("failure", lambda _: failed, most=0, result="bool"),
        Function("status", status, 1, 1, ("string",), result="string"),
    )
    return {function.name: function for function in functions}


def _short_alias(alias: str) -> str:
    """Return the alias as steps of the same task write it."""
    namespace = alias_namespace(alias)
    return alias.removeprefix(f"{namespace}{SEPARATOR}") if namespace else alias


def _step_meta(record: StepRecord) -> Record:
    """Return the record of a step under Go's field names; in JSON what is unset is left out."""
    status = str(record.status or "")
    values: dict[str, JSONValue] = {
        "Alias": record.alias,
        "ErrorCount": record.error_count,
        "Status": status,
        "Message": record.message,
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


def _value(
    scope: Scope, variable: Variable, env: Mapping[str, object], path: str, *, owner: str
) -> JSONValue:
    try:
        return _floats(scope.render(variable.value, env, path=path))
    except FieldExpressionError as error:
        subject = f'error pre-processing {owner} variable "{variable.name}"'
        raise error.about(subject) from error.__cause__


def _floats(value: JSONValue) -> JSONValue:
    """Return the value with all numbers as floats: Kargo parses those of variables so."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_floats(item) for item in value]
    return value


def _read_again(value: JSONValue) -> JSONValue:
    """Return the value with whole floats as integers, as after a round trip through JSON.

    Nor does anything that is no Unicode come through.
    """
    if isinstance(value, float):
        return _read_back(value)
    if isinstance(value, str):
        return gostrings.valid(value)
    if isinstance(value, Mapping):
        return {gostrings.valid(key): _read_again(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_read_again(item) for item in value]
    return value


def _read_back(value: float) -> JSONValue:
    """Return what the reference's YAML reader makes of the float as its JSON writer spells it."""
    text = write_json(value)
    whole = int(text) if text.lstrip("-").isdecimal() else None
    return value if whole is None or not _SMALLEST <= whole <= _LARGEST else whole


def _type_name(value: JSONValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "object" if isinstance(value, Mapping) else "array"
