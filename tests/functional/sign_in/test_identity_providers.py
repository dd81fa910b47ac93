"""Trusting providers: in the admin, and what is said of them to clients."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from common.errors import ConflictError, InvalidError
from projects.models import IdentityProvider, Tenant
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import (
    client_secret_of,
    create_identity_provider,
    update_identity_provider,
)
from projects.services.tenant_keys import renew_data_keys
from rbac.models import AuditEvent
from tests.factories.domain import make_tenant
from tests.factories.people import make_operator, make_stranger
from tests.fakes.identity_provider import FakeProvider
from tests.functional.sign_in.conftest import OPERATOR, SECRET, trust

pytestmark = pytest.mark.django_db
CONFIG = "/v1beta1/system/public-server-config"
PAGES = "/admin/projects/identityprovider/"

FORM: dict[str, Any] = {
    "name": "corp",
    "issuer": "https://login.corp.example",
    "client_id": "kargo",
    "client_secret": SECRET,
    "client_auth": "client_secret_basic",
    "scopes": "openid email",
    "username_claim": "email",
    "groups_claim": "groups",
    "email_domains": "corp.example, Other.example",
    "is_enabled": "on",
}


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_operator(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_operator_adds_a_provider_in_the_admin(operator: Client, tenant: Tenant) -> None:
    response = operator.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk})

    assert response.status_code == 302, response.content.decode()
    provider = IdentityProvider.objects.get()
    assert provider.tenant == tenant
    assert provider.scopes == ["openid", "email"]
    assert provider.email_domains == ["corp.example", "other.example"]
    assert client_secret_of(provider) == SECRET
    event = AuditEvent.objects.get(action="identity-provider.create")
    assert event.tenant_uid == tenant.uid
    assert SECRET not in str(vars(event))


def test_the_secret_never_comes_out_and_stays_unless_it_is_written(
    operator: Client, tenant: Tenant
) -> None:
    operator.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk})
    provider = IdentityProvider.objects.get()
    page = f"{PAGES}{provider.pk}/change/"

    shown = operator.get(page).content.decode()
    response = operator.post(page, {**FORM, "client_secret": "", "title": "Corporate"})
    provider.refresh_from_db()
    kept, title = client_secret_of(provider), provider.title
    operator.post(page, {**FORM, "client_secret": "", "forget_secret": "on"})
    provider.refresh_from_db()

    assert SECRET not in shown
    assert provider.encrypted not in shown or not provider.encrypted
    assert response.status_code == 302, response.content.decode()
    assert (kept, title) == (SECRET, "Corporate")
    assert client_secret_of(provider) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"issuer": "http://login.corp.example"}, "must be an https address"),
        ({"issuer": "https://login.corp.example/?a=1"}, "without a query"),
        ({"issuer": "https://[::1"}, "is not an address"),
        ({"issuer": "login.corp.example"}, "must be an https address"),
        ({"issuer": "http://127.0.0.1:8000/"}, "is this platform itself"),
        ({"scopes": "email"}, "must include openid"),
        ({"username_claim": "controller"}, "must be a claim, and none of"),
        ({"email_domains": "a@b.example"}, "must be domains"),
        ({"trusts_email": "on"}, "only"),
        ({"name": "a b"}, "slug"),
        ({"client_auth": "none"}, "valid choice"),
    ],
    ids=str,
)
def test_what_is_not_usable_is_said_beside_the_field(
    operator: Client, tenant: Tenant, change: dict[str, str], said: str
) -> None:
    response = operator.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk, **change})

    assert response.status_code == 200
    assert said in response.content.decode()
    assert not IdentityProvider.objects.exists()


def test_the_platforms_providers_share_names_with_the_default_tenants(
    operator: Client, tenant: Tenant
) -> None:
    elsewhere = make_tenant("elsewhere")
    operator.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk})

    again = operator.post(f"{PAGES}add/", FORM)
    there = operator.post(f"{PAGES}add/", {**FORM, "tenant": elsewhere.pk})

    assert "of that name already" in again.content.decode()
    assert there.status_code == 302


@pytest.fixture
def charlie(client: Client, tenant: Tenant) -> Client:
    """Somebody who administers the tenant, and may come into the admin."""
    person = make_stranger(tenant)
    person.is_staff = True
    person.save()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_who_administers_a_tenant_writes_its_providers(charlie: Client, tenant: Tenant) -> None:
    made = charlie.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk})
    page = f"{PAGES}{IdentityProvider.objects.get().pk}/change/"
    changed = charlie.post(page, {**FORM, "title": "Ours"})
    title = IdentityProvider.objects.get().title
    charlie.post(page.replace("change", "delete"), {"post": "yes"})

    assert (made.status_code, changed.status_code, title) == (302, 302, "Ours")
    assert not IdentityProvider.objects.exists()
    actors = set(AuditEvent.objects.filter(kind="IdentityProvider").values_list("actor", flat=True))
    assert actors == {"email:charlie@example.com"}


def test_who_administers_a_tenant_writes_no_others(
    charlie: Client, tenant: Tenant, fake: FakeProvider
) -> None:
    elsewhere = make_tenant("elsewhere")
    theirs, everyones = trust(fake, elsewhere), trust(fake, None, name="everyones")
    form = charlie.get(f"{PAGES}add/").content.decode()

    answers = [
        charlie.post(f"{PAGES}add/", {**FORM, "tenant": elsewhere.pk}),
        charlie.post(f"{PAGES}add/", FORM),
        charlie.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk, "trusts_email": "on"}),
        charlie.post(f"{PAGES}{theirs.pk}/change/", FORM),
        charlie.post(f"{PAGES}{everyones.pk}/delete/", {"post": "yes"}),
    ]

    assert [it.status_code for it in answers] == [200, 200, 200, 302, 302]
    assert "elsewhere" not in form
    assert set(IdentityProvider.objects.values_list("uid", flat=True)) == {
        theirs.uid,
        everyones.uid,
    }
    assert not AuditEvent.objects.filter(actor="email:charlie@example.com").exists()


def test_staff_without_a_tenant_write_no_providers(client: Client, tenant: Tenant) -> None:
    person = make_stranger()
    person.is_staff = True
    person.save()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")

    client.post(f"{PAGES}add/", {**FORM, "tenant": tenant.pk})

    assert not IdentityProvider.objects.exists()


def test_the_admin_says_what_a_provider_publishes_that_does_not_fit(
    operator: Client, tenant: Tenant, fake: FakeProvider
) -> None:
    provider = trust(fake, tenant)
    fake.metadata["issuer"] = "https://another.example"

    chosen = {"action": "check_providers", "_selected_action": [str(provider.pk)]}
    page = operator.post(PAGES, chosen, follow=True).content.decode()

    assert "Identity provider corp: It calls itself &quot;https://another.example&quot;." in page


def test_tenant_admins_see_theirs_without_anything_secret(
    charlie: Client, tenant: Tenant, fake: FakeProvider
) -> None:
    provider = trust(fake, tenant)
    theirs = trust(fake, make_tenant("elsewhere"))

    shown = charlie.get(f"{PAGES}{provider.pk}/change/")
    hidden = charlie.get(f"{PAGES}{theirs.pk}/change/")

    assert shown.status_code == 200
    page = shown.content.decode()
    assert not any(it in page for it in (SECRET, provider.encrypted))
    assert hidden.status_code == 302


def test_services_refuse_what_is_not_usable(tenant: Tenant, fake: FakeProvider) -> None:
    spec = ProviderSpec(name="corp", issuer="ftp://x", client_id="", scopes=())
    with pytest.raises(InvalidError) as refusal:
        create_identity_provider(tenant, spec, actor=OPERATOR, now=now())
    assert {it.path for it in refusal.value.problems} == {"issuer", "client_id", "scopes"}

    trust(fake, tenant)
    with pytest.raises(ConflictError):
        trust(fake, None)


def test_changing_the_keys_keeps_secrets_readable(tenant: Tenant, fake: FakeProvider) -> None:
    of_tenant, of_platform = trust(fake, tenant), trust(fake, None, name="everyones")
    before = {of_tenant.encrypted, of_platform.encrypted}

    renew_data_keys(actor=OPERATOR, now=now(), tell=lambda _: None)

    for provider in (of_tenant, of_platform):
        provider.refresh_from_db()
        assert client_secret_of(provider) == SECRET
        assert provider.encrypted not in before


def test_an_update_that_changes_nothing_about_the_secret_keeps_it(
    tenant: Tenant, fake: FakeProvider
) -> None:
    provider = trust(fake, tenant)
    spec = ProviderSpec(name="corp", issuer=fake.url, client_id="another")

    update_identity_provider(provider, spec, actor=OPERATOR, now=now())

    assert client_secret_of(IdentityProvider.objects.get()) == SECRET
    event = AuditEvent.objects.get(action="identity-provider.update")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["client_id"], event.after["client_id"]) == ("kargo", "another")


def test_clients_are_told_of_the_tenants_first_provider(
    client: Client, tenant: Tenant, fake: FakeProvider
) -> None:
    without = client.get(CONFIG).json()
    trust(fake, None, name="a", client_id="everyones", cli_client_id="")
    of_platform = client.get(CONFIG).json()["oidcConfig"]
    trust(fake, tenant, name="b")
    trust(fake, tenant, name="off", is_enabled=False)
    own = client.get(CONFIG).json()["oidcConfig"]
    elsewhere = client.get("/t/nowhere/v1beta1/system/public-server-config").json()

    assert "oidcConfig" not in without
    assert of_platform == {
        "issuerUrl": fake.url,
        "clientId": "everyones",
        "scopes": ["openid", "profile", "email"],
    }
    assert own == {
        "issuerUrl": fake.url,
        "clientId": "kargo",
        "cliClientId": "kargo-cli",
        "scopes": ["openid", "profile", "email"],
    }
    assert elsewhere["oidcConfig"] == of_platform
