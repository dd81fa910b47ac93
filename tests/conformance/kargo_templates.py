"""Runs the cases of templates, step evaluation and criteria."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from common.errors import PlatformError
from common.jsontypes import JSONObject
from promotions.engine.expressions.criteria import compile_filter, freight_may_be_created
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.gojson import read_json, to_json, write_json
from promotions.engine.expressions.templates import render, render_text
from promotions.engine.freight import (
    ORIGIN_KIND,
    Artifact,
    Chart,
    Commit,
    FreightOrigin,
    FreightReference,
    Image,
)
from promotions.engine.inflation import Step, Variable
from promotions.engine.inputs import (
    PromotionFacts,
    Scope,
    Target,
    environment,
    evaluated_config,
    should_skip,
    variables,
)
from promotions.engine.phases import StepRecord
from promotions.engine.runner import StepStatus
from tests.conformance.cases import NotImplementedYetError, Outcome
from tests.conformance.vectors import Case

_NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def run(case: Case) -> Outcome:
    runner = _RUNNERS.get(case["kind"])
    if runner is None:
        raise NotImplementedYetError(case["kind"])
    try:
        got = _as_written(runner(case))
    except (PlatformError, OperandError) as error:
        return Outcome.of_error(case["expect"], error)
    return Outcome.of_value(case["expect"], got)


class VectorLookup:
    """The objects that a case describes."""

    def __init__(self, data: Mapping[str, JSONObject]) -> None:
        self.data = data

    def _get(self, kind: str, name: str) -> object:
        return (self.data.get(kind) or {}).get(name)

    def warehouse_subscriptions(
        self, *, tenant_uid: str, project: str, warehouse: str
    ) -> tuple[JSONObject, ...] | None:
        found = self._get("warehouses", warehouse)
        return tuple(found["subscriptions"]) if isinstance(found, dict) else None

    def freight_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return self._status("freight_resources", name, "metadata")

    def stage_metadata(self, *, tenant_uid: str, project: str, name: str) -> JSONObject | None:
        return self._status("stages", name, "metadata")

    def freight_status(self, name: str) -> JSONObject | None:
        found = self._get("freight_resources", name)
        return found.get("status", {}) if isinstance(found, dict) else None

    def _status(self, kind: str, name: str, key: str) -> JSONObject | None:
        found = self._get(kind, name)
        return found.get("status", {}).get(key) if isinstance(found, dict) else None

    def config_map(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        found = self._get("shared_config_maps" if shared else "config_maps", name)
        return found if isinstance(found, dict) else {}

    def secret(self, *, tenant_uid: str, project: str, name: str, shared: bool) -> JSONObject:
        found = self._get("shared_secrets" if shared else "secrets", name)
        if not isinstance(found, dict):
            return {}
        if shared:
            return found["data"] if found.get("generic") else {}
        return found


def reference(freight: Case, name: str = "") -> FreightReference:
    """Build Freight from its manifest form."""
    origin = freight.get("origin") or {}
    return FreightReference(
        name=str(freight.get("name", name)),
        origin=FreightOrigin(
            name=str(origin.get("name", "")), kind=str(origin.get("kind", ORIGIN_KIND))
        ),
        commits=tuple(
            Commit(
                repo_url=str(it.get("repoURL", "")),
                id=str(it.get("id", "")),
                branch=str(it.get("branch", "")),
                tag=str(it.get("tag", "")),
                message=str(it.get("message", "")),
                author=str(it.get("author", "")),
                committer=str(it.get("committer", "")),
                subscription_name=str(it.get("subscriptionName", "")),
            )
            for it in freight.get("commits", [])
        ),
        images=tuple(
            Image(
                repo_url=str(it.get("repoURL", "")),
                tag=str(it.get("tag", "")),
                digest=str(it.get("digest", "")),
                annotations=dict(it.get("annotations") or {}),
                subscription_name=str(it.get("subscriptionName", "")),
            )
            for it in freight.get("images", [])
        ),
        charts=tuple(
            Chart(
                repo_url=str(it.get("repoURL", "")),
                version=str(it.get("version", "")),
                name=str(it.get("name", "")),
                subscription_name=str(it.get("subscriptionName", "")),
            )
            for it in freight.get("charts", [])
        ),
        artifacts=tuple(_artifact(it) for it in freight.get("artifacts", [])),
    )


def _artifact(it: Mapping[str, object]) -> Artifact:
    return Artifact(
        artifact_type=str(it.get("artifactType", "")),
        subscription_name=str(it.get("subscriptionName", "")),
        version=str(it.get("version", "")),
        metadata=json.dumps(it["metadata"]) if it.get("metadata") is not None else "",
    )


def scope_of(case: Case) -> Scope:
    context = case.get("context") or {}
    lookup = VectorLookup(case.get("data") or {})
    freight = [reference(it) for it in context.get("freight", [])]
    target_freight = reference(context.get("target_freight") or {})
    target = context.get("target")
    functions = kargo_functions(
        FunctionScope(
            tenant_uid="t",
            project=context.get("project", ""),
            lookup=lookup,
            requested=tuple(
                FreightOrigin(name=it["origin"]["name"])
                for it in context.get("freight_requests", [])
            ),
            freight={str(it.origin): it for it in freight},
            freight_status=lookup.freight_status,
            clock=lambda: _NOW,
        )
    )
    return Scope(
        facts=PromotionFacts(
            project=context.get("project", ""),
            stage=context.get("stage", ""),
            promotion=context.get("promotion", ""),
            target_freight=target_freight,
            target_freight_alias=(context.get("target_freight") or {}).get("alias", ""),
            actor=context.get("actor", ""),
            rollback=bool(context.get("rollback")),
            ui_base_url=context.get("ui_base_url", ""),
            variables=_variables(context.get("vars", [])),
            target=Target(target.get("params", {}), target.get("labels", {})) if target else None,
        ),
        render=render,
        earlier=tuple(_record(it) for it in context.get("step_metas", [])),
        state=context.get("state") or {},
        functions=functions,
    )


def _record(meta: Mapping[str, object]) -> StepRecord:
    return StepRecord(
        alias=str(meta["alias"]),
        kind="",
        status=StepStatus(str(meta["status"])) if meta.get("status") else None,
        message=str(meta.get("message", "")),
        error_count=int(str(meta.get("errorCount", 0))),
        continue_on_error=bool(meta.get("continueOnError")),
    )


def _variables(given: Sequence[Mapping[str, str]]) -> tuple[Variable, ...]:
    return tuple(Variable(name=it["name"], value=it["value"]) for it in given)


def _step(case: Case) -> Step:
    step = case.get("step") or {}
    return Step(
        alias=step.get("alias", ""),
        uses=step.get("uses", "fail"),
        condition=step.get("if", ""),
        variables=_variables(step.get("vars", [])),
        config=step.get("config"),
    )


def _template(case: Case) -> object:
    known = Environment.of(environment(scope_of(case), _step(case)))
    env = Environment(case.get("env") or {}, known.functions)
    return render_text(case["template"], env)


def _as_written(value: object) -> object:
    """Return a result as it stands in a vector: numbers as Go's JSON encoder spells them."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    return json.loads(write_json(value))


