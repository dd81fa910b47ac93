"""Tenants are created with their roles, suspended, resumed, and deleted with all but the audit."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from common.clock import now
from common.errors import ConflictError, InvalidError
from common.tenancy import of_tenants, tenant_path
from projects.models import Project, Tenant, TenantKey
from projects.services.erasure import erase_some, kept_models, owned_models, owned_rows
from projects.services.projects import create_project
from projects.services.tenants import create_tenant, resume_tenant, suspend_tenant
from promotions import queue
from promotions.models import Work, WorkKind
from promotions.reconcilers.loop import Lease, run_one
from promotions.reconcilers.tenants import TenantReconciler
from promotions.services.tenants import delete_tenant
from rbac.actors import operator_at_console
from rbac.audit import first_broken_link
from rbac.defaults import SYSTEM_ROLES, TENANT_ADMIN
from rbac.models import AuditEvent, ServiceAccount, User
from rbac.services import issue_token
from tests.factories.domain import make_project, make_tenant
from tests.factories.everything import make_everything
from tests.factories.people import grant, make_admin, make_operator, make_person

pytestmark = pytest.mark.django_db

ROOT = operator_at_console("tests")


def snapshot() -> dict[str, list[Mapping[str, object]]]:
    """Return every row of every model."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
    }


def rows_of(tenant: Tenant) -> Counter[str]:
    counts = {model._meta.label: owned_rows(model, tenant).count() for model in owned_models()}
    return Counter(counts)


def erase(tenant: Tenant, *, limit: int) -> int:
    passes = 0
    while erase_some(tenant, limit=limit):
        passes += 1
    return passes


def work_through_deletion() -> None:
    reconcilers = {WorkKind.TENANT: TenantReconciler(sweep_files=lambda: None)}
    while run_one("default", reconcilers, owner="tests"):
        pass


def token_client(user: User, *, tenant: Tenant | None = None) -> Client:
    _, plaintext = issue_token(
        user,
        name="tests",
        tenant_uid=tenant.uid if tenant else None,
        expires_at=None,
        actor=ROOT,
        now=now(),
    )
    return Client(headers={"authorization": f"Bearer {plaintext}"})


def test_a_new_tenant_has_its_system_roles_and_an_audit() -> None:
    tenant = create_tenant("acme", title="Acme", actor=ROOT, now=now())

    roles = ServiceAccount.objects.filter(tenant_uid=tenant.uid).values_list("name", flat=True)
    assert set(roles) == set(SYSTEM_ROLES)
    event = AuditEvent.objects.get(tenant_uid=tenant.uid)
    assert (event.action, event.object_name, event.actor) == (
        "tenant.create",
        "acme",
        "operator:tests",
    )


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a" * 64, "a/b", "ä"])
def test_a_name_that_cannot_be_part_of_an_address_is_refused(name: str) -> None:
    with pytest.raises(InvalidError, match="must be at most 63"):
        create_tenant(name, actor=ROOT, now=now())


def test_a_taken_name_is_a_conflict_and_leaves_nothing() -> None:
    create_tenant("acme", actor=ROOT, now=now())

    with pytest.raises(ConflictError, match='tenant "acme" already exists'):
        create_tenant("acme", actor=ROOT, now=now())

    assert Tenant.objects.filter(name="acme").count() == 1


