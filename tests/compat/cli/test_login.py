"""``kargo login``: with the admin's password, and at an OpenID provider."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jwt
import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from tests.compat.cli import single_sign_on
from tests.compat.cli.live import Site
from tests.compat.cli.session import CliError, OldSession, Session, normalize_address
from tests.factories.people import PASSWORD
from tests.functional.sign_in.live import Live, live

pytestmark = pytest.mark.slow


@contextmanager
def changed(site: Site, column: str, value: object) -> Iterator[None]:
    """Change the admin's row in the server's database, behind its back, until the block ends."""
    (path,) = site.folder.glob("*.sqlite3")
    update = f"UPDATE rbac_user SET {column} = ? WHERE username = 'admin'"  # noqa: S608 - our own
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as database:
        ask = f"SELECT {column} FROM rbac_user WHERE username = 'admin'"  # noqa: S608 - our own
        (before,) = database.execute(ask).fetchone()
        database.execute(update, [value])
        try:
            yield
        finally:
            database.execute(update, [before])


def admin_login(address: str, password: str, client: type[Session] = Session) -> str:
    """Return the token that ``kargo login --admin --password`` keeps.

    Raises:
        CliError: The server refused.
    """
    config = client(address).call("GetPublicConfig")
    assert config.get("adminAccountEnabled"), "server does not support admin user login"
    token: str = client(address, password).call("AdminLogin")["idToken"]
    return token


# There are ten attempts in a minute.
@pytest.mark.parametrize(
    ("client", "address"), [(Session, "{}/"), (Session, "{}/t/default"), (OldSession, "{}")]
)
def test_the_admins_password_buys_a_token(site: Site, address: str, client: type[Session]) -> None:
    address = address.format(site.address)

    token = admin_login(normalize_address(address), PASSWORD, client)

    assert [it["metadata"]["name"] for it in client(address, token).call("ListProjects")["items"]]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sub"] == "admin"
    assert claims["exp"] > claims["iat"]


def test_the_admin_logs_in_to_a_tenant_and_no_other(site: Site) -> None:
    token = admin_login(site.address_of("acme"), PASSWORD)

    assert Session(site.address_of("acme"), token).call("ListProjects")["items"] == []
    with pytest.raises(CliError, match="404 Not Found"):
        Session(site.address, token).call("ListProjects")


def test_a_wrong_password_says_so(site: Site) -> None:
    with pytest.raises(CliError) as caught:
        admin_login(site.address, "wrong")

    assert str(caught.value) == '403 Forbidden: {"error":"invalid password"}'


def test_a_password_may_be_in_any_language(site: Site) -> None:
    password = "pässwörd 密碼"

    with changed(site, "password", Argon2PasswordHasher().encode(password, "salt" * 4)):
        assert admin_login(site.address, password)


def test_without_an_admin_nobody_is_asked_for_a_password(site: Site) -> None:
    with changed(site, "is_active", value=0):
        config = Session(site.address).call("GetPublicConfig")
        with pytest.raises(CliError) as caught:
            Session(site.address, PASSWORD).call("AdminLogin")

    assert config["adminAccountEnabled"] is False
    assert str(caught.value) == '403 Forbidden: {"error":"admin login is disabled"}'


def test_without_a_provider_there_is_no_single_sign_on(site: Site) -> None:
    for tenant in ("", "acme", "nowhere"):
        config = Session(site.address_of(tenant)).call("GetPublicConfig")

        assert "oidcConfig" not in config
        assert config["skipAuth"] is False


@pytest.fixture(scope="module")
def here(blank_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Another server, with a real provider."""
    with live(blank_folder, tmp_path_factory.mktemp("sign-in")) as found:
        yield found


@pytest.mark.parametrize("address", ["{}", "{}/", "{}/t/default"])
def test_single_sign_on_gives_a_token_that_is_a_bearer(here: Live, address: str) -> None:
    address = address.format(here.site)

    tokens = single_sign_on.log_in(Session(address), "alice")

    kargo = Session(address, tokens["id_token"])
    assert [it["metadata"]["name"] for it in kargo.call("ListProjects")["items"]] == ["shop"]
    assert kargo.call("ListStages", project="shop")["items"]
    assert kargo.call("GetVersionInfo")["version"]


def test_a_port_of_ones_own_will_do(here: Live) -> None:
    assert single_sign_on.log_in(Session(here.site), "alice", port=8085)["id_token"]


def test_an_expired_token_is_renewed_and_goes_on(here: Live) -> None:
    tokens = single_sign_on.log_in(Session(here.site), "alice", prompt="consent")

    renewed = single_sign_on.renew(Session(here.site), tokens["refresh_token"])

    kargo = Session(here.site, renewed["id_token"])
    assert kargo.call("ListStages", project="shop")["items"]
    again = single_sign_on.renew(Session(here.site), renewed["refresh_token"])
    assert Session(here.site, again["id_token"]).call("ListProjects")["total"] == 1


def test_somebody_without_a_role_logs_in_and_finds_nothing(here: Live) -> None:
    kargo = Session(here.site, single_sign_on.log_in(Session(here.site), "bob")["id_token"])

    assert kargo.call("ListProjects")["items"] == []
    with pytest.raises(CliError, match="404 Not Found"):
        kargo.call("GetProject", project="shop")


def test_what_is_not_an_id_token_is_no_bearer(here: Live) -> None:
    tokens = single_sign_on.log_in(Session(here.site), "alice", prompt="consent")

    for it in (tokens["access_token"], tokens["refresh_token"]):
        with pytest.raises(CliError, match=r"401 Unauthorized: .*invalid token"):
            Session(here.site, it).call("ListProjects")