def _json_template(case: Case) -> object:
    template = case["template"]
    if isinstance(template, str):
        template = read_json(template)
    if template is None:
        return None
    if not isinstance(template, dict):
        raise OperandError("not an object")
    return render(template, case.get("env") or {})


def _config(case: Case) -> object:
    """Return the configuration; where there is none, Kargo's evaluator says so and ours says {}."""
    config = evaluated_config(scope_of(case), _step(case))
    return None if _step(case).config is None else config


def _env(case: Case) -> object:
    env = environment(scope_of(case), _step(case))
    shown = {"ctx", "outputs", "stepMetas", "task", "target", "vars"}
    return to_json({key: value for key, value in env.items() if key in shown})


def _criteria(case: Case) -> object:
    return freight_may_be_created(case["expr"], case.get("artifacts") or {}, now=_NOW)


def _conv_bool(case: Case) -> object:
    return compile_filter(case["expr"], now=_NOW)(case["env"])


_RUNNERS: dict[str, Callable[[Case], object]] = {
    "template": _template,
    "json_template": _json_template,
    "vars": lambda case: variables(scope_of(case), _step(case)),
    "should_skip": lambda case: should_skip(scope_of(case), _step(case)),
    "config": _config,
    "env": _env,
    "freight_criteria": _criteria,
    "conv_bool": _conv_bool,
}
