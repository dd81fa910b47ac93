"""A session is whose it was made for, for as long as they may come in."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from rbac.models import AuditEvent, User
from tests.factories.people import PASSWORD, make_person
from tests.functional.portal.scenes import Scene

pytestmark = pytest.mark.django_db
SIGN_IN, HOME, API = "/accounts/login/", "/", "/v1beta1/projects"
OTHER = "another horse battery staple"


def sign_in(client: Client, name: str = "alice", password: str = PASSWORD) -> None:
    client.post(SIGN_IN, {"login": name, "password": password})


def is_in(client: Client) -> bool:
    """Tell whether a browser gets in, on the portal or on the API."""
    page, program = client.get(HOME).status_code, client.get(API).status_code
    assert (page == 200) is (program == 200), (page, program)
    return page == 200


@pytest.fixture
def alice(scene: Scene) -> User:
    del scene
    return make_person("alice")


def test_a_session_that_somebody_else_prepared_is_not_signed_in_to(alice: User) -> None:
    mallory, victim = Client(), Client()
    session = mallory.session
    session["bait"] = "x"
    session.save()
    planted = str(session.session_key)
    mallory.cookies["sessionid"] = planted
    victim.cookies["sessionid"] = planted

    sign_in(victim)

    assert is_in(victim)
    assert victim.cookies["sessionid"].value != planted
    assert not is_in(mallory)


def test_a_made_up_session_is_not_taken_over(alice: User) -> None:
    victim = Client()
    victim.cookies["sessionid"] = "a" * 32

    sign_in(victim)

    assert is_in(victim)
    assert victim.cookies["sessionid"].value != "a" * 32


def test_signing_in_as_somebody_else_takes_nothing_along(alice: User) -> None:
    make_person("bob")
    shared = Client()
    sign_in(shared)
    before = shared.cookies["sessionid"].value
    shared.post("/accounts/logout/")
    sign_in(shared, "bob")

    old = Client()
    old.cookies["sessionid"] = before

    assert is_in(shared)
    assert not is_in(old)


def test_another_password_signs_out_everywhere_else(alice: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client)
    before = here.cookies["sessionid"].value

    form = {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER}
    here.post("/accounts/password/change/", form)

    assert is_in(here)
    assert here.cookies["sessionid"].value != before
    assert not is_in(there)


def test_so_does_a_password_that_an_operator_sets(alice: User) -> None:
    client = Client()
    sign_in(client)

    alice.set_password(OTHER)
    alice.save(update_fields=["password"])

    assert not is_in(client)


def test_who_is_switched_off_is_out_at_once_and_stays_out(alice: User) -> None:
    client, again = Client(), Client()
    sign_in(client)
    assert is_in(client)

    User.objects.filter(pk=alice.pk).update(is_active=False)
    sign_in(again)

    assert not is_in(client)
    assert not is_in(again)


def test_signing_out_ends_the_session_itself(alice: User) -> None:
    client, thief = Client(), Client()
    sign_in(client)
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert is_in(thief)

    client.post("/accounts/logout/")

    assert not is_in(thief)


def test_the_password_page_guesses_slowly_too(alice: User) -> None:
    client = Client()
    sign_in(client)
    form = {"oldpassword": "wrong", "password1": OTHER, "password2": OTHER}

    answers = [client.post("/accounts/password/change/", form).status_code for _ in range(6)]

    assert answers == [200] * 5 + [429]


@pytest.mark.parametrize("trusted", [[], ["192.0.2.0/24"]])
def test_the_audit_keeps_the_address_that_is_true(
    alice: User, settings: Settings, trusted: list[str]
) -> None:
    settings.TRUSTED_PROXIES = trusted
    client = Client(REMOTE_ADDR="203.0.113.9", HTTP_X_FORWARDED_FOR="10.0.0.1, 127.0.0.1")

    sign_in(client)

    event = AuditEvent.objects.filter(action="user.sign_in").latest("pk")
    assert event.address == "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "is_believed"), [("192.0.2.1", True), ("203.0.113.9", False), ("127.0.0.1", False)]
)
def test_only_proxies_say_that_a_request_came_by_tls(
    settings: Settings,
    peer: str,
    is_believed: bool,  # noqa: FBT001 - a parameter
) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.0/24"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 60

    response = Client(REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https").get(SIGN_IN)

    assert ("Strict-Transport-Security" in response.headers) is is_believed
