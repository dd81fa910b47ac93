"""Kargo's web UI: its first request, the login page, and when it sends people back there."""

import base64
import json
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from projects.models import IdentityProvider
from projects.selectors import default_tenant
from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import PASSWORD, make_operator, make_viewer

pytestmark = pytest.mark.django_db

PUBLIC_CONFIG = "/v1beta1/system/public-server-config"
LOGIN = "/v1beta1/login"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


def payload_of(token: str) -> dict[str, Any]:
    """Read a token as the page does: its second segment, Base64URL of JSON in UTF-8."""
    segment = token.split(".")[1]
    padded = segment + "=" * (-len(segment) % 4)
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(padded).decode())
    return found


@pytest.mark.parametrize("base", ["", "/t/default"])
def test_the_page_learns_how_one_signs_in_before_anybody_has(client: Client, base: str) -> None:
    make_tenant()
    make_operator("admin")

    config = Page(client, base=base).get(PUBLIC_CONFIG)

    assert config == {"adminAccountEnabled": True, "skipAuth": False}


def test_the_login_page_offers_a_provider_with_all_that_a_browser_needs(client: Client) -> None:
    make_tenant()
    IdentityProvider.objects.create(
        tenant=default_tenant(),
        name="okta",
        issuer="https://sso.example.com",
        client_id="kargo-ui",
        scopes=["openid", "profile", "email"],
    )

    config = Page(client).get(PUBLIC_CONFIG)

    oidc = config["oidcConfig"]
    assert oidc["issuerUrl"] == "https://sso.example.com"
    assert oidc["clientId"] == "kargo-ui"
    assert "openid" in oidc["scopes"], "the page spreads this list"
    assert config["adminAccountEnabled"] is False


def test_the_first_query_of_a_page_without_a_token_is_refused_as_signed_out(client: Client) -> None:
    make_tenant()

    answer = Page(client).send("GET", "/v1beta1/projects")

    assert answer.is_signed_out
    assert answer.toast == "no token provided"


def test_the_admins_password_buys_a_token_that_the_page_can_hold(client: Client) -> None:
    make_project()
    make_operator("admin")

    token = Page(client, PASSWORD).act("POST", LOGIN)["idToken"]

    payload = payload_of(token)
    assert payload["sub"] == "admin", "the page shows who that is"
    assert payload["exp"] > time.time(), "in seconds: the page multiplies by a thousand"
    assert payload["iss"]
    assert Page(client, token).get("/v1beta1/projects")["total"] == 1


def test_a_wrong_password_shows_why_and_signs_nobody_out(client: Client) -> None:
    make_tenant()
    make_operator("admin")

    answer = Page(client, "wrong").send("POST", LOGIN)

    assert not answer.is_signed_out
    assert answer.toast == "invalid password"


def test_too_many_wrong_passwords_show_why_the_next_one_is_not_looked_at(client: Client) -> None:
    make_tenant()
    make_operator("admin")

    answers = [Page(client, "wrong").send("POST", LOGIN) for _ in range(11)]

    assert [it.status for it in answers] == [403] * 10 + [429]
    assert answers[-1].content_type == "application/json"
    assert answers[-1].toast


def test_every_token_that_is_given_to_people_is_one_that_the_page_can_hold(
    page_of: PageOf,
) -> None:
    roles = f"/v1beta1/projects/{make_project().name}/roles"
    admin = page_of(make_operator("admin"))
    admin.act("POST", roles, {"metadata": {"name": "reader", "namespace": "demo"}})

    made = admin.act("POST", f"{roles}/reader/api-tokens", {"name": "ci"})

    token = base64.b64decode(made["data"]["token"]).decode()
    assert isinstance(payload_of(token), dict)
    assert "exp" not in payload_of(token) or payload_of(token)["exp"] > time.time()


@pytest.mark.parametrize("token", ["junk", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_a_token_that_counts_for_nothing_signs_the_page_out(client: Client, token: str) -> None:
    make_tenant()

    answer = Page(client, token).send("GET", "/v1beta1/projects")

    assert answer.is_signed_out
    assert answer.toast == "invalid token"


def test_what_somebody_may_not_do_shows_a_message_and_keeps_them_signed_in(
    page_of: PageOf,
) -> None:
    project = make_project()
    page = page_of(make_viewer(project))

    answer = page.send("DELETE", f"/v1beta1/projects/{project.name}/stages/none")

    assert answer.status == 403
    assert "delete is not permitted" in answer.toast


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1beta1/projects/nowhere", 404),
        ("GET", "/v1beta1/projects/nowhere/stages", 404),
        ("GET", "/v1beta1/no-such-thing", 404),
        ("POST", "/v1beta1/projects", 404),
        ("GET", "/v1beta1/projects/demo/freight?groupBy=colour", 400),
    ],
)
def test_every_error_is_json_with_a_message_that_the_toast_shows(
    page_of: PageOf, method: str, path: str, status: int
) -> None:
    make_project()
    page = page_of(make_operator("admin"))
    address, _, query = path.partition("?")

    answer = page.send(method, address, query=dict([query.split("=")]) if query else None)

    assert answer.status == status
    assert answer.content_type == "application/json"
    assert answer.toast


def test_a_page_served_under_a_tenants_path_finds_that_tenants_api(client: Client) -> None:
    make_project("here", tenant=make_tenant("acme"))
    make_project("there")
    make_operator("admin")
    token = Page(client, PASSWORD, base="/t/acme").act("POST", LOGIN)["idToken"]

    listed = Page(client, token, base="/t/acme").get("/v1beta1/projects")

    assert [it["metadata"]["name"] for it in listed["items"]] == ["here"]
