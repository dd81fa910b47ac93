"""Our schemas accept what Kargo's do: steps of the flow, the control plane and Argo CD."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from common.jsontypes import JSONObject
from promotions import wiring
from tests.conformance.vectors import DIRECTORY

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "step-schemas"
if not SCHEMAS.is_dir():
    pytest.skip(f"Kargo's step schemas are not in {SCHEMAS}", allow_module_level=True)

APP = {"name": "shop"}
LABELS = {"matchLabels": {"a": "b"}}
EXPRESSION = {"key": "a", "operator": "In", "values": ["b"]}


def update(**source: object) -> dict[str, Any]:
    return {"apps": [{**APP, "sources": [{"repoURL": "https://example.com/r", **source}]}]}


def image(**values: object) -> dict[str, Any]:
    return update(kustomize={"images": [{"repoURL": "x", **values}]})


TARGETS: list[dict[str, Any]] = [
    {},
    {"apps": []},
    {"apps": "shop"},
    {"apps": [{}]},
    {"apps": [APP]},
    {"apps": [APP], "more": 1},
    {"apps": [{"name": ""}]},
    {"apps": [{"name": 1}]},
    {"apps": [{**APP, "more": 1}]},
    {"apps": [{**APP, "namespace": "argocd"}]},
    {"apps": [{**APP, "namespace": ""}]},
    {"apps": [{"selector": LABELS}]},
    {"apps": [{**APP, "selector": LABELS}]},
    {"apps": [{"name": "", "selector": LABELS}]},
    {"apps": [{**APP, "selector": None}]},
    {"apps": [{"name": None, "selector": LABELS}]},
    {"apps": [{"selector": {}}]},
    {"apps": [{"selector": {"matchLabels": {}}}]},
    {"apps": [{"selector": {"matchLabels": {"a": 1}}}]},
    {"apps": [{"selector": {"matchLabels": {"a": ""}}}]},
    {"apps": [{"selector": {"matchExpressions": []}}]},
    {"apps": [{"selector": {"matchExpressions": [EXPRESSION]}}]},
    {"apps": [{"selector": {**LABELS, "matchExpressions": []}}]},
    {"apps": [{"selector": {"matchLabels": {}, "matchExpressions": [EXPRESSION]}}]},
    {"apps": [{"selector": {**LABELS, "more": 1}}]},
    *(
        {"apps": [{"selector": {"matchExpressions": [expression]}}]}
        for expression in (
            {"key": "a", "operator": "Exists"},
            {"key": "a", "operator": "DoesNotExist", "values": []},
            {"key": "a", "operator": "NotIn", "values": []},
            {"key": "", "operator": "Exists"},
            {"key": "a", "operator": ""},
            {"key": "a", "operator": "Equals"},
            {"key": "a"},
            {"operator": "In"},
            {**EXPRESSION, "values": [1]},
            {**EXPRESSION, "more": 1},
        )
    ),
    {"apps": [APP, {"selector": LABELS}]},
]
CASES: dict[str, list[Any]] = {
    "argocd-update": [
        *TARGETS,
        {"apps": [{**APP, "sources": []}]},
        {"apps": [{**APP, "sources": [{}]}]},
        {"apps": [{**APP, "waitFor": ["sync"]}]},
        update(),
        update(repoURL=""),
        update(more=1),
        update(chart="c"),
        update(chart=""),
        update(desiredRevision="abc"),
        update(desiredRevision=""),
        update(desiredRevision=1),
        update(updateTargetRevision=True),
        update(updateTargetRevision=False),
        update(updateTargetRevision="true"),
        update(updateTargetRevision=True, desiredRevision="abc"),
        update(updateTargetRevision=False, desiredRevision="abc"),
        update(updateTargetRevision=True, desiredRevision=""),
        update(kustomize={}),
        update(kustomize={"images": []}),
        update(kustomize={"images": [{}]}),
        update(kustomize={"more": 1}),
        image(),
        image(repoURL=""),
        image(tag="1"),
        image(digest="sha256:0"),
        image(tag="1", digest="sha256:0"),
        image(tag="", digest=""),
        image(tag="1", digest=""),
        image(tag="", digest="sha256:0"),
        image(newName="n"),
        image(newName=""),
        image(tag=1),
        image(more=1),
        update(helm={}),
        update(helm={"images": []}),
        update(helm={"images": [{"key": "k", "value": "v"}]}),
        update(helm={"images": [{"key": "k", "value": ""}]}),
        update(helm={"images": [{"key": "", "value": "v"}]}),
        update(helm={"images": [{"key": "k"}]}),
        update(helm={"images": [{"key": "k", "value": 1}]}),
        update(helm={"images": [{"key": "k", "value": "v", "more": 1}]}),
        update(helm={"images": [{"key": "k", "value": "v"}], "more": 1}),
    ],
    "argocd-wait": [
        *TARGETS,
        *(
            {"apps": [{**APP, "waitFor": wanted}]}
            for wanted in (
                [],
                ["health"],
                ["health", "sync", "operation", "suspended", "degraded"],
                ["health", "health"],
                ["ready"],
                [1],
                "health",
                None,
            )
        ),
        {"apps": [{**APP, "sources": [{"repoURL": "x"}]}]},
    ],
    "compose-output": [{}, {"a": 1}, {"a": None}, {"a": {"b": []}, "c": "d"}],
    "fail": [{}, {"message": "x"}, {"message": ""}, {"message": 1}, {"more": 1}],
    "set-freight-alias": [
        {},
        {"name": "f"},
        {"alias": "a"},
        {"name": "f", "alias": "a"},
        {"name": "", "alias": "a"},
        {"name": "f", "alias": ""},
        {"name": 1, "alias": "a"},
        {"name": "f", "alias": "a", "more": 1},
    ],
    "set-metadata": [
        {},
        {"updates": []},
        {"updates": [{"kind": "Stage", "name": "s", "values": {"a": None}}]},
        {"updates": [{"kind": "Freight", "name": "f", "values": {"a": [1, {"b": 2}]}}]},
        {"updates": [{"kind": "Warehouse", "name": "w", "values": {"a": 1}}]},
        {"updates": [{"kind": "", "name": "w", "values": {"a": 1}}]},
        {"updates": [{"kind": "Stage", "name": "", "values": {"a": 1}}]},
        {"updates": [{"kind": "Stage", "name": "s", "values": {}}]},
        {"updates": [{"kind": "Stage", "name": "s", "values": "a"}]},
        {"updates": [{"kind": "Stage", "name": "s"}]},
        {"updates": [{"kind": "Stage", "values": {"a": 1}}]},
        {"updates": [{"name": "s", "values": {"a": 1}}]},
        {"updates": [{"kind": "Stage", "name": "s", "values": {"a": 1}, "more": 1}]},
        {"updates": [], "more": 1},
    ],
}


def load(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return document


def kargo(kind: str) -> Draft202012Validator:
    """Return Kargo's own validator for a kind."""
    common = DRAFT202012.create_resource(load("argocd-common.json"))
    registry: Registry[Any] = Registry().with_resource("argocd-common.json", common)
    return Draft202012Validator(load(f"{kind}-config.json"), registry=registry)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        pytest.param(kind, config, id=f"{kind}-{number}")
        for kind, configs in CASES.items()
        for number, config in enumerate(configs)
    ],
)
def test_a_configuration_is_accepted_if_kargo_accepts_it(kind: str, config: JSONObject) -> None:
    ours = wiring.step_registry().schema(kind)

    assert (not ours.problems(config)) is kargo(kind).is_valid(config)


@pytest.mark.parametrize("kind", sorted(CASES))
def test_some_of_the_configurations_are_good_and_some_are_not(kind: str) -> None:
    verdicts = {kargo(kind).is_valid(config) for config in CASES[kind]}

    assert verdicts == {True, False}
