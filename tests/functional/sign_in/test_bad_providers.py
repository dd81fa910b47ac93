"""Providers that hang, flood or talk nonsense: a refusal in short time, and never an error."""

import time
from collections.abc import Mapping

import jwt
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from common.http import Limits
from projects.models import IdentityProvider, Project
from rbac.models import Identity
from rbac.oidc import documents
from tests.fakes.identity_provider import FakeProvider, fake_provider, rsa_key
from tests.functional.hostile.bad_servers import BOMB, SLOW, WRONG, Answer, bad_server, sends
from tests.functional.sign_in.conftest import map_claim, trust, with_bearer

pytestmark = pytest.mark.django_db
PROJECTS = "/v1beta1/projects"
BAD: Mapping[str, Answer] = {**WRONG, **SLOW}

PAGES: Mapping[str, tuple[int, str, bytes]] = {
    "HTML": (200, "text/html", b"<html><body>Sign in to the Wi-Fi</body></html>"),
    "an error": (500, "application/json", b'{"error": "oops"}'),
    "nothing": (200, "application/json", b""),
    "a list": (200, "application/json", b"[]"),
    "no keys": (200, "application/json", b"{}"),
    "keys that are no list": (200, "application/json", b'{"keys": {"a": 1}}'),
    "keys that are no objects": (200, "application/json", b'{"keys": [1, null, "x", []]}'),
    "half a key": (200, "application/json", b'{"keys": [{"kty": "RSA", "kid": "one"}]}'),
    "a broken key": (
        200,
        "application/json",
        b'{"keys": [{"kty": "RSA", "kid": "one", "n": "!", "e": "AQAB"}]}',
    ),
    "a key of numbers": (
        200,
        "application/json",
        b'{"keys": [{"kty": "RSA", "kid": "one", "n": 5, "e": [1]}]}',
    ),
    "too many keys": (200, "application/json", b'{"keys": [' + b"{}," * 200 + b"{}]}"),
    "too much": (200, "application/json", b'{"keys": [], "x": "' + b"y" * 2_000_000 + b'"}'),
}


@pytest.fixture
def scene(project: Project, trusted: IdentityProvider) -> Project:
    map_claim(project, "kargo-viewer", "groups", "developers")
    return project


@pytest.fixture
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(timeout_seconds=0.3, max_bytes=1024 * 1024, max_redirects=0)
    monkeypatch.setattr(documents, "LIMITS", limits)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize("path", ["/keys", "/.well-known/openid-configuration"])
def test_nonsense_lets_nobody_in(
    scene: Project, fake: FakeProvider, path: str, page: tuple[int, str, bytes]
) -> None:
    fake.pages[path] = page

    response = with_bearer(fake.token()).get(PROJECTS)

    assert response.status_code == 401
    assert response.json() == {"error": "invalid token"}
    assert not Identity.objects.exists()


@pytest.mark.usefixtures("_hurry")
@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_bad_servers_of_keys_hold_nobody_up(
    scene: Project, fake: FakeProvider, answer: Answer, client: Client
) -> None:
    with bad_server(answer) as address:
        fake.metadata["jwks_uri"] = f"http://{address}/keys"
        started = time.monotonic()

        statuses = [with_bearer(fake.token()).get(PROJECTS).status_code for _ in range(3)]
        sent_to = client.get("/oidc/corp/login/")["Location"]

    assert statuses == [401, 401, 401]
    assert sent_to == "/accounts/login/"
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_a_packed_bomb_is_not_unpacked(scene: Project, fake: FakeProvider) -> None:
    with bad_server(sends(BOMB["a bomb"]())) as address:
        fake.metadata["jwks_uri"] = f"http://{address}/keys"

        assert with_bearer(fake.token()).get(PROJECTS).status_code == 401


@pytest.mark.usefixtures("_hurry")
@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_bad_token_endpoints_hold_nobody_up(
    client: Client, scene: Project, fake: FakeProvider, answer: Answer
) -> None:
    with bad_server(answer) as address:
        fake.metadata["token_endpoint"] = f"http://{address}/token"
        client.get("/oidc/corp/login/")
        state = next(iter(client.session["oidc_states"]))

        page = client.get("/oidc/corp/callback/", {"code": "x", "state": state})["Location"]

    assert page == "/accounts/login/"
    assert client.get("/projects").status_code == 302


def test_a_secret_is_never_sent_after_a_redirect(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    with fake_provider() as evil:
        moved = f"HTTP/1.1 307 x\r\nLocation: {evil.url}/token\r\nContent-Length: 0\r\n\r\n"
        with bad_server(sends(moved.encode())) as address:
            fake.metadata["token_endpoint"] = f"http://{address}/token"
            client.get("/oidc/corp/login/")
            state = next(iter(client.session["oidc_states"]))
            client.get("/oidc/corp/callback/", {"code": "x", "state": state})

        assert evil.asked == []


def test_a_provider_is_not_reached_where_the_egress_policy_forbids(
    scene: Project, fake: FakeProvider, settings: Settings
) -> None:
    settings.EGRESS_ALLOWED_HOSTS = []

    assert with_bearer(fake.token()).get(PROJECTS).status_code == 401
    assert fake.asked == []


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://somebody.example"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "gopher://127.0.0.1/"},
        {"jwks_uri": 5},
        {"jwks_uri": "http://[::1"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
    ids=str,
)
def test_metadata_that_says_something_odd_is_not_used(
    client: Client, scene: Project, fake: FakeProvider, change: dict[str, object]
) -> None:
    fake.metadata.update(change)

    assert with_bearer(fake.token()).get(PROJECTS).status_code == 401
    assert client.get("/oidc/corp/login/")["Location"] == "/accounts/login/"


def test_a_provider_that_fails_is_not_asked_by_every_request(
    scene: Project, fake: FakeProvider
) -> None:
    fake.pages["/keys"] = PAGES["an error"]

    for _ in range(5):
        with_bearer(fake.token()).get(PROJECTS)

    assert fake.asked.count("/keys") == 1


def test_known_keys_count_while_the_provider_is_away(
    scene: Project, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_bearer(fake.token()).get(PROJECTS)
    fake.pages["/keys"] = PAGES["an error"]
    start = time.monotonic()
    answers = {}
    for later in (0, 601, 3599, 3700):
        monkeypatch.setattr("rbac.oidc.issuers.time.monotonic", lambda at=start + later: at)
        answers[later] = with_bearer(fake.token()).get(PROJECTS).status_code

    assert answers == {0: 200, 601: 200, 3599: 200, 3700: 401}


def test_two_keys_without_ids_are_not_guessed_at(scene: Project, fake: FakeProvider) -> None:
    nameless = jwt.encode(fake.claims(), rsa_key(), algorithm="RS256")
    assert with_bearer(nameless).get(PROJECTS).status_code == 200

    with fake_provider() as other:
        other.keys = [*fake.keys, {**fake.keys[0], "kid": "two"}]
        trust(other, scene.tenant, name="other")
        nameless = jwt.encode(other.claims(), rsa_key(), algorithm="RS256")

        assert with_bearer(nameless).get(PROJECTS).status_code == 401
