"""Signing in to the portal with a provider: what is sent, what is taken back, what is refused."""

import base64
import hashlib

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from projects.models import IdentityProvider, Project, Tenant
from rbac.models import Identity
from tests.factories.domain import make_tenant
from tests.fakes.identity_provider import CLIENT_ID, FakeProvider, fake_provider
from tests.functional.sign_in.conftest import (
    SECRET,
    begin,
    come_back,
    is_signed_in,
    map_claim,
    trust,
)

pytestmark = pytest.mark.django_db
LOGIN, CALLBACK = "/oidc/corp/login/", "/oidc/corp/callback/"
SIGN_IN = "/accounts/login/"


@pytest.fixture
def scene(project: Project, trusted: IdentityProvider) -> Project:
    map_claim(project, "kargo-viewer", "groups", "developers")
    return project


def test_the_provider_is_asked_with_pkce_a_state_and_a_nonce(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    response = client.get(LOGIN)
    asked = begin(client)

    assert response["Location"].startswith(f"{fake.url}/authorize?")
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid profile email"
    assert asked["client_id"] == CLIENT_ID
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/oidc/corp/callback/"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32


def test_somebody_comes_back_and_sees_what_their_groups_allow(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    page = come_back(client, fake, begin(client))

    assert page == "/"
    shown = client.get("/projects")
    assert shown.status_code == 200
    assert b"/projects/demo" in shown.content


def test_the_code_is_redeemed_with_the_verifier_and_the_clients_secret(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    asked = begin(client)
    come_back(client, fake, asked)

    form = fake.redeemed[0]
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    assert form["redirect_uri"] == asked["redirect_uri"]
    shown = base64.b64decode(form["header"].removeprefix("Basic ")).decode()
    assert shown == f"{CLIENT_ID}:{SECRET.replace(' ', '+')}"
    assert SECRET not in str({**form, "header": ""})


def test_a_secret_may_be_in_the_form(
    client: Client, project: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    trust(fake, tenant, client_auth="client_secret_post")
    come_back(client, fake, begin(client))

    assert fake.redeemed[0]["client_secret"] == SECRET
    assert fake.redeemed[0]["header"] == ""


def test_a_public_client_shows_no_secret(
    client: Client, project: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    trust(fake, tenant, client_secret="")
    come_back(client, fake, begin(client))

    assert is_signed_in(client)
    assert "client_secret" not in fake.redeemed[0]
    assert fake.redeemed[0]["header"] == ""


def test_what_the_id_token_leaves_out_is_asked_for(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    fake.userinfo = {"sub": "alice-1", "groups": ["developers"], "email": "alice@corp.example"}
    come_back(client, fake, begin(client), groups=None, email=None)

    assert b"/projects/demo" in client.get("/projects").content


def test_userinfo_about_somebody_else_is_refused(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    fake.userinfo = {"sub": "bob", "groups": ["admins"]}

    assert come_back(client, fake, begin(client), groups=None) == SIGN_IN
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": "kargo-cli"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"azp": "somebody-else"},
    ],
    ids=str,
)
def test_a_token_that_is_no_answer_is_refused(
    client: Client, scene: Project, fake: FakeProvider, claims: dict[str, object]
) -> None:
    assert come_back(client, fake, begin(client), **claims) == SIGN_IN
    assert not is_signed_in(client)
    assert not Identity.objects.exists()
    assert b"did not work" in client.get(SIGN_IN).content


def test_a_state_of_nobody_is_refused(client: Client, scene: Project, fake: FakeProvider) -> None:
    asked = begin(client)

    assert come_back(client, fake, {**asked, "state": "made-up"}) == SIGN_IN
    assert not is_signed_in(client)
    assert fake.redeemed == []


def test_a_state_of_another_session_is_refused(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    mallorys = begin(Client())
    begin(client)

    assert come_back(client, fake, mallorys) == SIGN_IN
    assert not is_signed_in(client)


def test_a_state_is_good_for_once(client: Client, scene: Project, fake: FakeProvider) -> None:
    asked = begin(client)
    come_back(client, fake, asked)
    client.post("/accounts/logout/")

    assert come_back(client, fake, asked) == SIGN_IN
    assert not is_signed_in(client)


def test_a_state_is_good_for_ten_minutes(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    asked = begin(client)
    session = client.session
    session["oidc_states"][asked["state"]]["added_on"] -= 601
    session.save()

    assert come_back(client, fake, asked) == SIGN_IN
    assert not is_signed_in(client)


def test_a_replayed_code_is_refused(client: Client, scene: Project, fake: FakeProvider) -> None:
    asked, again = begin(client), begin(client)
    come_back(client, fake, asked)
    client.post("/accounts/logout/")
    asked = begin(client)

    response = client.get(CALLBACK, {"code": "code", "state": asked["state"]})

    assert response["Location"] == SIGN_IN
    assert again["state"] != asked["state"]
    assert not is_signed_in(client)


def test_a_code_of_another_attempt_is_refused(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    asked = begin(client)
    other = begin(client)

    page = come_back(client, fake, {**asked, "code_challenge": other["code_challenge"]})

    assert page == SIGN_IN
    assert not is_signed_in(client)


def test_an_answer_of_another_provider_is_refused(
    client: Client, scene: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    with fake_provider() as other:
        trust(other, tenant, name="other")
        asked = begin(client, "/oidc/other/login/")

        mixed = {**asked, "redirect_uri": "http://127.0.0.1:8000/oidc/corp/callback/"}
        assert come_back(client, fake, mixed) == SIGN_IN
    asked = begin(client)
    answer = {"code": "code", "state": asked["state"], "iss": "https://evil.example"}
    assert client.get(CALLBACK, answer)["Location"] == SIGN_IN
    assert fake.redeemed == []


def test_an_error_of_the_provider_signs_nobody_out(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))

    client.get(CALLBACK, {"error": "access_denied", "state": "made-up"})
    client.get(CALLBACK, {"error": "access_denied", "state": begin(client)["state"]})

    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/projects/demo", "/projects/demo"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http:evil.example", "/"),
    ],
)
def test_nobody_is_sent_elsewhere_afterwards(
    client: Client, scene: Project, fake: FakeProvider, wanted: str, shown: str
) -> None:
    assert come_back(client, fake, begin(client, next=wanted)) == shown


def test_the_sign_in_page_has_a_button_for_each_provider(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    trust(fake, None, name="everyones", title="Everyone's")
    trust(fake, make_tenant("elsewhere"), name="theirs", title="Theirs")
    trust(fake, scene.tenant, name="off", title="Off", is_enabled=False)

    here = client.get(SIGN_IN, {"next": "/projects/demo?a=1&b=2"}).content.decode()
    there = client.get("/t/elsewhere/accounts/login/").content.decode()
    nowhere = client.get("/t/nowhere/accounts/login/").content.decode()

    assert 'href="/oidc/corp/login/?next=%2Fprojects%2Fdemo%3Fa%3D1%26b%3D2"' in here
    assert "Sign in with Everyone&#x27;s" in here
    assert "Theirs" not in here
    assert "Sign in with Off" not in here
    assert "/t/elsewhere/oidc/theirs/login/" in there
    assert "/oidc/everyones/login/?next=%2Ft%2Felsewhere%2F" in there
    assert "/oidc/corp/login/" not in there
    assert "theirs" not in nowhere


def test_the_sign_in_page_links_to_no_other_site(client: Client, scene: Project) -> None:
    page = client.get(SIGN_IN, {"next": "https://evil.example/"}).content.decode()

    assert 'href="/oidc/corp/login/?next=%2F"' in page


@pytest.mark.parametrize(
    "address",
    [
        "/oidc/nothing/login/",
        "/oidc/theirs/login/",
        "/t/default/oidc/theirs/login/",
        "/t/nowhere/oidc/corp/login/",
        "/t/elsewhere/oidc/corp/callback/",
        "/t/elsewhere/oidc/everyones/login/",
    ],
)
def test_providers_are_at_their_own_addresses_only(
    client: Client, scene: Project, fake: FakeProvider, address: str
) -> None:
    trust(fake, make_tenant("elsewhere"), name="theirs")
    trust(fake, None, name="everyones")

    assert client.get(address).status_code == 404


def test_a_tenants_people_are_led_to_their_tenant(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    trust(fake, make_tenant("elsewhere"), name="theirs")

    page = come_back(client, fake, begin(client, "/t/elsewhere/oidc/theirs/login/"))

    assert page == "/t/elsewhere/"
    assert client.get("/projects/demo").status_code == 404
    assert client.get("/v1beta1/projects/demo").status_code == 404


def test_the_session_has_the_rights_on_the_api_too(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))

    found = client.get("/v1beta1/projects").json()

    assert [it["metadata"]["name"] for it in found["items"]] == ["demo"]


def test_a_sign_in_lasts_for_hours_not_weeks(
    client: Client, scene: Project, fake: FakeProvider, settings: Settings
) -> None:
    come_back(client, fake, begin(client))

    assert client.session.get_expiry_age() == settings.SSO_SESSION_SECONDS == 12 * 3600


def test_signing_in_changes_the_sessions_key(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    asked = begin(client)
    before = client.session.session_key

    come_back(client, fake, asked)

    assert client.session.session_key != before
