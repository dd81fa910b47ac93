"""What expressions of published manifests might see: one of everything, with usual values."""

from collections.abc import Sequence

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.expressions.artifacts import chart_record, commit_record, image_record
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.templates import render
from promotions.engine.expressions.values import Function
from promotions.engine.freight import Chart, Commit, FreightOrigin, FreightReference, Image
from promotions.engine.inflation import SEPARATOR, Step, Variable
from promotions.engine.inputs import PromotionFacts, Scope

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
URL = "https://example.com/1"
OUTPUTS: dict[str, JSONObject] = {
    "git-commit": {"commit": COMMIT},
    "git-push": {"commit": COMMIT, "branch": "kargo/promotion/test.1", "commitURL": URL},
    "git-open-pr": {"pr": {"id": 1, "url": URL}},
    "git-wait-for-pr": {
        "pr": {"id": 1, "url": URL, "open": False, "merged": True},
        "commit": COMMIT,
    },
    "oci-push": {"image": "example.com/app:1.2.3", "digest": DIGEST, "tag": "1.2.3"},
    "send-message": {"slack": {"threadTS": "1700000000.000100"}},
    "wait-for-approval": {
        "responses": [{"user": "bob", "action": "approve", "time": "2026-01-01T00:00:00Z"}]
    },
    "get-user-input": {"values": {"version": "v1.2.3"}, "respondedBy": "bob"},
}
"""What steps put out, by kind; all others a ``commitMessage``."""
TASK: JSONObject = {
    "commit": COMMIT,
    "change": "1.2.2 -> 1.2.3",
    "size": "Patch",
    "regions": ["eu"],
    "stage": "test",
}
"""What a task puts out, and the step ``result`` in it."""


def scope(steps: Sequence[Step], variables: Sequence[Variable]) -> Scope:
    """Return what decides the expressions of these steps, all of which have been run."""
    state: dict[str, JSONValue] = {step.alias: _output(step) for step in steps}
    state |= {alias.rpartition(SEPARATOR)[2]: output for alias, output in state.items()}
    state |= {f"{step.alias}{SEPARATOR}result": TASK for step in steps if step.task}
    origin = FreightOrigin("main")
    facts = PromotionFacts(
        project="demo",
        stage="test",
        promotion="test.01",
        target_freight=FreightReference(name=COMMIT, origin=origin),
        variables=tuple(variables),
    )
    return Scope(facts, render, (), state, _functions())


def _output(step: Step) -> JSONObject:
    declared = {str(it["name"]): "1.2.3" for it in _listed(step.config)}
    composed = step.config if step.uses == "compose-output" else {}
    usual: JSONObject = {"commitMessage": "Updated", **declared}
    if step.task:
        return TASK
    return OUTPUTS.get(step.uses) or {**usual, **(composed if isinstance(composed, dict) else {})}


def _listed(config: JSONValue) -> list[JSONObject]:
    found = config.get("outputs") if isinstance(config, dict) else None
    return [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []


def _functions() -> dict[str, object]:
    found = kargo_functions(
        FunctionScope(tenant_uid="", project="demo", lookup=_Nothing(), requested=(), freight={})
    )
    artifacts = (
        Function("commitFrom", lambda it: commit_record(Commit(str(it[0]), COMMIT)), 1, 2),
        Function("imageFrom", lambda it: image_record(Image(str(it[0]), "1.2.3", DIGEST)), 1, 2),
        Function("chartFrom", lambda it: chart_record(Chart(str(it[0]), "app", "1.2.3")), 1, 3),
    )
    return {**found, **{function.name: function for function in artifacts}}


class _Nothing:
    """A control plane in which whatever is looked up by name exists and holds texts."""

    def warehouse_subscriptions(self, **_: object) -> None:
        return None

    def freight_metadata(self, **_: object) -> JSONObject:
        return {
            "github-issue-number": 1,
            "testedBy": "bob",
            "release": {"size": "Minor", "commit": COMMIT},
        }

    def stage_metadata(self, **_: object) -> JSONObject:
        return {"change": "1 -> 2", "regions": ["eu"]}

    def config_map(self, **_: object) -> JSONObject:
        return {"key": "value"}

    def secret(self, **_: object) -> JSONObject:
        return {"token": "secret"}
