"""Signing out: here first and always, and at the provider where that is wanted."""

import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from projects.models import IdentityProvider, Project, Tenant
from projects.services.tenant_keys import shred_keys
from rbac.models import AuditEvent
from tests.factories.domain import make_tenant
from tests.factories.people import PASSWORD, make_person
from tests.fakes.identity_provider import CLIENT_ID, FakeProvider
from tests.functional.hostile.bad_servers import SLOW, bad_server
from tests.functional.sign_in.conftest import begin, come_back, is_signed_in, trust

pytestmark = pytest.mark.django_db
OUT, SIGN_IN = "/accounts/logout/", "/accounts/login/"


@pytest.fixture
def scene(project: Project, tenant: Tenant, fake: FakeProvider) -> IdentityProvider:
    """A provider that people are to be signed out of."""
    fake.metadata["end_session_endpoint"] = f"{fake.url}/end"
    return trust(fake, tenant, ends_provider_session=True)


def asked_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def onward(client: Client, path: str = OUT) -> str:
    """Sign out, and return where the page that is shown leads on to."""
    answer = client.post(path)
    assert answer.status_code == 200, answer["Location"]
    assert "no-store" in answer["Cache-Control"]
    return str(answer["Refresh"].partition("url=")[2])


@pytest.mark.parametrize("path", [OUT, "/admin/logout/"])
def test_signing_out_leads_on_to_the_provider(
    client: Client, scene: IdentityProvider, fake: FakeProvider, path: str
) -> None:
    come_back(client, fake, begin(client))

    address = onward(client, path)

    asked = asked_of(address)
    assert address.startswith(f"{fake.url}/end?")
    assert asked.keys() == {"client_id", "post_logout_redirect_uri", "id_token_hint"}
    assert asked["client_id"] == CLIENT_ID
    assert asked["post_logout_redirect_uri"] == "http://127.0.0.1:8000/accounts/login/"
    hint = jwt.decode(asked["id_token_hint"], options={"verify_signature": False})
    assert hint["sub"] == "alice-1"
    assert not is_signed_in(client)
    assert AuditEvent.objects.filter(action="user.sign_out").count() == 1


def test_the_session_here_has_ended_whatever_the_provider_does(
    client: Client, scene: IdentityProvider, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))
    cookie = client.cookies["sessionid"].value
    onward(client)

    thief = Client()
    thief.cookies["sessionid"] = cookie

    assert not is_signed_in(thief)
    assert not Session.objects.exists()
    assert not any("/end" in it for it in fake.asked)


def test_the_page_leads_on_without_scripts_and_forms(
    client: Client, scene: IdentityProvider, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))

    page = client.post(OUT)

    assert f'href="{fake.url}/end?client_id=kargo&amp;' in page.content.decode()
    assert "Corporate" in page.content.decode()
    assert "form-action 'self'" in page["Content-Security-Policy"]


def test_only_a_form_of_ours_signs_out(scene: IdentityProvider, fake: FakeProvider) -> None:
    client = Client(enforce_csrf_checks=True)
    come_back(client, fake, begin(client))

    forged = client.post(OUT, headers={"Origin": "https://evil.example"})
    looked_at = client.get(OUT)

    assert forged.status_code == 403
    assert looked_at.status_code == 200
    assert "Refresh" not in looked_at
    assert is_signed_in(client)


def test_the_token_is_in_the_database_in_no_readable_form(
    client: Client, scene: IdentityProvider, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))
    token = asked_of(onward(client))["id_token_hint"]
    come_back(client, fake, begin(client))

    kept = Session.objects.get().get_decoded()

    assert kept["oidc_hint"].startswith("v2:")
    assert not any(part in str(kept) for part in token.split("."))


@pytest.mark.parametrize("is_wanted", [True, False])
def test_no_token_is_kept_that_is_not_needed(
    client: Client,
    project: Project,
    tenant: Tenant,
    fake: FakeProvider,
    is_wanted: bool,  # noqa: FBT001 - a case
) -> None:
    fake.metadata["end_session_endpoint"] = f"{fake.url}/end"
    trust(fake, tenant, ends_provider_session=is_wanted)

    come_back(client, fake, begin(client), groups=["g" * 5000])

    assert "oidc_hint" not in client.session


