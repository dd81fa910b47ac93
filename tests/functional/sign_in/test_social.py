"""Signing in with a service that has no OpenID Connect: a GitLab on loopback stands for all."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from projects.models import Project
from rbac.models import Identity, User
from tests.factories.people import make_operator
from tests.functional.sign_in.conftest import is_signed_in, map_claim

pytestmark = pytest.mark.django_db
LOGIN, SIGN_IN = "/accounts/gitlab/login/", "/accounts/login/"
ALICE = {
    "id": 7,
    "username": "alice",
    "name": "Alice",
    "email": "alice@corp.example",
    "confirmed_at": "2026-01-01T00:00:00Z",
}


@pytest.fixture
def person(settings: Settings) -> Iterator[dict[str, Any]]:
    """Whom the service vouches for; a test may change them."""
    said: dict[str, Any] = dict(ALICE)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send({"access_token": "at", "token_type": "bearer"})

        def do_GET(self) -> None:
            self._send(said)

        def _send(self, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    app = {"client_id": "kargo", "secret": "s", "settings": {"gitlab_url": url}}
    settings.SOCIALACCOUNT_PROVIDERS = {"gitlab": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    settings.SOCIAL_PROVIDERS = [("gitlab", "GitLab")]
    settings.SOCIAL_ISSUERS = {"gitlab": url}
    settings.SOCIAL_SIGNUP_DOMAINS = ["corp.example"]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield said
    server.shutdown()
    server.server_close()
    thread.join()


def go(client: Client, **query: str) -> str:
    """Sign in, and return the page that is shown first."""
    asked = parse_qs(urlsplit(client.get(LOGIN, query)["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    answer = {"code": "c", "state": asked["state"][0]}
    return str(client.get("/accounts/gitlab/login/callback/", answer)["Location"])


def test_somebody_of_the_organisation_comes_in(
    client: Client, project: Project, person: dict[str, Any]
) -> None:
    map_claim(project, "kargo-viewer", "email", "alice@corp.example")

    page = go(client, next="/projects/demo")

    assert page == "/projects/demo"
    assert client.get(page).status_code == 200
    identity = Identity.objects.get()
    assert identity.actor_name == "email:alice@corp.example"
    assert identity.claims["gitlab"] == "alice"
    assert "preferred_username" not in identity.claims
    assert not identity.user.has_usable_password()


@pytest.mark.parametrize(
    "change",
    [
        {"email": "eve@evil.example"},
        {"email": "eve@evilcorp.example"},
        {"confirmed_at": None},
        {"email": None},
    ],
    ids=str,
)
def test_nobody_else_comes_in(
    client: Client, project: Project, person: dict[str, Any], change: dict[str, Any]
) -> None:
    person.update(change)

    assert go(client) == SIGN_IN
    assert not is_signed_in(client)
    assert not User.objects.exists()


def test_without_domains_nobody_comes_in(
    client: Client, project: Project, person: dict[str, Any], settings: Settings
) -> None:
    settings.SOCIAL_SIGNUP_DOMAINS = []

    assert go(client) == SIGN_IN
    assert not User.objects.exists()


def test_an_address_leads_to_nobody_elses_account(
    client: Client, project: Project, person: dict[str, Any], settings: Settings
) -> None:
    root = make_operator("root")
    settings.SOCIAL_SIGNUP_DOMAINS = ["example.com"]
    person["email"] = root.email

    go(client)

    assert Identity.objects.get().user != root


def test_nobody_is_sent_elsewhere_afterwards(
    client: Client, project: Project, person: dict[str, Any]
) -> None:
    assert go(client, next="https://evil.example/") == "/"


def test_an_account_that_is_signed_in_is_not_connected(
    client: Client, project: Project, person: dict[str, Any]
) -> None:
    client.force_login(make_operator(), backend="django.contrib.auth.backends.ModelBackend")

    assert go(client, process="connect") == SIGN_IN
    assert not Identity.objects.exists()


def test_a_state_of_nobody_is_refused(
    client: Client, project: Project, person: dict[str, Any]
) -> None:
    response = client.get("/accounts/gitlab/login/callback/", {"code": "c", "state": "made-up"})

    assert response.status_code == 401
    assert not is_signed_in(client)


def test_what_is_not_set_up_is_not_there(
    client: Client, project: Project, person: dict[str, Any]
) -> None:
    page = client.get(SIGN_IN, {"next": "/projects"}).content.decode()

    assert 'href="/accounts/gitlab/login/?next=%2Fprojects"' in page
    assert "github" not in page
    assert client.get("/accounts/github/login/").status_code == 404
    assert client.get("/accounts/github/login/callback/").status_code == 404
    assert client.get("/accounts/3rdparty/signup/").status_code == 404
