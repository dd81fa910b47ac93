"""Pages of other origins: refused unless an operator lists them, and never with cookies."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings

from kargo_platform.settings.origins import exact_origins
from tests.compat.web_ui.conftest import token_of
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import make_operator

pytestmark = pytest.mark.django_db

UI, STRANGER = "https://ui.example.com", "https://evil.example.com"
PROJECTS = "/v1beta1/projects"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture
def listed() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=frozenset({UI})):
        yield


def ask(client: Client, path: str = PROJECTS, *, origin: str = UI, method: str = "DELETE") -> Any:
    """Send the request that a browser sends before one that a page may not send unasked."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options(path, headers=headers)


def cors(response: Any) -> dict[str, str]:
    """Return the headers that browsers heed."""
    return {name: it for name, it in response.headers.items() if "Access-Control" in name}


@pytest.mark.parametrize(
    "path", [PROJECTS, "/t/acme/v1beta1/projects", "/v1beta1/no-such-thing", "/v1beta1/login"]
)
@pytest.mark.usefixtures("listed")
def test_a_listed_origin_may_ask_before_anybody_signs_in(client: Client, path: str) -> None:
    response = ask(client, path)

    assert (response.status_code, response.content) == (204, b"")
    assert cors(response) == {
        ALLOWED: UI,
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    assert "Origin" in response["Vary"]


@pytest.mark.parametrize(
    "origin", [STRANGER, "http://ui.example.com", "https://ui.example.com:8443", "null", "*", ""]
)
@pytest.mark.usefixtures("listed")
def test_another_origin_is_answered_as_if_nobody_had_asked(client: Client, origin: str) -> None:
    response = ask(client, origin=origin)

    assert cors(response) == {}
    assert response.status_code in {401, 404}
    assert "Origin" in response["Vary"], "caches must not hand it to the listed one"


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/accounts/login/", "/admin/", "/api/v1/tenants", "/t/acme/api/v1/projects"),
        *("/api/schema", "/healthz", "/static/css/app.css", "/x/v1beta1/projects"),
        *("/t/a/b/v1beta1/projects", "/v1beta1"),
    ],
)
@pytest.mark.usefixtures("listed")
def test_only_kargos_api_is_for_pages_of_other_origins(client: Client, path: str) -> None:
    make_tenant()

    asked = ask(client, path)
    read = client.get(path, headers={"Origin": UI})

    assert cors(asked) == cors(read) == {}


def test_nothing_of_it_is_there_unless_an_origin_is_listed(client: Client) -> None:
    make_project()

    asked = ask(client)
    read = client.get(PROJECTS, headers={"Origin": UI})

    assert cors(asked) == cors(read) == {}
    assert "Origin" not in read.headers.get("Vary", "")


@pytest.mark.usefixtures("listed")
def test_a_listed_page_reads_answers_and_errors_and_a_stranger_neither(client: Client) -> None:
    make_project()
    bearer = {"Authorization": f"Bearer {token_of(make_operator('admin'))}"}

    for path, status in ((PROJECTS, 200), (f"{PROJECTS}/none", 404), ("/v1beta1/none", 404)):
        mine = client.get(path, headers={**bearer, "Origin": UI})
        theirs = client.get(path, headers={**bearer, "Origin": STRANGER})
        assert mine.status_code == theirs.status_code == status
        assert cors(mine) == {ALLOWED: UI}
        assert cors(theirs) == {}
    refused = client.get(PROJECTS, headers={"Origin": UI})
    assert (refused.status_code, cors(refused)) == (401, {ALLOWED: UI})


@pytest.mark.usefixtures("listed")
def test_a_session_does_not_let_a_listed_page_write(client: Client) -> None:
    project = make_project()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_operator("admin"))

    response = strict.delete(f"{PROJECTS}/{project.name}", headers={"Origin": UI})

    assert response.status_code == 403
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.usefixtures("listed")
def test_options_that_no_browser_asks_are_no_preflight(client: Client) -> None:
    response = client.options(PROJECTS, headers={"Origin": UI})

    assert response.status_code != 204
    assert "Access-Control-Allow-Methods" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        *(
            "*",
            "null",
            "ui.example.com",
            "https://",
            "https://*.example.com",
            "https://ui.example/",
        ),
        *("https://ui.example.com/path", "https://UI.example.com", "ftp://ui.example.com"),
        *("https://ui.example.com:443", "http://ui.example.com:80", "https://a@b.example.com"),
        *("https://ui.example.com ", "https://ui.example.com:port", ""),
    ],
)
def test_what_is_no_exact_origin_stops_the_start(origin: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="KARGO_CORS_ALLOWED_ORIGINS"):
        exact_origins([UI, origin], setting="KARGO_CORS_ALLOWED_ORIGINS")


@pytest.mark.parametrize(
    "origin",
    [UI, "http://localhost:3333", "https://ui.example.com:8443", "http://[::1]:5173", "https://ui"],
)
def test_an_exact_origin_is_kept_as_it_is(origin: str) -> None:
    assert exact_origins([origin], setting="X") == {origin}
