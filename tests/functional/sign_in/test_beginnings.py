"""Strangers begin sign-ins within bounds, and what is kept of them is forgotten."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings

from common.clock import now
from projects.models import IdentityProvider, Project, Tenant
from projects.portal.beginnings import ATTEMPT_SECONDS, BeginningsInTenant
from tests.factories.domain import make_tenant
from tests.factories.people import PASSWORD, make_person
from tests.fakes.identity_provider import FakeProvider
from tests.functional.sign_in.conftest import begin, come_back, is_signed_in, trust

pytestmark = pytest.mark.django_db
LOGIN, GITLAB = "/oidc/corp/login/", "/accounts/gitlab/login/"
FROM_ONE_ADDRESS = 30


@pytest.fixture
def scene(project: Project, trusted: IdentityProvider) -> Project:
    return project


@pytest.fixture
def social(settings: Settings) -> None:
    """A GitLab that nobody will reach: beginning does not ask it."""
    app = {"client_id": "kargo", "secret": "s", "settings": {"gitlab_url": "http://127.0.0.1:1"}}
    settings.SOCIALACCOUNT_PROVIDERS = {"gitlab": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def knock(address: str = "192.0.2.1", path: str = LOGIN, **headers: str) -> int:
    """Return the status that somebody new gets."""
    return Client(headers=headers).get(path, REMOTE_ADDR=address).status_code


@pytest.mark.parametrize("path", [LOGIN, GITLAB])
@pytest.mark.usefixtures("social")
def test_one_address_begins_so_many_in_a_minute(scene: Project, path: str) -> None:
    statuses = [knock(path=path) for _ in range(FROM_ONE_ADDRESS + 5)]

    assert statuses == [302] * FROM_ONE_ADDRESS + [429] * 5
    assert Session.objects.count() == FROM_ONE_ADDRESS
    assert knock("192.0.2.2", path=path) == 302


def test_who_is_asked_to_wait_is_told_so(client: Client, scene: Project) -> None:
    for _ in range(FROM_ONE_ADDRESS):
        client.get(LOGIN)

    answer = client.get(LOGIN)

    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert b"Wait a minute" in answer.content


def test_a_made_up_address_in_a_header_counts_for_nothing(scene: Project) -> None:
    statuses = [
        knock(**{"X-Forwarded-For": f"198.51.100.{number}"})
        for number in range(FROM_ONE_ADDRESS + 1)
    ]

    assert statuses[-1] == 429


def test_the_addresses_of_one_subscriber_count_as_one(scene: Project) -> None:
    statuses = [knock(f"2001:db8::{number:x}") for number in range(1, FROM_ONE_ADDRESS + 2)]

    assert statuses[-1] == 429
    assert knock("2001:db8:0:1::1") == 302


@pytest.mark.usefixtures("social")
def test_many_addresses_begin_so_many_in_one_tenant(
    scene: Project, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(fake, make_tenant("elsewhere"))
    monkeypatch.setattr(BeginningsInTenant, "rate", "5/min")
    here = [knock(f"192.0.2.{number}") for number in range(8)]
    there = knock("192.0.2.99", path="/t/elsewhere/oidc/corp/login/")
    social = [knock("192.0.2.77", path=f"/t/made-up-{number}{GITLAB}") for number in range(3)]

    assert here == [302] * 5 + [429] * 3
    assert there == 302
    assert social == [429] * 3


def test_what_one_address_is_refused_does_not_count_for_the_tenant(
    scene: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BeginningsInTenant, "rate", f"{FROM_ONE_ADDRESS + 1}/min")
    for _ in range(FROM_ONE_ADDRESS + 20):
        knock()

    assert knock("192.0.2.2") == 302


def test_what_is_not_finished_is_forgotten(client: Client, scene: Project) -> None:
    begin(client)
    kept = Session.objects.get()
    assert kept.expire_date <= now() + timedelta(seconds=ATTEMPT_SECONDS)
    Session.objects.update(expire_date=now() - timedelta(seconds=1))

    knock()

    assert not Session.objects.filter(pk=kept.pk).exists()
    assert Session.objects.count() == 1


def test_sessions_in_use_are_kept(client: Client, scene: Project, fake: FakeProvider) -> None:
    come_back(client, fake, begin(client))

    knock()

    assert is_signed_in(client)


@pytest.mark.parametrize("remember", [{}, {"remember": "on"}])
def test_a_password_after_an_unfinished_sign_in_lasts_as_always(
    client: Client, scene: Project, remember: dict[str, str]
) -> None:
    make_person("bob")
    begin(client)

    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD, **remember})

    assert is_signed_in(client)
    assert client.session.get_expiry_age() == configured.SESSION_COOKIE_AGE


def test_who_has_signed_in_stays_so_while_they_begin_again(
    client: Client, scene: Project, fake: FakeProvider, settings: Settings
) -> None:
    come_back(client, fake, begin(client))

    begin(client)

    assert client.session.get_expiry_age() == settings.SSO_SESSION_SECONDS


@pytest.mark.usefixtures("social")
def test_nothing_else_that_strangers_do_is_kept(
    scene: Project, tenant: Tenant, fake: FakeProvider
) -> None:
    fake.metadata["jwks_uri"] = None
    visits = (
        LOGIN,  # a provider that cannot be used
        "/oidc/nothing/login/",
        "/oidc/corp/callback/?code=x&state=y",
        "/oidc/corp/callback/?error=access_denied&state=y",
        f"{GITLAB}callback/?code=x&state=y",
        "/accounts/github/login/",
        "/accounts/login/?next=/projects",
        "/accounts/logout/",
        "/accounts/signup/",
        "/accounts/password/reset/",
        "/accounts/2fa/",
        "/admin/",
        "/projects",
    )
    for path in visits:
        Client(raise_request_exception=False).get(path)
    for path, form in (
        ("/accounts/login/", {"login": "nobody", "password": "x"}),
        ("/accounts/password/reset/", {"email": "nobody@example.com"}),
        ("/accounts/logout/", {}),
        ("/v1beta1/login", {}),
    ):
        Client(raise_request_exception=False).post(path, form)

    assert Session.objects.count() == 0
