from typing import Any

import pytest

from tests.unit.manifests.reading import problems, read

METADATA = {"name": "demo", "namespace": "demo"}
COPY = {"uses": "copy"}
SECRET = {"secretRef": {"name": "s"}}


def wrong(**spec: Any) -> list[str]:
    found = problems("ProjectConfig", spec, metadata=METADATA)
    return [it.removeprefix("spec.") for it in found]


def policy(name: str) -> dict[str, Any]:
    return {"stageSelector": {"name": name}}


def test_a_project_config_without_spec_is_fine() -> None:
    assert problems("ProjectConfig", metadata=METADATA) == []


def test_a_policy_selects_in_exactly_one_way() -> None:
    both = {"stage": "a", "stageSelector": {"name": "b"}}

    found = wrong(promotionPolicies=[both, {"autoPromotionEnabled": True}])

    assert [it.split(": ")[0] for it in found] == ["promotionPolicies[0]", "promotionPolicies[1]"]


def test_the_same_stage_may_be_named_once_in_either_way() -> None:
    found = wrong(promotionPolicies=[{"stage": "a"}, policy("a"), {"stage": "b"}, {"stage": "a"}])

    assert [it.split(": ")[0] for it in found] == ["promotionPolicies[1]", "promotionPolicies[3]"]


def test_patterns_labels_and_empty_names_may_repeat() -> None:
    labels = {"stageSelector": {"matchLabels": {"a": "b"}}}

    policies = [policy("glob:a*"), policy("glob:a*"), policy(""), policy(""), labels, labels]

    assert wrong(promotionPolicies=policies) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("like:a", 'invalid pattern identifier "like"'),
        ("regex:(", "is not a valid regular expression"),
        ("regexp:[", "is not a valid regular expression"),
    ],
)
def test_a_broken_name_pattern_is_refused(name: str, reason: str) -> None:
    (problem,) = wrong(promotionPolicies=[policy(name)])

    assert problem.startswith("promotionPolicies[0].stageSelector.name: ")
    assert reason in problem


@pytest.mark.parametrize("name", ["test", "glob:uat-*", "regex:^a$", "regexp:a|b"])
def test_good_name_patterns_are_accepted(name: str) -> None:
    assert wrong(promotionPolicies=[policy(name)]) == []


@pytest.mark.parametrize(
    ("rollback", "path"),
    [
        ({"onPromotion": ["Aborted"]}, "onPromotion[0]"),
        ({"onVerification": ["Failed", "Errored"]}, "onVerification[1]"),
    ],
)
def test_rollback_names_known_outcomes(rollback: dict[str, Any], path: str) -> None:
    (problem,) = wrong(promotionPolicies=[{"stage": "a", "autoRollback": rollback}])

    assert problem.startswith(f"promotionPolicies[0].autoRollback.{path}: must be one of")


def test_receivers_have_unique_names_and_one_provider_each() -> None:
    found = wrong(
        webhookReceivers=[
            {"name": "a", "github": SECRET},
            {"name": "a", "gitlab": SECRET, "harbor": SECRET},
            {"name": "b"},
        ]
    )

    assert found[0].endswith('"a" is already the name of spec.webhookReceivers[0]')
    assert found[1].endswith("not gitlab and harbor")
    assert found[2].startswith("webhookReceivers[2]: must have exactly one of")


def test_a_generic_receiver_must_select_something() -> None:
    action = {"action": "Refresh", "targetSelectionCriteria": [{"kind": "Warehouse"}]}

    found = wrong(webhookReceivers=[{"name": "a", "generic": {**SECRET, "actions": [action]}}])

    (problem,) = found
    assert problem.startswith("webhookReceivers[0].generic.actions[0].targetSelectionCriteria[0]: ")
    assert problem.endswith("at least one of name, labelSelector, indexSelector")


