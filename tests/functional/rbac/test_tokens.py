"""Tokens: issued once, kept as digests, refused when they stopped working."""

from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.test import override_settings

from common.errors import ConflictError
from rbac.actors import ActorKind, operator_at_console
from rbac.models import ApiToken, AuditEvent, User
from rbac.selectors import InvalidTokenError, actor_for, actor_name, authenticate_token
from rbac.services import issue_token, note_token_use, revoke_token
from rbac.tokens import mint, unverified_claims
from tests.factories.domain import NOON, make_tenant
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db
CONSOLE = operator_at_console("tests")


@pytest.fixture
def alice() -> User:
    return make_person("alice")


def issue(user: User, **given: object) -> tuple[ApiToken, str]:
    columns = {"tenant_uid": None, "expires_at": None, **given}
    return issue_token(user, name="ci", actor=CONSOLE, now=NOON, **columns)  # type: ignore[arg-type] # columns of a token


def test_the_plaintext_is_kept_nowhere(alice: User) -> None:
    token, plaintext = issue(alice)

    stored = ApiToken.objects.values().get()
    _header, said, signature = plaintext.split(".")
    assert unverified_claims(plaintext)["jti"] == token.prefix
    for secret in (plaintext, said, signature, str(unverified_claims(plaintext)["rnd"])):
        assert all(secret not in str(value) for value in stored.values())
        assert all(secret not in str(event) for event in AuditEvent.objects.values())


def test_a_token_is_what_kargos_clients_take_for_one(alice: User) -> None:
    until = NOON + timedelta(hours=1)

    _token, plaintext = issue(alice, expires_at=until)

    claims = unverified_claims(plaintext)
    assert plaintext.startswith("ey")
    assert claims["sub"] == "alice"
    assert (claims["iat"], claims["exp"]) == (NOON.timestamp(), until.timestamp())
    assert "exp" not in unverified_claims(issue(alice)[1])


def test_a_token_is_found_again(alice: User) -> None:
    token, plaintext = issue(alice)

    assert authenticate_token(plaintext, now=NOON) == token


def test_a_token_works_after_the_platform_moved_to_another_address(
    alice: User,
) -> None:
    token, plaintext = issue(alice)

    with override_settings(BASE_URL="https://kargo.example.com"):
        found = authenticate_token(plaintext, now=NOON)

    assert found == token


def test_anything_else_is_refused(alice: User) -> None:
    _token, plaintext = issue(alice)
    last = "0" if plaintext[-1] != "0" else "1"
    header, said, signature = plaintext.split(".")
    claims = unverified_claims(plaintext)
    others = [
        "",
        "..",
        "kp__",
        "not.a.token",
        plaintext[:-1],
        plaintext[:-1] + last,
        plaintext.removeprefix("ey"),
        f"{header}.{said}.",
        f"{header}.{said}",
        f"{said}.{signature}",
        f"{plaintext}é",
        f" {plaintext}",
        plaintext + "0" * 20_000,
        jwt.encode(dict(claims), "", algorithm="none"),
        jwt.encode(dict(claims), "another key of thirty-two bytes!!", algorithm="HS256"),
        jwt.encode({**claims, "sub": "root"}, "another key of thirty-two bytes!!"),
    ]

    for other in others:
        with pytest.raises(InvalidTokenError):
            authenticate_token(other, now=NOON)


def test_only_what_was_issued_works_whatever_its_signature(alice: User) -> None:
    token, plaintext = issue(alice)
    claims = unverified_claims(plaintext)
    later = mint({"sub": "alice"})
    same_id = jwt.encode({**claims, "rnd": "0" * 64}, f"tokens:{settings.SECRET_KEY}".encode())

    for other in (later.plaintext, same_id):
        with pytest.raises(InvalidTokenError):
            authenticate_token(other, now=NOON)
    assert authenticate_token(plaintext, now=NOON) == token


def test_a_token_stops_working_when_it_expires(alice: User) -> None:
    token, plaintext = issue(alice, expires_at=NOON + timedelta(hours=1))

    assert authenticate_token(plaintext, now=NOON + timedelta(minutes=59)) == token
    with pytest.raises(InvalidTokenError):
        authenticate_token(plaintext, now=NOON + timedelta(hours=1))


def test_a_token_stops_working_when_its_user_is_switched_off(alice: User) -> None:
    _token, plaintext = issue(alice)
    User.objects.update(is_active=False)

    with pytest.raises(InvalidTokenError):
        authenticate_token(plaintext, now=NOON)


def test_a_revoked_token_never_works_again_and_is_revoked_once(alice: User) -> None:
    token, plaintext = issue(alice)

    revoke_token(token, actor=CONSOLE, now=NOON)

    with pytest.raises(InvalidTokenError):
        authenticate_token(plaintext, now=NOON)
    with pytest.raises(ConflictError):
        revoke_token(token, actor=CONSOLE, now=NOON)
    assert AuditEvent.objects.filter(action="token.revoke").count() == 1


def test_use_is_noted_at_most_once_a_minute(alice: User) -> None:
    token, _plaintext = issue(alice)
    seen = []

    for seconds in (0, 30, 59, 60, 61):
        note_token_use(ApiToken.objects.get(), now=NOON + timedelta(seconds=seconds))
        seen.append(ApiToken.objects.get().last_used_at)

    assert [(at - NOON).seconds for at in seen if at] == [0, 0, 0, 60, 60]
    assert token.last_used_at is None


def test_a_token_acts_as_its_user_within_its_tenant(alice: User) -> None:
    tenant = make_tenant()
    token, _plaintext = issue(alice, tenant_uid=tenant.uid)

    actor = actor_for(alice, address="192.0.2.1", token=token)

    assert (actor.kind, actor.name) == (ActorKind.TOKEN, "email:alice@example.com")
    assert (actor.tenant_uid, actor.address) == (tenant.uid, "192.0.2.1")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (User(username="admin", email="root@example.com", is_superuser=True), "admin"),
        (User(username="admin", email="admin@example.com"), "email:admin@example.com"),
        (User(username="robot"), "subject:robot"),
    ],
    ids=str,
)
def test_actors_are_called_as_kargo_calls_them(user: User, name: str) -> None:
    assert actor_name(user) == name
