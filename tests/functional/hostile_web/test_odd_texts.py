"""Texts that no database takes, and numbers that no column holds, are refused and not an error."""

import re
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.test import Client

from rbac.models import User
from tests.functional.hostile_web.table import entries
from tests.functional.portal.scenes import Scene

pytestmark = pytest.mark.django_db
ODD = ("\0", "a\0b", "\ud800", "x" * 3000, "\r\nSet-Cookie: a=b", "-1", "9" * 30, "%s{}", "../..")
PARAMETERS = (
    *("q", "page", "limit", "after", "before", "filter", "freight", "next", "cursor", "stage"),
    *("phase", "kind", "actor", "since", "until", "name", "action", "watch", "resourceVersion"),
)


def escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"))


@pytest.fixture
def client(operator: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_no_address_is_an_error_of_ours(client: Client, odd: str) -> None:
    failed = []
    for entry in entries():
        query = "&".join(f"{name}={escaped(odd)}" for name in PARAMETERS)
        named = re.sub(r"/(shop|uat|main|x)(?=/|$)", f"/{escaped(odd)}", entry.path)
        for path in (f"{entry.path}?{query}", named):
            status = client.get(path).status_code
            if status in {500, 502}:
                failed.append((status, path[:120]))

    assert failed == []


@pytest.mark.slow
@pytest.mark.parametrize("odd", ["\0", "9" * 30], ids=ascii)
def test_neither_is_a_filter_of_the_admin(client: Client, odd: str) -> None:
    failed = []
    for model, shown in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        filters = [it for it in shown.list_filter if isinstance(it, str)]
        for name in ("q", "p", "o", "name", *filters):
            status = client.get(f"{base}?{name}={escaped(odd)}").status_code
            if status >= 500:
                failed.append((status, base, name))

    assert failed == []


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "theme"])
@pytest.mark.parametrize(
    "value", ['"aaaaaaaaaaaa\\000"', '"\\377\\376aaaaaaaa"', "é" * 20, "a;b=c;;;=;", "x" * 5000]
)
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/v1beta1/projects", "/admin/"])
def test_no_cookie_is_an_error_of_ours(visitor: Client, name: str, value: str, path: str) -> None:
    headers = {"Cookie": f"{name}={value}"}

    statuses = {
        visitor.get(path, headers=headers).status_code,
        visitor.post(path, {"login": "x"}, headers=headers).status_code,
    }

    assert max(statuses) < 500


@pytest.mark.parametrize(
    "odd", ["\0", "a\0b", "x" * 100_000, "é", "[", "foo", "?x", "#"], ids=ascii
)
@pytest.mark.parametrize(
    "path",
    [
        "/projects/shop/stages/uat/refresh",
        "/projects/shop/stages/uat/promotions",
        "/projects/shop/members/grant",
        "/projects/shop/members/revoke",
        "/members/grant",
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/change/",
    ],
)
def test_no_form_is_an_error_of_ours(client: Client, scene: Scene, path: str, odd: str) -> None:
    fields = ("next", "freight", "reason", "person", "role", "login", "password", "email", "stage")

    response = client.post(path, dict.fromkeys(fields, odd))

    assert response.status_code < 500


def test_a_refused_text_is_told_in_the_words_of_whoever_asks(visitor: Client) -> None:
    program = visitor.get("/v1beta1/projects/a%00b")
    page = visitor.get("/projects/a%00b")

    assert program.status_code == page.status_code == 400
    assert program.json() == {"error": "an address has no NUL characters"}
    assert page["Content-Type"].startswith("text/plain")


def test_the_admin_leads_to_no_row_by_its_kind_and_key(client: Client) -> None:
    known = [
        client.get(f"/admin/r/{kind}/{key}/").status_code for kind in (1, 5, 99) for key in "12"
    ]

    assert set(known) == {404}
