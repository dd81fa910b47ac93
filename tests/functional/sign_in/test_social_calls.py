"""What GitHub and GitLab are asked goes through the egress policy, within bounds."""

import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.test import Client
from pytest_django.fixtures import Settings
from requests.exceptions import RequestException  # noqa: TID251 - what allauth expects

from common.http import Limits
from projects.models import Project
from projects.portal import social_calls
from projects.portal.social_calls import CheckedAdapter
from rbac.models import Identity, User
from tests.fakes.social_services import (
    ACCESS_TOKEN,
    CLIENT_SECRET,
    FakeService,
    Page,
    fake_service,
)
from tests.functional.hostile.bad_servers import BOMB, SLOW, WRONG, Answer, bad_server, sends
from tests.functional.sign_in.conftest import is_signed_in, map_claim

pytestmark = pytest.mark.django_db
GITHUB_PATHS = ("/login/oauth/access_token", "/user", "/user/emails")
GITLAB_PATHS = ("/oauth/token", "/api/v4/user")
BAD = {**WRONG, **SLOW}


@pytest.fixture
def service(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    """Both services; a test signs in with one of them."""
    with fake_service() as fake:
        app = {"client_id": "kargo", "secret": CLIENT_SECRET, "settings": {"gitlab_url": fake.url}}
        one = {"APPS": [app], "OAUTH_PKCE_ENABLED": True}
        settings.SOCIALACCOUNT_PROVIDERS = {"github": one, "gitlab": one}
        settings.SOCIAL_ISSUERS = {"github": fake.url, "gitlab": f"{fake.url}/gitlab"}
        settings.SOCIAL_SIGNUP_DOMAINS = ["corp.example"]
        point_github_at(fake.url, monkeypatch)
        fake.user |= {"email": "alice@corp.example", "confirmed_at": "2026-01-01T00:00:00Z"}
        yield fake


def point_github_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the library, which reads its settings once, ask another host."""
    names = ("access_token_url", "profile_url", "emails_url")
    for name, path in zip(names, GITHUB_PATHS, strict=True):
        monkeypatch.setattr(GitHubOAuth2Adapter, name, f"{url}{path}")


@pytest.fixture
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(timeout_seconds=0.3, max_bytes=1024 * 1024, max_redirects=0)
    monkeypatch.setattr(social_calls, "LIMITS", limits)


def sign_in(client: Client, service: FakeService, name: str = "github", code: str = "c") -> int:
    """Go there and come back; return the status of what is shown."""
    asked = parse_qs(urlsplit(client.get(f"/accounts/{name}/login/")["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    service.challenges[code] = asked["code_challenge"][0]
    answer = {"code": code, "state": asked["state"][0]}
    return client.get(f"/accounts/{name}/login/callback/", answer).status_code


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_somebody_of_the_organisation_comes_in(
    client: Client, project: Project, service: FakeService, name: str
) -> None:
    map_claim(project, "kargo-viewer", "email", "alice@corp.example")

    sign_in(client, service, name)

    assert b"/projects/demo" in client.get("/projects").content
    identity = Identity.objects.get()
    assert identity.actor_name == "email:alice@corp.example"
    assert identity.claims[name] == "alice"
    paths = GITHUB_PATHS if name == "github" else GITLAB_PATHS
    assert [it.partition(" ")[2] for it in service.asked] == list(paths)


def test_a_code_is_redeemed_once_and_with_its_verifier(
    client: Client, project: Project, service: FakeService
) -> None:
    sign_in(client, service)
    client.post("/accounts/logout/")

    asked = parse_qs(urlsplit(client.get("/accounts/github/login/")["Location"]).query)
    answer = {"code": "c", "state": asked["state"][0]}
    replayed = client.get("/accounts/github/login/callback/", answer)

    assert replayed.status_code == 401
    assert not is_signed_in(client)
    assert service.redeemed[0]["client_secret"] == CLIENT_SECRET
    assert len(service.redeemed[0]["code_verifier"]) >= 43


@pytest.mark.parametrize("name", ["github", "gitlab"])
def test_nothing_is_asked_where_the_egress_policy_forbids(
    client: Client, project: Project, service: FakeService, settings: Settings, name: str
) -> None:
    settings.EGRESS_ALLOWED_HOSTS = []

    assert sign_in(client, service, name) == 401
    assert service.asked == []
    assert not is_signed_in(client)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [*GITHUB_PATHS, *GITLAB_PATHS])
def test_a_redirect_is_not_followed_and_takes_no_secret_along(
    client: Client, project: Project, service: FakeService, path: str, status: int
) -> None:
    name = "github" if path in GITHUB_PATHS else "gitlab"
    with fake_service() as inside:
        service.pages[path] = Page(status, headers={"Location": f"{inside.url}{path}"})

        shown = sign_in(client, service, name)

        assert inside.asked == []
    assert shown == 401
    assert not is_signed_in(client)


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/", "http://10.0.0.1/", "/user"])
def test_a_redirect_to_a_private_address_leads_nowhere(
    client: Client, project: Project, service: FakeService, target: str
) -> None:
    service.pages["/user"] = Page(302, headers={"Location": target})

    assert sign_in(client, service) == 401
    assert service.asked[-1] == "GET /user"
    assert not is_signed_in(client)


@pytest.mark.usefixtures("_hurry")
@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("path", ["/login/oauth/access_token", "/user", "/user/emails"])
def test_bad_answers_hold_nobody_up_and_let_nobody_in(
    client: Client,
    project: Project,
    service: FakeService,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    answer: Answer,
) -> None:
    names = dict(zip(GITHUB_PATHS, ("access_token_url", "profile_url", "emails_url"), strict=True))
    with bad_server(answer) as address:
        monkeypatch.setattr(GitHubOAuth2Adapter, names[path], f"http://{address}{path}")
        started = time.monotonic()

        status = sign_in(client, service)

    assert status in {302, 401}
    assert time.monotonic() - started < 10
    assert not is_signed_in(client)
    assert not User.objects.exists()


@pytest.mark.slow
def test_a_packed_bomb_is_not_unpacked(
    client: Client, project: Project, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bad_server(sends(BOMB["a bomb"]())) as address:
        monkeypatch.setattr(GitHubOAuth2Adapter, "profile_url", f"http://{address}/user")

        assert sign_in(client, service) == 401


@pytest.mark.parametrize("path", [*GITHUB_PATHS, *GITLAB_PATHS])
@pytest.mark.parametrize(
    "said",
    [
        {"access_token": "x" * 2_000_000, "id": 7},
        [],
        [1, None, "x"],
        5,
        None,
        "x",
        {},
        {"id": None},
        {"id": {"a": 1}, "emails": 5, "access_token": 5},
        {"access_token": {"a": 1}},
        {"access_token": "x", "expires_in": "soon"},
        {"error": {"a": []}},
        [{"email": 5, "primary": "x", "verified": []}],
    ],
    ids=lambda said: json.dumps(said)[:40],
)
def test_nonsense_lets_nobody_in(
    client: Client, project: Project, service: FakeService, path: str, said: object
) -> None:
    client.raise_request_exception = False
    service.pages[path] = Page(200, json.dumps(said).encode())

    status = sign_in(client, service, "github" if path in GITHUB_PATHS else "gitlab")

    assert status in {302, 401}
    assert not is_signed_in(client)


def test_refusals_show_and_log_no_secrets(
    client: Client, project: Project, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service.pages["/api/v4/user"] = Page(500, b"no")

    asked = parse_qs(urlsplit(client.get("/accounts/gitlab/login/")["Location"]).query)
    service.challenges["c"] = asked["code_challenge"][0]
    answer = {"code": "c", "state": asked["state"][0]}
    page = client.get("/accounts/gitlab/login/callback/", answer).content.decode()

    for secret in (CLIENT_SECRET, ACCESS_TOKEN):
        assert secret not in page
        assert secret not in caplog.text


def test_the_library_has_no_other_way_out(client: Client, service: FakeService) -> None:
    session = get_adapter().get_requests_session()

    assert {type(it) for it in session.adapters.values()} == {CheckedAdapter}
    assert session.trust_env is False
    with pytest.raises(RequestException):
        session.get("file:///etc/passwd")
    with pytest.raises(RequestException):
        session.get("http://localhost:1/", timeout=1)


def test_a_token_that_nobody_asked_for_has_no_door(client: Client, project: Project) -> None:
    assert client.post("/accounts/google/login/token/", {"credential": "x"}).status_code == 404
