"""Signing in over the API, and what a client may ask before."""

import jwt
import pytest
from django.core.cache import cache
from django.test import Client

from rbac.models import ApiToken, User
from tests.factories.domain import make_tenant
from tests.factories.people import PASSWORD, make_operator

pytestmark = pytest.mark.django_db
LOGIN = "/v1beta1/login"


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    cache.clear()


@pytest.fixture
def admin() -> User:
    make_tenant()
    return make_operator("admin")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def test_the_admins_password_buys_a_token_that_works(client: Client, admin: User) -> None:
    token = client.post(LOGIN, headers=bearer(PASSWORD)).json()["idToken"]

    response = client.get("/v1beta1/projects", headers=bearer(token))

    assert response.status_code == 200


def test_the_token_is_for_one_tenant_and_a_day(client: Client, admin: User) -> None:
    elsewhere = make_tenant("elsewhere")

    client.post("/t/elsewhere/v1beta1/login", headers=bearer(PASSWORD))

    token = ApiToken.objects.get()
    assert token.tenant_uid == elsewhere.uid
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).total_seconds() == 24 * 3600


@pytest.mark.parametrize("path", [LOGIN, "/t/nowhere/v1beta1/login"])
def test_a_wrong_password_is_forbidden(client: Client, admin: User, path: str) -> None:
    response = client.post(path, headers=bearer("wrong"))

    assert response.status_code == 403
    assert response.json() == {"error": "invalid password"}


def test_a_login_without_a_password_is_a_bad_request(client: Client, admin: User) -> None:
    assert client.post(LOGIN).status_code == 400


def test_without_an_account_named_admin_login_is_off(client: Client) -> None:
    response = client.post(LOGIN, headers=bearer(PASSWORD))

    assert response.status_code == 403
    assert client.get("/v1beta1/system/public-server-config").json() == {
        "adminAccountEnabled": False,
        "skipAuth": False,
    }


def test_the_token_says_what_clients_read_from_it(client: Client, admin: User) -> None:
    token = client.post(LOGIN, headers=bearer(PASSWORD)).json()["idToken"]

    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["iss"] == "http://127.0.0.1:8000"
    assert (claims["sub"], claims["aud"]) == ("admin", "127.0.0.1:8000")
    assert claims["exp"] - claims["iat"] == 24 * 3600
    assert claims["nbf"] == claims["iat"]
    assert claims["jti"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer x", PASSWORD])
def test_a_header_that_is_none_is_a_bad_request(client: Client, admin: User, header: str) -> None:
    assert client.post(LOGIN, headers={"Authorization": header}).status_code == 400


def test_guessing_is_slowed_down_whatever_address_is_claimed(client: Client, admin: User) -> None:
    answers = [
        client.post(LOGIN, headers={**bearer("wrong"), "X-Forwarded-For": f"203.0.113.{number}"})
        for number in range(11)
    ]

    assert answers[-1].status_code == 429


def test_guessing_from_many_addresses_is_slowed_down_too(client: Client, admin: User) -> None:
    answers = [
        client.post(LOGIN, headers={"Authorization": "Bearer"}, REMOTE_ADDR=f"10.0.{number}.1")
        for number in range(121)
    ]

    assert {it.status_code for it in answers[:120]} == {400}
    assert answers[-1].status_code == 429


def test_one_address_alone_does_not_use_up_the_attempts_of_all(client: Client, admin: User) -> None:
    for _ in range(200):
        client.post(LOGIN, headers={"Authorization": "Bearer"}, REMOTE_ADDR="10.0.0.1")

    answer = client.post(LOGIN, headers=bearer(PASSWORD), REMOTE_ADDR="10.0.0.2")

    assert answer.status_code == 200


def test_guessing_is_slowed_down(client: Client, admin: User) -> None:
    answers = [client.post(LOGIN, headers=bearer("wrong")) for _ in range(11)]

    assert answers[-1].status_code == 429
    assert "error" in answers[-1].json()


def test_the_version_and_the_configuration_have_the_keys_that_clients_read(
    operator: Client,
) -> None:
    version = operator.get("/v1beta1/system/server-version").json()
    config = operator.get("/v1beta1/system/server-config").json()

    assert set(version) == {
        "version",
        "buildDate",
        "gitCommit",
        "gitTreeDirty",
        "goVersion",
        "compiler",
        "platform",
    }
    assert config["secretManagementEnabled"] is True
    assert config["argocdShards"] == {}
