"""Who gets to see which page."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from promotions.portal.urls import urlpatterns
from tests.factories.domain import make_tenant
from tests.factories.people import PASSWORD, make_admin, make_person, make_stranger
from tests.functional.portal.scenes import ordinary

pytestmark = pytest.mark.django_db


def _address(name: str, promotion: str, freight: str) -> str:
    values = {
        "project": "shop",
        "stage": "uat",
        "warehouse": "main",
        "promotion": promotion,
        "alias": "out",
        "freight": freight,
        "preview": str(uuid4()),
        "sequence": "1",
        "plane": "argocd",
        "promotion_request": "many",
        "run": "test.1",
    }
    route = next(str(it.pattern) for it in urlpatterns if it.name == name)
    wanted = {key: value for key, value in values.items() if f":{key}>" in route}
    return reverse(f"portal:{name}", kwargs=wanted)


NAMES = [str(it.name) for it in urlpatterns]
OF_A_PROJECT = [str(it.name) for it in urlpatterns if "<str:project>" in str(it.pattern)]


@pytest.mark.parametrize("name", NAMES)
def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, name: str) -> None:
    scene = ordinary()
    address = _address(name, scene.promotions[0].name, scene.freight[0].name)

    response = client.get(address)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", OF_A_PROJECT)
def test_a_project_of_others_is_as_if_it_were_not_there(client: Client, name: str) -> None:
    scene = ordinary()
    client.force_login(make_stranger(make_tenant("elsewhere")))
    address = _address(name, scene.promotions[0].name, scene.freight[0].name)

    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404


def test_a_stranger_sees_no_projects_of_others(client: Client) -> None:
    ordinary()
    client.force_login(make_person("charlie"))

    home = client.get(reverse("portal:home")).content.decode()
    projects = client.get(reverse("portal:project-list")).content.decode()

    assert "shop" not in home
    assert "shop" not in projects
    assert "no role in any project" in projects


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    scene = ordinary()
    make_admin(scene.project)

    wrong = client.post(reverse("account_login"), {"login": "alice", "password": "no"})
    right = client.post(
        f"{reverse('account_login')}?next=/projects/shop",
        {"login": "alice", "password": PASSWORD, "next": "/projects/shop"},
    )

    assert b'role="alert"' in wrong.content
    assert right["Location"] == "/projects/shop"


def test_signing_out_asks_first(client: Client) -> None:
    client.force_login(make_person("charlie"))

    page = client.get(reverse("account_logout"))
    done = client.post(reverse("account_logout"))

    assert b"Sign out?" in page.content
    assert done["Location"] == reverse("account_login")
