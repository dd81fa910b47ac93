"""Registering, changing, rotating and removing control planes, and what is kept of them."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from common.errors import ConflictError, InvalidError
from projects.models import Change, ControlPlane, Secret, Tenant
from projects.models.control_plane import ControlPlaneState
from promotions.manifests.control_plane import Credential
from promotions.manifests.secret import SecretManifest
from promotions.models import Work, WorkKind
from promotions.ports.argocd import Permission, PlaneState
from promotions.ports.argocd_findings import RENEW_TOKEN
from promotions.selectors.control_planes import missing_permissions, warnings_of
from promotions.selectors.plane_access import reach_of
from promotions.services.control_plane_checks import check_control_plane
from promotions.services.control_plane_specs import changed_manifest_of
from promotions.services.control_planes import (
    delete_control_plane,
    disable_control_plane,
    enable_control_plane,
    rotate_control_plane,
    update_control_plane,
)
from promotions.services.secrets import save_secret
from rbac.models import AuditEvent
from tests.factories.domain import NOON, make_tenant
from tests.functional.control_planes.scenes import (
    ROOT,
    SECRET,
    SaidArgoCDs,
    kubeconfig,
    register,
    token_ending,
)

pytestmark = pytest.mark.django_db

NEXT = "the-next-secret"


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant("acme")


def check(plane: ControlPlane, argocds: SaidArgoCDs) -> ControlPlane:
    return check_control_plane(plane, argocds=argocds, actor=ROOT, now=NOON)


def rotate(plane: ControlPlane, token: str = NEXT) -> None:
    rotate_control_plane(plane, Credential(token=token), actor=ROOT, now=NOON)


def update(plane: ControlPlane, **changes: Any) -> ControlPlane:
    manifest = changed_manifest_of(plane, changes)
    return update_control_plane(plane, manifest, actor=ROOT, now=NOON).resource


def test_a_registered_control_plane_is_due_for_its_first_check_in_its_shard(
    tenant: Tenant,
) -> None:
    plane = register(tenant, shard="eu")

    work = Work.objects.get(kind=WorkKind.CONTROL_PLANE, uid=plane.uid)
    assert (plane.state, work.shard, work.due_at) == ("pending", "eu", NOON)
    assert Change.objects.filter(kind="ControlPlane", name="main").exists()


def test_the_credential_is_encrypted_and_in_no_spec_audit_or_repr(tenant: Tenant) -> None:
    plane = register(tenant)

    events = [vars(it) for it in AuditEvent.objects.filter(kind="ControlPlane")]
    said = f"{plane.spec} {plane.encrypted} {events} {reach_of(plane)!r} {plane!r}"
    assert SECRET not in said
    assert reach_of(plane).by_all().token == SECRET


def test_saying_the_same_again_changes_nothing(tenant: Tenant) -> None:
    plane = register(tenant)

    again = update(plane, credential={"token": SECRET})

    assert (again.generation, AuditEvent.objects.filter(kind="ControlPlane").count()) == (1, 1)


def test_another_address_or_credential_is_another_generation_to_be_checked_anew(
    tenant: Tenant,
) -> None:
    plane = check(register(tenant), SaidArgoCDs())
    assert plane.state == "ready"

    moved = update(plane, address="https://elsewhere.example.com")
    changed = update(moved, credential={"token": NEXT})

    assert (moved.generation, changed.generation, changed.state) == (2, 3, "pending")
    assert reach_of(changed).by_all().token == NEXT


def test_a_check_keeps_what_was_found_and_is_audited(tenant: Tenant) -> None:
    missing = Permission(
        "applications, update", "team/*", allowed=False, required=False, purpose="edit sources"
    )

    plane = check(register(tenant), SaidArgoCDs(permissions=(missing,), state=PlaneState.DEGRADED))

    assert (plane.state, plane.version, plane.last_ok_at) == ("degraded", "v3.1.0", NOON)
    assert missing_permissions(plane) == (
        "applications, update on team/*: missing, optional; needed to edit sources",
    )
    assert AuditEvent.objects.filter(action="control_plane.check").exists()


def test_a_rotated_credential_is_adopted_once_argo_cd_accepts_it(tenant: Tenant) -> None:
    plane = register(tenant)
    rotate(plane)

    between = reach_of(ControlPlane.objects.get()).by_all()
    after = check(ControlPlane.objects.get(), SaidArgoCDs(accepted=frozenset({NEXT})))

    assert (between.token, between.next_token) == (SECRET, NEXT)
    assert (after.state, after.next_credential_mark, after.rotated_at) == ("ready", "", NOON)
    assert reach_of(after).by_all().token == NEXT
    assert reach_of(after).by_all().next_token == ""
    actions = AuditEvent.objects.filter(kind="ControlPlane").values_list("action", flat=True)
    assert {"control_plane.rotate", "control_plane.adopt_credential"} <= set(actions)


def test_a_next_credential_that_is_refused_leaves_the_current_one_in_use(tenant: Tenant) -> None:
    rotate(register(tenant))

    plane = check(ControlPlane.objects.get(), SaidArgoCDs())

    assert plane.state == "degraded"
    assert "next credential is not used yet" in plane.reason
    assert reach_of(plane).by_all().token == SECRET


def test_a_token_that_was_renewed_is_tried_and_then_adopted(tenant: Tenant) -> None:
    accepted = SaidArgoCDs(accepted=frozenset({SECRET, NEXT}), renewed_token=NEXT)

    between = check(register(tenant, kind="kubernetes"), accepted)
    tried = reach_of(between).by_all()
    after = check(between, accepted)

    assert (tried.token, tried.next_token) == (SECRET, NEXT)
    assert (reach_of(after).by_all().token, after.next_credential_mark) == (NEXT, "")
    rotated = AuditEvent.objects.filter(action="control_plane.rotate").get()
    assert "management-controller" in rotated.actor
    assert NEXT not in str(rotated.__dict__)


def test_a_renewed_token_does_not_take_the_place_of_one_that_somebody_gave(tenant: Tenant) -> None:
    rotate(register(tenant, kind="kubernetes"))

    plane = check(ControlPlane.objects.get(), SaidArgoCDs(renewed_token="another"))

    assert reach_of(plane).by_all().next_token == NEXT


def test_a_token_in_a_secret_is_left_to_who_keeps_the_secret(tenant: Tenant) -> None:
    save_secret(tenant, None, _secret(), actor=ROOT, now=NOON)
    plane = register(tenant, kind="kubernetes", credential={"secretRef": {"name": "argocd"}})

    checked = check(plane, SaidArgoCDs(renewed_token=NEXT))

    assert (checked.state, reach_of(checked).by_all().next_token) == ("ready", "")


@pytest.mark.parametrize(
    ("left", "said"),
    [(timedelta(hours=20), ""), (timedelta(minutes=5), "less than 1 day;")],
)
def test_nobody_is_warned_of_the_end_of_a_token_that_renews_itself(
    tenant: Tenant, left: timedelta, said: str
) -> None:
    right = Permission(RENEW_TOKEN, "argocd/promoter", allowed=True, required=False, purpose="x")
    token = token_ending(NOON + left)
    plane = register(tenant, kind="kubernetes", credential={"token": token})
    ControlPlane.objects.update(permissions=[asdict(right)])

    warnings = warnings_of(ControlPlane.objects.get(), now=NOON)

    assert (said in " ".join(warnings)) if said else warnings == ()
    assert plane.expires_at == NOON + left


def test_what_was_found_of_an_older_generation_is_not_kept(tenant: Tenant) -> None:
    plane = register(tenant)
    update(plane, shard="eu")

    check(plane, SaidArgoCDs())

    assert ControlPlane.objects.get().state == "pending"


def test_one_that_is_switched_off_is_asked_nothing(tenant: Tenant) -> None:
    plane, argocds = register(tenant), SaidArgoCDs()
    disable_control_plane(plane, actor=ROOT, now=NOON)

    check(plane, argocds)
    off = ControlPlane.objects.get().state
    enable_control_plane(plane, actor=ROOT, now=NOON)

    assert (argocds.opened, off) == ([], ControlPlaneState.DISABLED)
    assert (ControlPlane.objects.get().state, plane.spec["enabled"]) == ("pending", True)


def test_a_deleted_one_keeps_no_credential_and_no_work(tenant: Tenant) -> None:
    plane = register(tenant)

    delete_control_plane(plane, actor=ROOT, now=NOON)

    assert ControlPlane.everything.get().encrypted == ""
    assert not Work.objects.filter(uid=plane.uid).exists()
    assert not ControlPlane.objects.exists()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=20), ""),
        (timedelta(days=13), "less than 14 days"),
        (timedelta(days=6), "less than 7 days"),
        (timedelta(hours=20), "less than 1 day;"),
        (timedelta(hours=-1), "expired on"),
    ],
)
def test_the_end_of_a_token_is_told_before_it_comes(
    tenant: Tenant, left: timedelta, said: str
) -> None:
    plane = register(tenant, credential={"token": token_ending(NOON + left)})

    warnings = warnings_of(plane, now=NOON)

    assert (said in " ".join(warnings)) if said else warnings == ()


def test_two_may_share_a_shard_only_for_different_projects(tenant: Tenant) -> None:
    register(tenant, "one", projects=["shop"])
    register(tenant, "all")
    register(tenant, "eu", shard="eu")

    with pytest.raises(ConflictError, match='"one" serves project shop in the default shard'):
        register(tenant, "two", projects=["bank", "shop"])
    with pytest.raises(ConflictError, match='"all" serves all projects'):
        register(tenant, "three")


def test_a_kubeconfig_fills_in_address_trust_and_token(tenant: Tenant) -> None:
    text = kubeconfig(user={"token": "k8s-token"}, **{"tls-server-name": "kubernetes"})

    plane = register(tenant, kind="kubernetes", address=None, credential={"kubeconfig": text})

    access = reach_of(plane).by_all()
    assert (access.base_url, access.token) == ("https://10.0.0.1:6443", "k8s-token")
    assert access.tls.server_name == "kubernetes"
    assert "k8s-token" not in str(plane.spec)


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"exec": {"command": "aws"}}, '"exec" of the user runs a command'),
        ({"auth-provider": {"name": "gcp"}}, '"auth-provider"'),
        ({"client-certificate": "/etc/x.pem"}, "names a file"),
        ({"tokenFile": "/var/run/token"}, "names a file"),
        ({}, "neither a token nor a client certificate"),
    ],
)
def test_a_kubeconfig_that_runs_or_reads_something_is_refused(
    tenant: Tenant, user: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidError) as error:
        register(tenant, kind="kubernetes", credential={"kubeconfig": kubeconfig(user=user)})

    assert said in str(error.value.problems[0])


def test_a_credential_in_a_secret_is_read_when_it_is_used(tenant: Tenant) -> None:
    plane = register(tenant, credential={"secretRef": {"name": "argocd"}})
    with pytest.raises(ConflictError, match=r'Secret "argocd".*create it'):
        reach_of(plane)
    save_secret(tenant, None, _secret(), actor=ROOT, now=NOON)

    assert Secret.objects.get().name == "argocd"
    assert reach_of(plane).by_all().token == SECRET
    with pytest.raises(ConflictError, match='Secret "argocd"; change that'):
        rotate(plane)


def test_credentials_are_not_sent_in_the_clear_unless_the_operator_says_so(
    tenant: Tenant, settings: Settings
) -> None:
    with pytest.raises(InvalidError, match="in the clear"):
        register(tenant, address="http://argocd.example.com")
    settings.ALLOW_CREDENTIALS_OVER_HTTP = True

    assert register(tenant, address="http://argocd.example.com").pk


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"address": "ftp://x"}, "address"),
        ({"address": "https://me:it@x"}, "address"),
        ({"address": "https://x/?a=b"}, "address"),
        ({"address": None}, "address"),
        ({"kind": "agent"}, "kind"),
        ({"tls": {"mode": "pin"}}, "tls.sha256"),
        ({"tls": {"mode": "pin", "sha256": "abc"}}, "tls.sha256"),
        ({"tls": {"mode": "ca", "caBundle": "no"}}, "tls.caBundle"),
        ({"tls": {"mode": "ca"}}, "tls.caBundle"),
        ({"credential": {"token": "two words"}}, "credential.token"),
        ({"credential": {"token": "a", "secretRef": {"name": "b"}}}, "credential"),
        ({"credential": {"kubeconfig": "a: b"}}, "credential"),
        ({"rateLimit": {"burst": 0}}, "rateLimit.burst"),
        ({"shard": "No Shard"}, "shard"),
    ],
)
def test_what_cannot_be_is_refused_by_field_without_quoting_a_credential(
    tenant: Tenant, changes: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidError) as error:
        register(tenant, **changes)

    assert path in {it.path for it in error.value.problems}
    assert "two words" not in str(error.value.problems)


def _secret() -> SecretManifest:
    metadata = {"name": "argocd", "namespace": "kargo-system-resources"}
    content = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    return SecretManifest.model_validate({**content, "stringData": {"token": SECRET}})
