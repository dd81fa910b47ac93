from typing import Any

import pytest

from common.errors import InvalidError
from promotions.manifests.kinds import KINDS, Scope, is_foreign, read_manifest

KARGO = "kargo.akuity.io/v1alpha1"


def document(kind: str, **parts: Any) -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "demo"}
    return {"apiVersion": KARGO, "kind": kind, "metadata": metadata, **parts}


def found(content: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        read_manifest(content)
    return [str(it) for it in caught.value.problems]


def test_a_misspelt_kind_gets_the_right_spelling() -> None:
    assert found(document("Stagee")) == [
        'kind: "Stagee" is not a kind that the platform knows; did you mean "Stage"?'
    ]


def test_a_kind_that_kargo_gave_up_is_told_what_replaced_it() -> None:
    (problem,) = found(document("PromotionPolicy"))

    assert problem.endswith("any more; it belongs in promotionPolicies of a ProjectConfig")


def test_a_wrong_api_version_gets_the_right_one() -> None:
    content = {**document("Stage"), "apiVersion": "kargo.akuity.io/v1"}

    assert found(content) == [
        'apiVersion: must be "kargo.akuity.io/v1alpha1" for Stage, not "kargo.akuity.io/v1"'
    ]


def test_a_misspelt_required_field_is_recognised() -> None:
    content = document("Stage", spec={"requestedFright": []})

    assert found(content) == [
        'spec.requestedFreight: is required; "requestedFright" is near: is it a misspelling?'
    ]


def test_a_stage_of_the_old_style_is_told_what_replaced_it() -> None:
    content = document("Stage", spec={"subscriptions": {}, "promotionMechanisms": {}})

    (problem,) = found(content)

    assert "since Kargo 1.0 it is requestedFreight" in problem


def test_unknown_fields_are_dropped_with_a_warning_at_any_depth() -> None:
    read = read_manifest(
        document(
            "Warehouse",
            extra=1,
            spec={"subscriptions": [{"git": {"repoURL": "https://h/x", "brunch": "main"}}]},
        )
    )

    assert read.warnings == (
        'unknown field "extra"',
        'unknown field "spec.subscriptions[0].git.brunch"; did you mean "branch"?',
    )


def test_text_is_never_made_of_numbers_silently() -> None:
    spec = {"steps": [{"uses": "copy"}], "vars": [{"name": "a", "value": 1}]}

    assert found(document("PromotionTask", spec=spec)) == [
        'spec.vars[0].value: must be text, not the number 1; put it in quotes: "1"'
    ]


def test_a_choice_says_what_it_may_be_and_what_is_near() -> None:
    spec = {
        "freightCreationPolicy": "automatic",
        "subscriptions": [{"image": {"repoURL": "nginx"}}],
    }

    (problem,) = found(document("Warehouse", spec=spec))

    assert problem.startswith('spec.freightCreationPolicy: must be one of "Automatic", "Manual"')
    assert problem.endswith('not "automatic"; did you mean "Automatic"?')


def test_a_namespaced_kind_needs_a_namespace() -> None:
    content = {**document("PromotionTask", spec={"steps": [{"uses": "copy"}]})}
    content["metadata"] = {"name": "x"}

    assert found(content) == ["metadata.namespace: is required: the name of the project"]


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({"name": "X"}, "metadata.name: must be a name of at most 253"),
        ({"name": "a" * 254}, "metadata.name: must be a name of at most 253"),
        ({}, "metadata.name: is required"),
        ({"name": "x", "labels": {"a b": "1"}}, "metadata.labels.a b: is not a label key"),
        ({"name": "x", "labels": {"a": "b c"}}, "metadata.labels.a: a label has at most 63"),
        ({"name": "x", "labels": {"a": True}}, "metadata.labels.a: must be text"),
        ({"name": "x", "annotations": {"-": "1"}}, "metadata.annotations.-: is not an annotation"),
    ],
)
def test_metadata_is_checked(metadata: dict[str, Any], problem: str) -> None:
    content = {**document("Project"), "metadata": metadata}

    assert found(content)[0].startswith(problem)


def test_what_only_a_server_writes_is_ignored_without_a_warning() -> None:
    content = document("Project", status={"conditions": []})
    content["metadata"] = {
        "name": "x",
        "uid": "1",
        "resourceVersion": "5",
        "generation": 3,
        "creationTimestamp": None,
        "finalizers": ["a"],
        "managedFields": [{}],
        "ownerReferences": [],
    }

    assert read_manifest(content).warnings == ()


def test_a_namespace_on_a_tenants_own_kind_is_dropped_with_a_warning() -> None:
    assert read_manifest(document("Project")).warnings == (
        '"metadata.namespace" was dropped; a Project has none',
    )


@pytest.mark.parametrize(
    ("version", "kind", "foreign"),
    [
        ("v1", "Namespace", True),
        ("argoproj.io/v1alpha1", "Application", True),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", False),
        ("rbac.authorization.k8s.io/v1", "RoleBindng", False),
        ("apps/v1", "Deployment", True),
        ("v1", "Secrets", False),
        ("v1", "Configmap", False),
        (KARGO, "PromotionPolicy", False),
        (KARGO, "Stage", False),
        ("", "Namespace", False),
    ],
)
def test_documents_for_other_systems_are_told_from_misspellings(
    version: str, kind: str, *, foreign: bool
) -> None:
    assert is_foreign({"apiVersion": version, "kind": kind}) is foreign


def test_every_kind_that_the_platform_promises_is_known_once() -> None:
    assert len({kind.rank for kind in KINDS.values()}) == len(KINDS) == 24
    assert [kind.name for kind in KINDS.values() if kind.scope is Scope.TENANT] == [
        "Project",
        "ClusterConfig",
        "ClusterMessageChannel",
        "ClusterAnalysisTemplate",
        "ClusterPromotionTask",
        "ClusterRole",
        "ClusterRoleBinding",
        "ControlPlane",
    ]
