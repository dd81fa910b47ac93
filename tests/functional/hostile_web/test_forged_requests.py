"""What another site makes somebody's browser send changes nothing here."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from kargo_platform.slashes import WithoutSlash
from rbac.models import User
from rbac.rest.authentication import SessionAuthentication
from tests.factories.people import PASSWORD
from tests.functional.hostile_web.table import Entry, entries
from tests.functional.portal.scenes import Scene

pytestmark = pytest.mark.django_db
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
SIMPLE = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x")
"""Types of content that a form of another site may send unasked. Source: Fetch, CORS-safelisted."""
PASSWORDLESS = "/v1beta1/login"


def pages() -> list[Entry]:
    return [it for it in entries() if not it.is_api]


def programs() -> list[Entry]:
    return [it for it in entries() if it.is_api]


BOOKS = {"sessions.Session", "account.EmailAddress", "projects.Quota", "rbac.AuditChain"}
"""What is made, when it is first looked for, of what is there already."""


def everything() -> dict[str, int]:
    """Return how many rows there are of everything that somebody could have meant to make."""
    return {
        model._meta.label: model._base_manager.count()
        for model in apps.get_models()
        if model._meta.label not in BOOKS
    }


@pytest.fixture
def nothing_changes(scene: Scene, operator: User) -> Iterator[None]:
    before = everything()
    yield
    after = everything()
    assert {name: it for name, it in after.items() if before[name] != it} == {}


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("content_type", SIMPLE)
def test_no_page_acts_without_the_token_of_a_form(signed_in: Client, content_type: str) -> None:
    let_in = [
        f"{method} {page.path}"
        for page in pages()
        for method in UNSAFE
        if not _is_refused(signed_in, method, page.path, content_type, {403, 404})
    ]

    assert let_in == []


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("content_type", [*SIMPLE, "application/json"])
def test_no_program_is_impersonated_with_a_cookie(signed_in: Client, content_type: str) -> None:
    let_in = [
        f"{method} {it.path}"
        for it in programs()
        for method in UNSAFE
        if not _is_refused(signed_in, method, it.path, content_type, {400, 403, 404, 307})
    ]

    assert let_in == []


def _is_refused(
    client: Client, method: str, path: str, content_type: str, statuses: set[int]
) -> bool:
    response = client.generic(method, path, "{}", content_type=content_type)
    return response.status_code in statuses


def test_a_session_counts_on_the_api_and_so_does_the_token(signed_in: Client) -> None:
    def refresh(**headers: str) -> int:
        path, kind = "/v1beta1/projects/shop/stages/uat/refresh", "application/json"
        return signed_in.post(path, content_type=kind, headers=headers).status_code

    assert signed_in.get("/v1beta1/projects").status_code == 200
    assert refresh() == 403
    signed_in.get("/projects/shop")
    token = signed_in.cookies["csrftoken"].value

    assert refresh(**{"X-CSRFToken": token}) == 200
    assert refresh(**{"X-CSRFToken": token[::-1]}) == 403


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_looking_changes_nothing(signed_in: Client, method: str) -> None:
    override = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "POST"}
    for it in entries():
        query = "?_method=POST&method=DELETE&confirm=yes&refresh=true"
        response = signed_in.generic(method, it.path + query, headers=override)

        assert response.status_code not in {500, 502}, f"{method} {it.path}"


def test_what_needs_no_token_takes_no_session() -> None:
    exempt = [it for it in entries() if getattr(it.callback, "csrf_exempt", False)]
    careless = [
        it.path for it in exempt for view in _views(it.callback) if not _heeds_forgery(view)
    ]

    assert exempt
    assert careless == []


def _views(callback: Any) -> list[Any]:
    single = getattr(callback, "cls", None) or getattr(callback, "view_class", callback)
    return list(getattr(callback, "view_classes", (single,)))


def _heeds_forgery(view: Any) -> bool:
    """Tell whether cookies let nobody in, or not without a token."""
    if view is WithoutSlash:
        return True
    taken = getattr(view, "authentication_classes", None)
    named = {"ApiTokenAuthentication", "IdTokenAuthentication", SessionAuthentication.__name__}
    return taken is not None and {it.__name__ for it in taken} <= named


@pytest.mark.parametrize("header", ["Bearer junk", "junk", "Basic cm9vdDpyb290", "Bearer a.b.c"])
def test_who_shows_a_bad_token_is_not_let_in_by_a_cookie(signed_in: Client, header: str) -> None:
    for method in ("GET", *UNSAFE):
        response = signed_in.generic(
            method, "/v1beta1/projects/shop", headers={"Authorization": header}
        )

        assert response.status_code in {401, 404}, method
        assert b"shop" not in response.content


def test_nobody_is_signed_in_to_the_account_of_another(visitor: Client, operator: User) -> None:
    forged = visitor.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    program = visitor.post(PASSWORDLESS, headers={"Authorization": f"Bearer {PASSWORD}"})

    assert forged.status_code == 403
    assert "sessionid" not in forged.cookies
    assert "sessionid" not in program.cookies
    assert "_auth_user_id" not in visitor.session


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://testserver.evil.example", "http://testserver:81"],
)
def test_a_token_sent_from_another_site_counts_for_nothing(signed_in: Client, origin: str) -> None:
    signed_in.get("/projects/shop")
    token = signed_in.cookies["csrftoken"].value

    response = signed_in.post(
        "/projects/shop/stages/uat/refresh",
        {"csrfmiddlewaretoken": token},
        headers={"Origin": origin},
    )

    assert response.status_code == 403