def test_without_the_token_the_provider_is_told_which_client_asks(
    client: Client, scene: IdentityProvider, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client), groups=["g" * 5000])

    assert asked_of(onward(client)).keys() == {"client_id", "post_logout_redirect_uri"}


def test_a_token_under_a_key_that_is_gone_is_done_without(
    client: Client, scene: IdentityProvider, fake: FakeProvider, tenant: Tenant
) -> None:
    come_back(client, fake, begin(client))
    shred_keys(tenant)

    assert asked_of(onward(client)).keys() == {"client_id", "post_logout_redirect_uri"}


def test_the_address_may_have_a_query_already(
    client: Client, scene: IdentityProvider, fake: FakeProvider
) -> None:
    fake.metadata["end_session_endpoint"] = f"{fake.url}/end?policy=one"
    come_back(client, fake, begin(client))

    address = onward(client)

    assert asked_of(address)["policy"] == "one"
    assert asked_of(address)["client_id"] == CLIENT_ID


def test_people_of_a_tenant_come_back_to_its_sign_in(
    client: Client, project: Project, fake: FakeProvider
) -> None:
    fake.metadata["end_session_endpoint"] = f"{fake.url}/end"
    trust(fake, make_tenant("elsewhere"), ends_provider_session=True)
    come_back(client, fake, begin(client, "/t/elsewhere/oidc/corp/login/"))

    address = onward(client, f"/t/elsewhere{OUT}")

    back = "http://127.0.0.1:8000/t/elsewhere/accounts/login/"
    assert asked_of(address)["post_logout_redirect_uri"] == back


@pytest.mark.parametrize(
    "reason", ["not wanted", "no address", "switched off", "deleted", "unreachable", "odd address"]
)
def test_otherwise_people_are_signed_out_here_alone(
    client: Client,
    scene: IdentityProvider,
    fake: FakeProvider,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    come_back(client, fake, begin(client))
    rows = IdentityProvider.objects.filter(pk=scene.pk)
    later = time.monotonic() + 4000
    match reason:
        case "not wanted":
            rows.update(ends_provider_session=False)
        case "switched off":
            rows.update(is_enabled=False)
        case "deleted":
            rows.delete()
        case _:
            odd: dict[str, dict[str, object]] = {
                "no address": {"end_session_endpoint": None},
                "unreachable": {"issuer": "https://another.example"},
                "odd address": {"end_session_endpoint": "javascript:alert(1)"},
            }
            fake.metadata.update(odd[reason])
            monkeypatch.setattr("rbac.oidc.issuers.time.monotonic", lambda: later)

    answer = client.post(OUT)

    assert answer["Location"] == SIGN_IN
    assert not is_signed_in(client)


@pytest.mark.slow
def test_a_provider_that_hangs_keeps_nobody_signed_in(
    client: Client, scene: IdentityProvider, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_back(client, fake, begin(client))
    with bad_server(SLOW["never"]) as address:
        rows = IdentityProvider.objects.filter(pk=scene.pk)
        rows.update(issuer=f"http://{address}")

        answer = client.post(OUT)

    assert answer["Location"] == SIGN_IN
    assert not is_signed_in(client)


def test_who_signed_in_with_a_password_leaves_no_provider(
    client: Client, scene: IdentityProvider
) -> None:
    make_person("bob")
    client.post(SIGN_IN, {"login": "bob", "password": PASSWORD})

    assert client.post(OUT)["Location"] == SIGN_IN


def test_who_is_nobody_signs_out_as_before(client: Client, scene: IdentityProvider) -> None:
    assert client.post(OUT).status_code == 302


def test_the_next_session_in_the_browser_has_no_token_of_the_last(
    client: Client, scene: IdentityProvider, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))
    assert "oidc_hint" in client.session
    IdentityProvider.objects.update(ends_provider_session=False)

    come_back(client, fake, begin(client), sub="bob-1", email="bob@corp.example")

    assert "oidc_hint" not in client.session
