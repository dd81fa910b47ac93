from datetime import timedelta
from typing import Any

import pytest

from common.errors import ConflictError, NotFoundError
from common.jsontypes import JSONObject
from projects.models import Change, ConfigMap, Project, ProjectConfig, Secret
from promotions.models import Freight, Promotion, Stage, Warehouse, Work, WorkKind
from promotions.services.apply import Action, Mode, apply_document
from rbac.models import AuditEvent
from tests.factories.domain import NOON, make_tenant
from tests.integration.manifests.support import (
    ALICE,
    FREIGHT,
    PROJECT,
    STAGE,
    WAREHOUSE,
    apply,
    apply_well,
    changed,
    lines,
    only,
    problems,
)

pytestmark = pytest.mark.django_db

DEMO: JSONObject = {
    "apiVersion": "kargo.akuity.io/v1alpha1",
    "kind": "Project",
    "metadata": {"name": "demo"},
}
LATER = NOON + timedelta(hours=1)
CONFIG = """
apiVersion: kargo.akuity.io/v1alpha1
kind: ProjectConfig
metadata: {name: demo, namespace: demo}
spec:
  promotionPolicies:
  - {stage: test, autoPromotionEnabled: true}
"""
PROMOTION = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Promotion
metadata: {name: any, namespace: demo}
spec:
  stage: test
  origin: {kind: Warehouse, name: main}
