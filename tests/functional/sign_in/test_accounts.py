"""Which accounts people get who come from a provider, and how long these let them in."""

import pytest
from django.test import Client

from common.clock import now
from projects.models import IdentityProvider, Project
from projects.services.erasure import erase_some
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import (
    delete_identity_provider,
    update_identity_provider,
)
from rbac.models import Identity, User
from tests.factories.domain import make_tenant
from tests.factories.people import make_operator, make_person
from tests.fakes.identity_provider import CLIENT_ID, FakeProvider
from tests.functional.sign_in.conftest import (
    OPERATOR,
    SECRET,
    begin,
    come_back,
    is_signed_in,
    map_claim,
    trust,
)

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"


@pytest.fixture
def scene(project: Project, trusted: IdentityProvider) -> Project:
    map_claim(project, "kargo-viewer", "groups", "developers")
    return project


@pytest.mark.parametrize("how", ["switched off", "deleted", "another issuer"])
def test_sessions_end_with_their_provider(
    client: Client, scene: Project, trusted: IdentityProvider, fake: FakeProvider, how: str
) -> None:
    come_back(client, fake, begin(client))
    at_first = is_signed_in(client)

    if how == "deleted":
        delete_identity_provider(trusted, actor=OPERATOR, now=now())
    else:
        issuer = fake.url if how == "switched off" else "https://other.example"
        is_enabled = how != "switched off"
        spec = ProviderSpec(name="corp", issuer=issuer, client_id=CLIENT_ID, is_enabled=is_enabled)
        update_identity_provider(trusted, spec, actor=OPERATOR, now=now())

    assert at_first
    assert client.get("/projects").status_code == 302
    assert client.get("/v1beta1/projects").status_code == 401


def test_the_people_of_a_tenant_go_with_it(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    alice = make_person("alice")
    elsewhere = make_tenant("elsewhere")
    trust(fake, elsewhere, name="theirs")
    come_back(client, fake, begin(client))
    theirs = Client()
    come_back(theirs, fake, begin(theirs, "/t/elsewhere/oidc/theirs/login/"))

    while erase_some(elsewhere, limit=1):
        pass

    assert is_signed_in(client)
    assert not is_signed_in(theirs)
    assert Identity.objects.count() == 1
    assert User.objects.count() == 2
    assert User.objects.filter(pk=alice.pk).exists()


def test_somebody_who_is_switched_off_stays_out(
    client: Client, scene: Project, fake: FakeProvider
) -> None:
    come_back(client, fake, begin(client))
    User.objects.update(is_active=False)

    signed_in = is_signed_in(client)

    assert not signed_in
    assert come_back(Client(), fake, begin(client)) == SIGN_IN


def test_only_a_trusted_provider_of_the_platform_leads_to_a_known_account(
    project: Project, fake: FakeProvider
) -> None:
    alice = make_person("alice")
    trust(fake, None, name="careful")
    trust(fake, None, name="trusting", trusts_email=True)
    found = {}
    for name, sub, verified in (
        ("careful", "a", True),
        ("trusting", "b", False),
        ("trusting", "c", None),
        ("trusting", "d", True),
    ):
        client = Client()
        asked = begin(client, f"/oidc/{name}/login/")
        claims = {"sub": sub, "email": "Alice@example.com", "email_verified": verified}
        come_back(client, fake, asked, **claims)
        found[sub] = Identity.objects.get(subject=sub).user == alice

    assert found == {"a": False, "b": False, "c": False, "d": True}


def test_an_operators_account_is_never_found_by_its_address(
    client: Client, project: Project, fake: FakeProvider
) -> None:
    root = make_operator("root")
    trust(fake, None, name="trusting", trusts_email=True)

    come_back(client, fake, begin(client, "/oidc/trusting/login/"), email=root.email)

    assert Identity.objects.get().user != root
    assert client.get("/admin/").status_code in {302, 403}


def test_who_comes_from_a_provider_cannot_give_themselves_a_password(
    client: Client, scene: Project, fake: FakeProvider, mailoutbox: list[object]
) -> None:
    come_back(client, fake, begin(client))

    assert client.get("/accounts/password/set/").status_code == 404
    Client().post("/accounts/password/reset/", {"email": "alice@corp.example"})
    assert "password/reset/key" not in "".join(getattr(it, "body", "") for it in mailoutbox)


def test_the_address_of_an_account_with_a_password_stays(
    project: Project, fake: FakeProvider
) -> None:
    alice = make_person("alice")
    trust(fake, None, name="trusting", trusts_email=True)
    for email in ("alice@example.com", "boss@example.com"):
        client = Client()
        come_back(client, fake, begin(client, "/oidc/trusting/login/"), email=email)

    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert Identity.objects.get().user == alice


def test_secrets_are_encrypted_and_in_no_log(
    client: Client,
    scene: Project,
    trusted: IdentityProvider,
    fake: FakeProvider,
    caplog: pytest.LogCaptureFixture,
) -> None:
    come_back(client, fake, begin(client))
    come_back(client, fake, begin(client), nonce="another")

    trusted.refresh_from_db()
    assert SECRET not in trusted.encrypted
    assert trusted.encrypted.startswith("v2:")
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert SECRET not in logged
    assert "code_verifier" not in logged
