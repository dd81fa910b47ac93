"""A tenant takes no more than its quota says, and is told the same through every door."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.test import Client

from common.clock import now
from common.errors import InvalidError
from projects.models import Project, Quota, Tenant
from projects.services.projects import create_project
from projects.services.quotas import QuotaError, quota_of
from projects.services.tenants import create_tenant
from promotions.engine.phases import PromotionPhase
from promotions.models import Promotion, SlotWait, Stage, Work, WorkKind
from promotions.reconcilers.loop import Lease, Reconcile, run_one
from promotions.reconcilers.stages import StageReconciler
from promotions.services.apply import apply_documents
from promotions.services.projects import delete_project
from promotions.services.promotions import abort_promotion, create_promotion
from promotions.services.storage import measure_storage, storage_used
from promotions.services.tenants import update_tenant
from rbac.actors import operator_at_console
from rbac.defaults import TENANT_ADMIN
from rbac.services import issue_token
from tests.factories.domain import make_freight, make_project, make_stage, make_warehouse
from tests.factories.people import grant, make_person

pytestmark = pytest.mark.django_db

ROOT = operator_at_console("tests")


def make_limited(**limits: int) -> Tenant:
    return create_tenant("acme", limits=dict(limits), actor=ROOT, now=now())


def client_of(tenant: Tenant) -> Client:
    dora = make_person("dora")
    grant(dora, TENANT_ADMIN, tenant=tenant)
    _, text = issue_token(dora, name="t", tenant_uid=None, expires_at=None, actor=ROOT, now=now())
    return Client(headers={"authorization": f"Bearer {text}"})


def manifest(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    namespace = {} if kind == "Project" else {"namespace": "demo"}
    return {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, **namespace},
        **parts,
    }


def stage_manifest(name: str) -> dict[str, Any]:
    origin = {"kind": "Warehouse", "name": "main"}
    requested = [{"origin": origin, "sources": {"direct": True}}]
    return manifest("Stage", name, spec={"requestedFreight": requested})


def apply(tenant: Tenant, *documents: dict[str, Any]) -> Any:
    return apply_documents(
        b"\n---\n".join(map(orjson.dumps, documents)), tenant=tenant, actor=ROOT, now=now()
    )


def test_one_project_too_many_is_refused_in_the_same_words_through_every_door() -> None:
    tenant = make_limited(max_projects=1)
    create_project(tenant, "demo", actor=ROOT, now=now())
    client = client_of(tenant)

    with pytest.raises(QuotaError) as refused:
        create_project(tenant, "more", actor=ROOT, now=now())
    answer = client.post(
        "/t/acme/v1beta1/resources",
        orjson.dumps(manifest("Project", "more")),
        content_type="application/json",
    )
    report = apply(tenant, manifest("Project", "more"))

    words = (
        'The tenant "acme" has reached its quota of 1 projects (1 used); delete a project, or ask '
        "for more: an operator of the platform can raise the quota"
    )
    assert refused.value.message == words
    assert (answer.status_code, answer.json()) == (403, {"error": words})
    assert [it.message for it in (report.failed[0].error,) if it] == [words]
    assert Project.objects.filter(tenant=tenant).count() == 1


def test_a_deleted_project_makes_room() -> None:
    tenant = make_limited(max_projects=1)
    project = create_project(tenant, "demo", actor=ROOT, now=now())

    delete_project(project, actor=ROOT, now=now())

    create_project(tenant, "more", actor=ROOT, now=now())
    assert [it.name for it in Project.objects.filter(tenant=tenant)] == ["more"]


def test_stages_are_counted_over_all_projects_and_refused_with_nothing_kept() -> None:
    tenant = make_limited(max_stages=2)
    apply(tenant, manifest("Project", "demo"), stage_manifest("one"), stage_manifest("two"))

    report = apply(tenant, stage_manifest("three"))
    again = apply(tenant, stage_manifest("two"))

    error = report.failed[0].error
    assert error is not None
    assert error.message.startswith('The tenant "acme" has reached its quota of 2 stages (2 used)')
    assert again.is_applied
    assert sorted(Stage.objects.values_list("name", flat=True)) == ["one", "two"]
    assert Work.objects.filter(kind=WorkKind.STAGE).count() == 2


def test_storage_is_counted_exactly_as_it_is_measured() -> None:
    tenant = make_limited()
    big = manifest("Warehouse", "main", spec=_warehouse_spec())
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "git", "namespace": "demo"},
        "stringData": {"password": "x" * 400},
    }
    apply(tenant, manifest("Project", "demo"), big, stage_manifest("one"), secret)
    first = quota_of(tenant.uid).storage_bytes  # type: ignore[union-attr] # it was just made
    changed = {**stage_manifest("one")}
    changed["metadata"] = {**changed["metadata"], "labels": {"a": "b" * 30}}
    apply(tenant, changed)
    second = storage_used(tenant)
    measured = measure_storage(tenant)
    delete_project(Project.objects.get(tenant=tenant), actor=ROOT, now=now())
    emptied = storage_used(tenant)

    assert first
    assert second == first + len('"a":"') + 30 + len('"')
    assert measured == second
    assert emptied == measure_storage(tenant) == 0


def test_storage_over_the_quota_is_refused_and_giving_back_is_not() -> None:
    tenant = make_limited()
    apply(tenant, manifest("Project", "demo"), stage_manifest("one"))
    limit = storage_used(tenant) + 10
    update_tenant(tenant, limits={"max_storage_bytes": limit}, actor=ROOT, now=now())

    report = apply(tenant, stage_manifest("two"))
    delete_project(Project.objects.get(tenant=tenant), actor=ROOT, now=now())

    error = report.failed[0].error
    assert error is not None
    assert f"its quota of {limit} bytes of storage" in error.message
    assert "can raise the quota" in error.message
    assert storage_used(tenant) == 0


def test_a_tenant_of_before_is_measured_when_it_is_first_limited() -> None:
    project = make_project()
    make_stage(project)
    make_freight(make_warehouse(project))
    Quota.objects.filter(tenant=project.tenant).delete()
    update_tenant(project.tenant, limits={"max_storage_bytes": 1}, actor=ROOT, now=now())

    report = apply(project.tenant, stage_manifest("late"))

    assert report.failed
    assert measure_storage(project.tenant) > 100


def test_more_promotions_than_may_run_at_once_wait_and_say_why() -> None:
    tenant = make_limited(max_concurrent_promotions=2)
    project = make_project(tenant=tenant)
    stages, promotions = _promoted(project, 4)

    running = [it for it in stages if it.current_promotion_id]
    waiting = _waiting(promotions)
    _reconcile_stages()

    assert len(running) == 2
    assert [it.phase for it in waiting] == ["Pending", "Pending"]
    for promotion in _waiting(promotions):
        assert promotion.message == (
            "Waiting for another promotion to end: 2 of the tenant's quota of 2 concurrent "
            "promotions are running; an operator of the platform can raise the quota"
        )
    assert SlotWait.objects.filter(tenant_uid=tenant.uid).count() == 2


def test_the_promotion_that_waits_longest_starts_when_another_ends() -> None:
    tenant = make_limited(max_concurrent_promotions=1)
    project = make_project(tenant=tenant)
    stages, promotions = _promoted(project, 3)
    _reconcile_stages()
    order = []

    for _ in range(3):
        current = _running(stages)
        order.append(current.name)
        abort_promotion(current, actor=ROOT, reason="next", now=now())
        _reconcile_stages()

    assert order == [it.name for it in promotions]
    assert not SlotWait.objects.exists()
    assert [it.message for it in _waiting(promotions)] == []


def test_a_raised_quota_lets_those_in_that_wait() -> None:
    tenant = make_limited(max_concurrent_promotions=0)
    stages, _ = _promoted(make_project(tenant=tenant), 3)
    _reconcile_stages()

    update_tenant(tenant, limits={"max_concurrent_promotions": None}, actor=ROOT, now=now())
    _reconcile_stages()

    assert Stage.objects.filter(current_promotion__isnull=False).count() == len(stages)
    assert set(Promotion.objects.values_list("message", flat=True)) == {""}


def test_a_waiting_stage_does_not_spin() -> None:
    tenant = make_limited(max_concurrent_promotions=0)
    _promoted(make_project(tenant=tenant), 1)

    passes = _reconcile_stages()

    due = Work.objects.get(kind=WorkKind.STAGE).due_at
    assert passes <= 2
    assert due is not None
    assert due > now() + timedelta(seconds=5)


def test_another_tenants_promotions_do_not_count() -> None:
    tenant = make_limited(max_concurrent_promotions=1)
    _promoted(make_project(tenant=tenant), 2)

    stages, _ = _promoted(make_project("other"), 3)

    assert (
        Stage.objects.filter(
            pk__in=[it.pk for it in stages], current_promotion__isnull=False
        ).count()
        == 3
    )


@pytest.mark.parametrize("limits", [{"max_projects": -1}, {"max_projects": "1"}, {"rooms": 1}])
def test_limits_that_make_no_sense_are_refused(limits: dict[str, object]) -> None:
    with pytest.raises(InvalidError, match="The quota is invalid"):
        create_tenant("acme", limits=limits, actor=ROOT, now=now())


def _promoted(project: Project, count: int) -> tuple[list[Stage], list[Promotion]]:
    freight = make_freight(make_warehouse(project))
    promotions = []
    for index in range(count):
        stage = make_stage(project, f"stage-{index}")
        shard = {"tenant_uid": project.tenant.uid, "shard": "default"}
        Work.objects.create(kind=WorkKind.STAGE, uid=stage.uid, **shard)
        promotions.append(create_promotion(stage, freight, actor=ROOT, now=now()))
    names = [it.stage.pk for it in promotions]
    return list(Stage.objects.filter(pk__in=names).order_by("name")), promotions


def _reconcile_stages() -> int:
    passes = 0
    reconcilers: dict[WorkKind, Reconcile] = {
        WorkKind.STAGE: StageReconciler(),
        WorkKind.PROMOTION: _stay,
    }
    while run_one("default", reconcilers, owner="tests"):
        passes += 1
    return passes


def _stay(uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
    """Leave a promotion as it is."""
    del uid, lease, now
    return None


def _waiting(promotions: list[Promotion]) -> list[Promotion]:
    current = Stage.objects.filter(current_promotion__isnull=False).values("current_promotion")
    rows = Promotion.objects.filter(pk__in=[it.pk for it in promotions])
    pending = rows.filter(phase=PromotionPhase.PENDING.value)
    return list(pending.exclude(pk__in=current).order_by("pk"))


def _running(stages: list[Stage]) -> Promotion:
    pks = [it.pk for it in stages]
    [stage] = Stage.objects.filter(
        pk__in=pks,
        current_promotion__isnull=False,
        current_promotion__phase__in=["Pending", "Running"],
    )
    rows = Promotion.objects.select_related("project__tenant", "stage", "freight__warehouse")
    return rows.get(stage=stage, name=stage.current_promotion.name)  # type: ignore[union-attr] # filtered


def _warehouse_spec() -> dict[str, Any]:
    return {"subscriptions": [{"git": {"repoURL": "https://git.example.com/app.git"}}]}