"""


def stage(name: str, *upstream: str) -> str:
    sources: dict[str, object] = {"stages": list(upstream)} if upstream else {"direct": True}
    return changed(STAGE, metadata__name=name, spec__requestedFreight__0__sources=sources)


def test_documents_are_applied_projects_first_whatever_their_order() -> None:
    report = apply_well(STAGE, FREIGHT, WAREHOUSE, CONFIG, PROJECT)

    assert report.is_applied
    assert {it.action for it in report.items} == {Action.CREATED}
    assert Freight.objects.get().alias == "first"


def test_applying_again_changes_no_row_no_change_and_no_audit() -> None:
    everything = (PROJECT, CONFIG, WAREHOUSE, STAGE, FREIGHT)
    apply_well(*everything)
    before = (Change.objects.count(), AuditEvent.objects.count(), Stage.objects.get().updated_at)

    report = apply_well(*everything, at=LATER)

    assert {it.action for it in report.items} == {Action.UNCHANGED}
    after = (Change.objects.count(), AuditEvent.objects.count(), Stage.objects.get().updated_at)
    assert after == before


def test_a_spec_change_raises_the_generation_and_a_label_does_not() -> None:
    apply_well(PROJECT, WAREHOUSE)

    apply_well(changed(WAREHOUSE, metadata__labels={"team": "web"}))
    labelled = Warehouse.objects.get()
    apply_well(changed(WAREHOUSE, metadata__labels={"team": "web"}, spec__interval="1m"))
    respecified = Warehouse.objects.get()

    assert (labelled.generation, labelled.labels) == (1, {"team": "web"})
    assert respecified.generation == 2
    assert respecified.revision > labelled.revision


def test_one_bad_document_means_that_nothing_is_applied_and_all_errors_are_told() -> None:
    bad_stage = changed(STAGE, spec__requestedFreight=[])
    bad_warehouse = changed(WAREHOUSE, spec__interval="soon")

    report = apply(PROJECT, bad_stage, bad_warehouse)

    assert not report.is_applied
    assert problems(report) == [
        "spec.requestedFreight: must have at least 1 item(s)",
        'spec.interval: must be a duration such as 30s, 5m or 1h30m, not "soon"',
    ]
    assert not Project.objects.exists()


def test_a_document_that_only_the_database_can_refuse_undoes_the_others() -> None:
    report = apply(PROJECT, changed(FREIGHT, origin__name="nowhere"))

    assert problems(report) == ['Freight is invalid: origin.name: Warehouse "nowhere" not found']
    assert not Project.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_dry_run_says_what_would_happen_and_stores_nothing() -> None:
    report = apply(PROJECT, WAREHOUSE, dry_run=True)

    assert lines(report) == [
        "project.kargo.akuity.io/demo created",
        "warehouse.kargo.akuity.io/main created",
    ]
    assert not report.is_applied
    assert not Project.objects.exists()


def test_a_missing_project_is_named() -> None:
    assert 'projects.kargo.akuity.io "demo" not found' in problems(apply(WAREHOUSE))[0]


NAMESPACE = "{apiVersion: v1, kind: Namespace, metadata: {name: team, labels: {%s}}}"
TOKEN = "{apiVersion: v1, kind: Secret, metadata: {name: t, namespace: team}, stringData: {a: b}}"
TEAM = changed(PROJECT, metadata__name="team")
OURS = '"kargo.akuity.io/project": "true"'


def test_secrets_of_a_namespace_that_is_no_project_are_skipped() -> None:
    report = apply_well(NAMESPACE % "", TOKEN, PROJECT)

    assert [it.action for it in report.items] == [Action.SKIPPED, Action.SKIPPED, Action.CREATED]
    assert "is not a project" in report.items[1].warnings[0]
    assert not Secret.objects.exists()


def test_a_namespace_that_is_marked_as_a_project_still_needs_one() -> None:
    report = apply(NAMESPACE % OURS, TOKEN)

    assert [it.error.code for it in report.failed if it.error] == ["no_project"]


@pytest.mark.parametrize("label", ["", OURS])
def test_secrets_of_a_namespace_that_is_a_project_are_stored(label: str) -> None:
    apply_well(TEAM)

    apply_well(NAMESPACE % label, TOKEN)

    assert Secret.objects.get().project == Project.objects.get()


def test_documents_without_a_namespace_take_the_one_given() -> None:
    bare = WAREHOUSE.replace(", namespace: demo", "")

    refused = apply(PROJECT, bare)
    accepted = apply(PROJECT, bare, namespace="demo")

    assert problems(refused) == ["metadata.namespace: is required: the name of the project"]
    assert accepted.is_applied


def test_new_warehouses_and_stages_have_work_that_is_due_in_their_shard() -> None:
    apply_well(PROJECT, changed(WAREHOUSE, spec__shard="eu"), STAGE)

    work = Work.objects.get(kind=WorkKind.WAREHOUSE)

    assert (work.shard, work.due_at) == ("eu", NOON)
    assert Work.objects.filter(kind=WorkKind.STAGE).count() == 1


def test_a_change_of_shard_moves_the_work() -> None:
    apply_well(PROJECT, STAGE)

    apply_well(changed(STAGE, spec__shard="us"), at=LATER)

    assert Work.objects.get(kind=WorkKind.STAGE).shard == "us"
    assert Stage.objects.get().shard == "us"


@pytest.mark.parametrize("kind", ["config", "task"])
def test_saving_configuration_or_a_task_wakes_the_projects_stages(kind: str) -> None:
    task = """
    apiVersion: kargo.akuity.io/v1alpha1
    kind: PromotionTask
    metadata: {name: t, namespace: demo}
    spec: {steps: [{uses: copy}]}
    """
    apply_well(PROJECT, STAGE)
    Work.objects.update(due_at=None)

    apply_well(CONFIG if kind == "config" else task, at=LATER)

    assert Work.objects.get(kind=WorkKind.STAGE).due_at == LATER


def test_a_project_may_not_take_the_name_of_a_namespace_of_the_platform() -> None:
    report = apply(PROJECT.replace("demo", "kargo-shared-resources"))

    assert "already exists and is not a project" in problems(report)[0]


def test_a_project_config_must_be_named_like_its_project() -> None:
    assert problems(apply(PROJECT, changed(CONFIG, metadata__name="other"))) == [
        'metadata.name: must equal the namespace, "demo", not "other"'
    ]


def test_a_stage_that_waits_for_itself_is_refused() -> None:
    report = apply(PROJECT, stage("test", "test"))

    assert "wait for each other for ever: test -> test" in problems(report)[0]


def test_a_circle_within_one_apply_is_refused_and_named() -> None:
    report = apply(PROJECT, stage("a", "c"), stage("b", "a"), stage("c", "b"))

    assert [it.label for it in report.failed] == ["stage.kargo.akuity.io/a"]
    assert "a -> b -> c -> a" in problems(report)[0]
    assert not Stage.objects.exists()


def test_two_stages_may_swap_places_in_one_apply() -> None:
    apply_well(PROJECT, stage("a"), stage("b", "a"))

    apply_well(stage("a", "b"), stage("b"))

    assert Stage.objects.get(name="a").spec["requestedFreight"][0]["sources"] == {"stages": ["b"]}


def test_a_circle_that_is_stored_already_does_not_block_other_changes() -> None:
    apply_well(PROJECT, stage("a"), stage("b", "a"))
    row = Stage.objects.get(name="a")
    row.spec["requestedFreight"][0]["sources"] = {"stages": ["b"]}
    row.save()

    report = apply_well(changed(stage("b", "a"), metadata__labels={"tier": "one"}))

    assert only(report).action is Action.CONFIGURED


def test_a_promotion_document_promotes_the_newest_freight_of_its_origin() -> None:
    apply_well(PROJECT, CONFIG, WAREHOUSE, STAGE, FREIGHT)

    apply_well(PROMOTION)

    promotion = Promotion.objects.get()
    assert promotion.name.startswith("test.")
    assert promotion.actor == ALICE.name
    assert promotion.spec["steps"][0]["as"] == "out"


def test_a_promotion_that_exists_is_unchanged_and_cannot_be_changed() -> None:
    apply_well(PROJECT, WAREHOUSE, STAGE, FREIGHT, PROMOTION)
    name = Promotion.objects.get().name
    same = changed(PROMOTION, metadata__name=name)

    again = apply_well(same)
    other = apply(changed(same, spec__stage="prod"))

    assert only(again).action is Action.UNCHANGED
    assert problems(other) == ["spec: is immutable; create another Promotion"]


def test_a_promotion_of_an_origin_without_freight_is_refused() -> None:
    report = apply(PROJECT, WAREHOUSE, STAGE, PROMOTION)

    assert problems(report) == [
        'spec.origin: no Freight of "Warehouse/main" is available to promote'
    ]


def test_a_refresh_annotation_is_kept_apart_and_wakes() -> None:
    apply_well(PROJECT, WAREHOUSE)
    Work.objects.update(due_at=None)

    apply_well(
        changed(WAREHOUSE, metadata__annotations={"kargo.akuity.io/refresh": "now"}), at=LATER
    )

    warehouse = Warehouse.objects.get()
    assert (warehouse.refresh_token, warehouse.annotations) == ("now", {})
    assert warehouse.generation == 1
    assert Work.objects.get().due_at == LATER


def test_a_config_map_keeps_its_text() -> None:
    apply_well(
        PROJECT,
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: demo}
        data: {time: "1:30", flag: "yes"}
        """,
    )

    assert ConfigMap.objects.get().data == {"time": "1:30", "flag": "yes"}


