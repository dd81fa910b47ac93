"""Guessing passwords and codes is slow, tells nothing, and keeps nobody else out."""

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from rbac.models import User
from tests.factories.people import PASSWORD, make_operator, make_person

pytestmark = pytest.mark.django_db
SIGN_IN = "/accounts/login/"
RESET = "/accounts/password/reset/"
TOO_MANY = "Too many failed login attempts"


class CountingHasher(MD5PasswordHasher):
    """Counts how often it is made to work."""

    worked = 0

    def encode(self, password: str, salt: str) -> str:
        type(self).worked += 1
        return super().encode(password, salt)


@pytest.fixture
def alice() -> User:
    return make_person("alice")


def guess(name: str, *, address: str = "192.0.2.1", **meta: Any) -> str:
    """Return the page after one attempt, by somebody whose browser keeps nothing."""
    form = {"login": name, "password": "wrong"}
    return Client(REMOTE_ADDR=address, **meta).post(SIGN_IN, form, follow=True).content.decode()


def is_let_in(name: str, *, address: str) -> bool:
    client = Client(REMOTE_ADDR=address)
    client.post(SIGN_IN, {"login": name, "password": PASSWORD})
    return "_auth_user_id" in client.session


def test_an_account_is_guessed_at_five_times_from_one_address(alice: User) -> None:
    pages = [guess("alice") for _ in range(6)]

    assert all(TOO_MANY not in it for it in pages[:5])
    assert TOO_MANY in pages[5]
    assert not is_let_in("alice", address="192.0.2.1")


def test_strangers_who_guess_keep_nobody_out(alice: User) -> None:
    for last in range(9):
        for _ in range(6):
            guess("alice", address=f"198.51.100.{last}")

    assert is_let_in("alice", address="192.0.2.7")


def test_many_addresses_together_are_bounded_too(alice: User) -> None:
    pages = [guess("alice", address=f"198.51.{it // 250}.{it % 250}") for it in range(101)]

    assert all(TOO_MANY not in it for it in pages[:100])
    assert TOO_MANY in pages[100]


def test_writing_the_name_or_the_host_otherwise_gives_no_further_guesses(alice: User) -> None:
    pages = [
        guess(name, HTTP_HOST=f"testserver:{port}")
        for port, name in enumerate(("alice", "ALICE", "alice ", "Alice", " alice", "alice"), 8000)
    ]

    assert TOO_MANY in pages[-1]


def test_neither_does_a_made_up_address(alice: User) -> None:
    pages = [guess("alice", HTTP_X_FORWARDED_FOR=f"203.0.113.{it}") for it in range(6)]

    assert TOO_MANY in pages[-1]


def test_an_ipv6_network_is_one_guesser(alice: User) -> None:
    pages = [guess("alice", address=f"2001:db8::{it:x}") for it in range(6)]
    answers = [
        Client(REMOTE_ADDR=f"2001:db8::{it:x}").post(
            "/v1beta1/login", headers={"Authorization": "Bearer wrong"}
        )
        for it in range(11)
    ]

    assert TOO_MANY in pages[-1]
    assert [it.status_code for it in answers] == [403] * 10 + [429]


def test_what_was_counted_cannot_be_crowded_out(alice: User) -> None:
    for _ in range(5):
        guess("alice")

    for it in range(400):
        guess(f"nobody-{it}", address=f"198.51.{it // 250}.{it % 250}")

    assert TOO_MANY in guess("alice")


def test_one_address_guesses_ten_times_a_minute_whatever_the_names() -> None:
    pages = [guess(f"nobody-{it}") for it in range(11)]

    assert TOO_MANY in pages[10]


@pytest.fixture
def counted(settings: Settings) -> type[CountingHasher]:
    settings.PASSWORD_HASHERS = [f"{__name__}.{CountingHasher.__qualname__}"]
    return CountingHasher