def test_actions_beside_a_generic_receiver_are_told_where_they_belong() -> None:
    receiver = {"name": "x", "generic": {"secretRef": {"name": "s"}}, "actions": []}

    (warning,) = read("ProjectConfig", {"webhookReceivers": [receiver]}, metadata=METADATA).warnings

    assert warning.endswith('webhookReceivers[0].actions"; it belongs inside generic')


def test_all_problems_are_reported_together() -> None:
    found = problems(
        "ProjectConfig",
        {"promotionPolicies": [{}], "webhookReceivers": [{"name": "a"}]},
        metadata={**METADATA, "name": "other"},
    )

    assert len(found) == 3


def test_links_need_a_title_and_an_address() -> None:
    found = wrong(stageLinks=[{"title": "", "url": "x"}], freightLinks=[{"title": "x"}])

    assert sorted(it.split(": ")[0] for it in found) == [
        "freightLinks[0].url",
        "stageLinks[0].title",
    ]


def test_windows_have_unique_names_and_known_kinds() -> None:
    window = {
        "name": "w",
        "kind": "Allow",
        "dtstart": "20260101T090000",
        "dtend": "20260101T170000",
    }

    assert wrong(promotionWindows=[window, window]) == [
        'promotionWindows[1].name: "w" is there twice'
    ]
    assert "must be one of" in wrong(promotionWindows=[{**window, "kind": "Maybe"}])[0]


def test_there_is_one_cluster_config() -> None:
    (problem,) = problems("ClusterConfig", {}, metadata={"name": "other"})

    assert problem == 'metadata.name: must be "cluster", for there is one, not "other"'


def test_a_git_client_needs_a_name_and_an_address() -> None:
    spec = {"gitClient": {"name": "bot", "email": "nobody"}}

    (problem,) = problems("ClusterConfig", spec, metadata={"name": "cluster"})

    assert problem.startswith("spec.gitClient.email: must be an e-mail address")


@pytest.mark.parametrize("kind", ["PromotionTask", "ClusterPromotionTask"])
def test_a_task_has_steps_that_name_no_task(kind: str) -> None:
    metadata = {"name": "t"} if kind.startswith("Cluster") else METADATA

    assert problems(kind, {"steps": []}, metadata=metadata) != []
    assert problems(kind, {"steps": [{"task": {"name": "t"}}]}, metadata=metadata) == [
        "spec.steps[0]: a task's step must have uses and may not name a task"
    ]
    assert problems(kind, {"steps": [COPY], "vars": [{"name": "a"}]}, metadata=metadata) == []


def test_aliases_in_a_task_are_unique_and_not_reserved() -> None:
    steps = [{**COPY, "as": "a"}, {**COPY, "as": "a"}, {**COPY, "as": "task-1"}]

    found = problems("PromotionTask", {"steps": steps})

    assert [it.split(": ")[0] for it in found] == ["spec.steps[1].as", "spec.steps[2].as"]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({}, "spec.metrics"),
        ({"metrics": [{"name": "a", "provider": {}}]}, "spec.metrics[0].provider"),
        (
            {"metrics": [{"name": "a", "provider": {"web": {}, "job": {}}}]},
            "spec.metrics[0].provider",
        ),
        ({"metrics": [{"provider": {"web": {}}}]}, "spec.metrics[0].name"),
        ({"metrics": [{"name": "a", "provider": {"web": {}}}] * 2}, "spec.metrics[1].name"),
    ],
)
def test_the_frame_of_an_analysis_template_is_checked(spec: dict[str, Any], path: str) -> None:
    (problem,) = problems("AnalysisTemplate", spec)

    assert problem.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"stage": "a"}, "spec: must have exactly one of freight and origin"),
        ({"stage": "a", "freight": "f", "target": "t"}, "spec.target: may be set only by"),
        ({"freight": "f"}, "spec.stage: is required"),
    ],
)
def test_a_promotion_names_a_stage_and_one_thing_to_promote(
    spec: dict[str, Any], reason: str
) -> None:
    assert problems("Promotion", spec)[0].startswith(reason)