def test_a_suspended_tenant_is_missing_for_all_but_operators_until_it_is_resumed() -> None:
    tenant = make_tenant("acme")
    project = make_project(tenant=tenant)
    alice, dora = make_admin(project), make_person("dora")
    grant(dora, TENANT_ADMIN, tenant=tenant)
    members = [token_client(alice), token_client(dora), token_client(dora, tenant=tenant)]
    root = make_operator()
    operator, narrow = token_client(root), token_client(root, tenant=tenant)
    page = f"/t/acme/v1beta1/projects/{project.name}"

    suspend_tenant(tenant, actor=ROOT, reason="unpaid", now=now())
    suspended = [it.get(page).status_code for it in (*members, narrow)]
    seen = operator.get(page).status_code
    missing = members[0].get("/t/nowhere/v1beta1/projects/demo")
    answer = members[0].get(page)
    resume_tenant(tenant, actor=ROOT, now=now())
    resumed = [it.get(page).status_code for it in (*members, narrow)]

    assert suspended == [404, 404, 404, 404]
    assert seen == 200
    assert answer.json() == {"error": missing.json()["error"].replace("nowhere", "acme")}
    assert resumed == [200, 200, 200, 200]
    assert list(
        AuditEvent.objects.filter(tenant_uid=tenant.uid, kind="Tenant")
        .order_by("pk")
        .values_list("action", "reason")
    ) == [("tenant.suspend", "unpaid"), ("tenant.resume", "")]


def test_the_token_of_a_suspended_tenant_works_nowhere() -> None:
    tenant = make_tenant("acme")
    dora = make_person("dora")
    grant(dora, TENANT_ADMIN, tenant=tenant)
    client = token_client(dora, tenant=tenant)
    suspend_tenant(tenant, actor=ROOT, reason="unpaid", now=now())

    answers = [
        client.get(page).status_code
        for page in (
            "/v1beta1/projects",
            "/v1beta1/system/server-version",
            "/t/acme/v1beta1/projects",
            "/t/acme/api/v1/usage",
            "/api/v1/tenants",
        )
    ]

    assert answers == [404, 404, 404, 404, 403]


def test_nothing_of_a_suspended_tenant_is_claimed_and_all_of_it_afterwards() -> None:
    acme, beta = make_tenant("acme"), make_tenant("beta")
    for tenant in (acme, beta):
        queue.open_work(
            kind=WorkKind.STAGE, uid=tenant.uid, tenant_uid=tenant.uid, shard="", due_at=now()
        )
    done: list[UUID] = []

    def note(uid: UUID, *, lease: Lease, now: object) -> timedelta | None:
        del lease, now
        done.append(uid)
        return None

    suspend_tenant(acme, actor=ROOT, reason="unpaid", now=now())
    while run_one("default", {WorkKind.STAGE: note}, owner="tests"):
        pass
    rings = queue.sweep("default", hands=4)
    while_suspended = list(done)
    resume_tenant(acme, actor=ROOT, now=now())
    while run_one("default", {WorkKind.STAGE: note}, owner="tests"):
        pass

    assert while_suspended == [beta.uid]
    assert rings == 0
    assert done == [beta.uid, acme.uid]


def test_deleting_one_tenant_leaves_every_row_of_the_others_as_it_was() -> None:
    acme, beta = make_tenant("acme"), make_tenant("beta")
    make_everything(acme, marker="acme")
    make_everything(beta, marker="beta")
    has_all = all(rows_of(acme)[model._meta.label] for model in owned_models())
    before = snapshot()
    mine = {
        model._meta.label: set(
            of_tenants(model._base_manager.all(), [acme.uid]).values_list("pk", flat=True)
        )
        for model in apps.get_models()
        if tenant_path(model) and model not in kept_models()
    }

    erase(acme, limit=3)

    after = snapshot()
    assert has_all
    for label, rows in before.items():
        left = [row for row in rows if next(iter(row.values())) not in mine.get(label, set())]
        assert after[label] == left, label
    assert not Tenant.objects.filter(pk=acme.pk).exists()


def test_a_deletion_that_is_cut_off_anywhere_goes_on_where_it_was() -> None:
    tenant = make_tenant("acme")
    make_everything(tenant, marker="acme")
    total = rows_of(tenant).total()
    left = [total]

    while Tenant.objects.filter(pk=tenant.pk).exists():
        erase_some(tenant, limit=2)
        left.append(rows_of(tenant).total())

    assert left == sorted(left, reverse=True)
    assert max(a - b for a, b in pairwise(left)) <= 4  # cascades of circles
    assert left[-1] == 0


