"""Signing in over the API, and what a client may ask before."""

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