def test_an_answer_does_not_tell_whether_there_is_such_an_account(
    counted: type[CountingHasher],
) -> None:
    make_person("alice")
    User.objects.create_user("vouched-for", "v@example.com")
    gone = make_person("gone")
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    seen = set()

    for name in ("alice", "vouched-for", "gone", "nobody"):
        counted.worked = 0
        page = _plain(guess(name, address=f"192.0.2.{len(name)}"), name)
        seen.add((page, counted.worked))

    assert len(seen) == 1
    assert next(iter(seen))[1] > 0


def _plain(page: str, name: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page).replace(name, "NAME")


def test_a_reset_tells_only_whoever_reads_the_mail(alice: User) -> None:
    pages = [
        Client().post(RESET, {"email": email}, follow=True)
        for email in ("alice@example.com", "nobody@example.com")
    ]

    known, unknown = (_plain(it.content.decode(), "") for it in pages)
    assert known == unknown
    assert [it.to for it in mail.outbox] == [["alice@example.com"], ["nobody@example.com"]]


def test_resets_are_bounded_by_account_and_by_address() -> None:
    at_one = [
        Client(REMOTE_ADDR=f"192.0.2.{it}").post(RESET, {"email": "alice@example.com"})
        for it in range(6)
    ]
    from_one = [Client().post(RESET, {"email": f"a{it}@example.com"}) for it in range(21)]

    assert [it.status_code for it in at_one] == [302] * 5 + [429]
    assert from_one[-1].status_code == 429


def test_mails_lead_to_this_site_whatever_host_was_asked_for(
    alice: User, settings: Settings
) -> None:
    settings.BASE_URL = "https://kargo.example.com"
    settings.ALLOWED_HOSTS = [".example"]
    hosts = ("testserver.evil.example", "kargo.example:4444")

    for host in hosts:
        for email in ("alice@example.com", "nobody@example.com"):
            Client(HTTP_HOST=host, HTTP_X_FORWARDED_HOST="evil.example").post(
                f"/t/acme{RESET}", {"email": email}
            )

    texts = [f"{it.subject} {it.body}" for it in mail.outbox]
    assert len(texts) == 4
    assert "https://kargo.example.com/t/acme/accounts/password/reset/key/" in texts[0]
    assert [it for it in texts if "evil" in it or "4444" in it or "kargo.example:" in it] == []


@pytest.fixture
def half_way() -> Client:
    """An operator's browser that has shown the password, and is asked for a code."""
    operator = make_operator()
    TOTP.activate(operator, generate_totp_secret())
    RecoveryCodes.activate(operator)
    client = Client()
    response = client.post(SIGN_IN, {"login": "root", "password": PASSWORD})
    assert response["Location"] == "/accounts/2fa/authenticate/"
    return client


@pytest.mark.parametrize("code", ["000000", "00000000"])
def test_codes_are_guessed_at_five_times(half_way: Client, code: str) -> None:
    pages = [
        half_way.post("/accounts/2fa/authenticate/", {"code": code}).content.decode()
        for _ in range(6)
    ]

    assert all(TOO_MANY not in it for it in pages[:5])
    assert TOO_MANY in pages[5]
    assert "_auth_user_id" not in half_way.session


def test_signing_in_again_gives_no_further_guesses_of_codes(half_way: Client) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        for _ in range(3):
            half_way.post("/accounts/2fa/authenticate/", {"code": "000000"}, REMOTE_ADDR=address)
        half_way.post(SIGN_IN, {"login": "root", "password": PASSWORD}, REMOTE_ADDR=address)

    page = half_way.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()

    assert TOO_MANY in page


def test_strangers_who_knock_leave_no_rows_behind() -> None:
    visitor = Client(raise_request_exception=False)
    for path in (SIGN_IN, RESET, "/", "/admin/", "/accounts/2fa/", "/accounts/logout/", "/x"):
        visitor.get(path)
        visitor.post(path, {"login": "x", "password": "x", "email": "x@example.com"})

    assert Session.objects.count() == 0
