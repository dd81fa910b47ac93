"""Control planes by the forms of the portal."""

from typing import Any

import pytest
from django.test import Client

from projects.models import ControlPlane, Project
from promotions.selectors.plane_access import reach_of
from rbac.defaults import TENANT_ADMIN
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import grant, make_person
from tests.functional.control_planes.scenes import SECRET, register

pytestmark = pytest.mark.django_db

PAGE = "/t/acme/control-planes"
SPEC = "kind: rest\naddress: https://argocd.example.com\nprojects: [shop]\n"


@pytest.fixture
def project(db: None) -> Project:
    return make_project("shop", tenant=make_tenant("acme"))


@pytest.fixture
def page(project: Project) -> Client:
    tara = make_person("tara")
    grant(tara, TENANT_ADMIN, tenant=project.tenant)
    client = Client(raise_request_exception=False)
    client.force_login(tara)
    return client


def post(page: Client, path: str, **form: str) -> Any:
    return page.post(f"{PAGE}/{path}", form)


def test_a_control_plane_is_registered_by_its_form(page: Client) -> None:
    assert "uiUrl" in page.get(f"{PAGE}/new").content.decode()

    answer = post(page, "new", name="main", spec=SPEC, token=SECRET)

    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    plane = ControlPlane.objects.get(name="main")
    assert plane.spec["projects"] == ["shop"]
    assert reach_of(plane).credentials[0].token == SECRET


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"spec": "kind: rest"}, "address"),
        ({"spec": "kind: ["}, "spec: "),
        ({"spec": ""}, "Write one document"),
        ({"spec": "- 1"}, "spec: "),
        ({"spec": f"{SPEC}---\n{SPEC}"}, "Write one document"),
        ({"spec": f"{SPEC}shards: x\n"}, "shards"),
        ({"spec": f"{SPEC}credential: {{token: {SECRET}}}\n"}, "belongs into its own field"),
        ({"name": "Not a name"}, "name"),
        ({"secret": "argocd"}, "credential"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_written(
    page: Client, form: dict[str, str], said: str
) -> None:
    answer = post(page, "new", **{"name": "main", "spec": SPEC, "token": SECRET, **form})

    text = answer.content.decode()
    assert answer.status_code == 400
    assert said in text.partition('role="alert"')[2].partition("<form")[0]
    assert f'value="{form.get("name", "main")}"' in text
    assert f'value="{SECRET}"' not in text
    assert not ControlPlane.objects.exists()


def test_an_edit_changes_what_is_written_drops_what_is_not_and_keeps_the_credential(
    page: Client, project: Project
) -> None:
    plane = register(project.tenant, "main", projects=["shop"], shard="eu")
    shown = page.get(f"{PAGE}/main/edit").content.decode()
    assert "shard: eu" in shown
    assert SECRET not in shown

    answer = post(page, "main/edit", spec="kind: rest\naddress: https://other.example.com\n")

    assert answer.status_code == 302, answer.content
    plane.refresh_from_db()
    assert plane.spec["address"] == "https://other.example.com"
    assert (plane.shard, plane.spec.get("projects")) == ("", None)
    assert reach_of(plane).credentials[0].token == SECRET


def test_a_rotation_keeps_both_credentials(page: Client, project: Project) -> None:
    plane = register(project.tenant, "main", projects=["shop"])

    assert post(page, "main/rotate").status_code == 400
    assert post(page, "main/rotate", token="next-one").status_code == 302

    plane.refresh_from_db()
    assert [it.token for it in reach_of(plane).credentials] == [SECRET, "next-one"]


def test_somebody_elses_control_plane_is_not_there(page: Client) -> None:
    register(make_tenant("globex"), "theirs")

    assert page.get(f"{PAGE}/theirs/edit").status_code == 404
    assert post(page, "theirs/rotate", token="x").status_code == 404
