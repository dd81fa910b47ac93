"""Registering and checking against an Argo CD on real sockets, over both of its APIs."""

from collections.abc import Iterator

import pytest

from projects.models import ControlPlane, Project
from promotions import wiring
from promotions.manifests.control_plane import Credential
from promotions.ports.argocd import AppRef
from promotions.selectors.control_planes import missing_permissions
from promotions.services.control_plane_checks import check_control_plane
from promotions.services.control_planes import rotate_control_plane
from tests.factories.domain import NOON, make_project, make_tenant
from tests.fakes.argocd import Site, application, argocd
from tests.functional.control_planes.scenes import ROOT, register

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(db: None) -> Project:
    return make_project("shop", tenant=make_tenant("acme"))


@pytest.fixture
def site() -> Iterator[Site]:
    with argocd(apps=[application("guestbook", stage="shop:prod")]) as site:
        yield site


def check() -> ControlPlane:
    plane = ControlPlane.objects.select_related("tenant").get()
    return check_control_plane(plane, argocds=wiring.argocds(), actor=ROOT, now=NOON)


def test_a_good_account_is_ready_over_argo_cds_own_api(project: Project, site: Site) -> None:
    register(project.tenant, address=site.rest_url, credential={"token": site.token})

    plane = check()

    assert (plane.state, plane.reason) == ("ready", "")
    assert plane.version


def test_a_good_service_account_is_ready_over_kubernetes(project: Project, site: Site) -> None:
    register(
        project.tenant,
        kind="kubernetes",
        address=site.kubernetes_url,
        credential={"token": site.kubernetes_token},
    )

    plane = check()

    assert (plane.state, plane.reason, plane.version) == ("ready", "", "v3.1.0")


def test_a_wrong_token_is_unauthorized_and_says_what_to_do(project: Project, site: Site) -> None:
    register(project.tenant, address=site.rest_url, credential={"token": "nonsense"})

    plane = check()

    assert plane.state == "unauthorized"
    assert plane.reason


def test_an_account_that_may_only_read_is_degraded_and_told_what_it_lacks(
    project: Project, site: Site
) -> None:
    token = site.token_of("reader")
    register(project.tenant, address=site.rest_url, credential={"token": token})

    plane = check()

    assert plane.state == "degraded"
    assert any("applications, sync" in it for it in missing_permissions(plane))


def test_a_credential_is_rotated_while_it_is_used(project: Project, site: Site) -> None:
    old, new = site.token_of("promoter"), site.token_of("promoter")
    plane = register(project.tenant, address=site.rest_url, credential={"token": old})
    rotate_control_plane(plane, Credential(token=new), actor=ROOT, now=NOON)
    site.accounts.revoke(old)

    found = wiring.control_planes().for_shard(
        tenant_uid=str(project.tenant.uid), shard="", project_uid=str(project.uid)
    )
    assert found is not None
    used = found.get(AppRef("argocd", "guestbook", "default"))
    after = check()

    assert used.name == "guestbook"
    assert (after.state, after.next_credential_mark) == ("ready", "")