def test_a_deleted_tenants_keys_go_first_and_its_audit_stays_whole() -> None:
    tenant = create_tenant("acme", actor=ROOT, now=now())
    make_everything(tenant, marker="acme")

    delete_tenant(tenant, confirmation="acme", actor=ROOT, reason="left", now=now())
    keys_before = TenantKey.objects.filter(tenant_uid=tenant.uid).count()
    work_through_deletion()

    assert keys_before
    assert rows_of(tenant).total() == 0
    assert not Tenant.objects.filter(name="acme").exists()
    assert not Work.objects.filter(kind=WorkKind.TENANT).exists()
    acts = list(
        AuditEvent.objects.filter(tenant_uid=tenant.uid)
        .order_by("sequence")
        .values_list("action", flat=True)
    )
    assert acts == ["tenant.create", "thing.make", "tenant.delete", "tenant.erase"]
    assert first_broken_link(tenant.uid) is None


def test_a_name_is_free_again_and_inherits_nothing() -> None:
    tenant = create_tenant("acme", actor=ROOT, now=now())
    alice = make_person("alice")
    grant(alice, TENANT_ADMIN, tenant=tenant)
    create_project(tenant, "demo", actor=ROOT, now=now())
    delete_tenant(tenant, confirmation="acme", actor=ROOT, now=now())
    with pytest.raises(ConflictError, match="already exists"):
        create_tenant("acme", actor=ROOT, now=now())
    work_through_deletion()

    again = create_tenant("acme", actor=ROOT, now=now())

    assert again.uid != tenant.uid
    assert token_client(alice).get("/t/acme/v1beta1/projects").status_code == 404
    assert not Project.everything.filter(tenant=again).exists()


def test_a_tenant_is_deleted_only_by_its_name_and_never_the_default_one() -> None:
    tenant, default = make_tenant("acme"), make_tenant()

    with pytest.raises(InvalidError, match='must be the name of the tenant, "acme"'):
        delete_tenant(tenant, confirmation="Acme", actor=ROOT, now=now())
    with pytest.raises(ConflictError, match="cannot be deleted"):
        delete_tenant(default, confirmation=default.name, actor=ROOT, now=now())

    assert not Tenant.objects.filter(deletion_requested_at__isnull=False).exists()


def test_nothing_is_changed_of_a_tenant_that_is_being_deleted() -> None:
    tenant = make_tenant("acme")
    delete_tenant(tenant, confirmation="acme", actor=ROOT, now=now())

    for act in (
        lambda: resume_tenant(tenant, actor=ROOT, now=now()),
        lambda: suspend_tenant(tenant, actor=ROOT, reason="x", now=now()),
        lambda: create_project(tenant, "late", actor=ROOT, now=now()),
    ):
        with pytest.raises(ConflictError, match="is being deleted"):
            act()

    assert Tenant.objects.get(pk=tenant.pk).state == "Deleting"


def test_the_command_sees_to_tenants(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("tenant", "create", "acme", "--title", "Acme", "--max-projects", "2")
    call_command("tenant", "suspend", "acme", "--reason", "unpaid")
    call_command("tenant", "list")
    call_command("tenant", "resume", "acme")
    call_command("tenant", "update", "acme", "--max-projects", "none", "--max-stages", "7")
    call_command("tenant", "usage", "acme", "--measure")
    with pytest.raises(CommandError, match="--confirm acme"):
        call_command("tenant", "delete", "acme")
    with pytest.raises(CommandError, match="must be the name"):
        call_command("tenant", "delete", "acme", "--confirm", "acne")
    call_command("tenant", "delete", "acme", "--confirm", "acme")
    with pytest.raises(CommandError, match="not found"):
        call_command("tenant", "suspend", "nobody", "--reason", "x")

    said = capsys.readouterr().out
    assert "acme\tSuspended" in said
    assert "projects: 0 used, limit none" in said
    assert "stages: 0 used, limit 7" in said
    assert Tenant.objects.get(name="acme").state == "Deleting"