def test_tenants_do_not_see_each_others_projects() -> None:
    apply_well(PROJECT)

    report = apply(WAREHOUSE, tenant=make_tenant("other"))

    assert "not found" in problems(report)[0]


def test_a_single_document_can_be_created_only_once() -> None:
    given: dict[str, Any] = {"tenant": make_tenant(), "actor": ALICE, "now": NOON}
    apply_document(DEMO, mode=Mode.CREATE, **given)

    with pytest.raises(ConflictError, match="already exists"):
        apply_document(DEMO, mode=Mode.CREATE, **given)


def test_a_single_document_that_is_not_there_cannot_be_updated() -> None:

    with pytest.raises(NotFoundError):
        apply_document(DEMO, mode=Mode.UPDATE, tenant=make_tenant(), actor=ALICE, now=NOON)

    assert not Project.objects.exists()


def test_the_audit_says_what_a_spec_was_and_became() -> None:
    apply_well(PROJECT, WAREHOUSE)

    apply_well(changed(WAREHOUSE, spec__interval="1m"))

    event = AuditEvent.objects.get(action="warehouse.update")
    before: Any = event.before
    after: Any = event.after
    assert before["spec"]["interval"] == "5m0s"
    assert after["spec"]["interval"] == "1m"
    assert event.actor == ALICE.name


def test_deleted_things_come_back_as_new_ones() -> None:
    apply_well(PROJECT, CONFIG)
    ProjectConfig.objects.update(deleted_at=NOON)

    report = apply_well(CONFIG)

    assert only(report).action is Action.CREATED
    assert ProjectConfig.everything.count() == 2
    assert Secret.objects.count() == 0
