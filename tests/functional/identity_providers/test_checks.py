"""Asking a provider what it publishes: each thing that does not fit is said in words."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from common.http import Limits
from projects.models import IdentityProvider
from rbac.oidc import documents
from tests.fakes.identity_provider import FakeProvider, ec_key, fake_provider, public_jwk, rsa_key
from tests.functional.hostile.bad_servers import SLOW, WRONG, Answer, bad_server, sends
from tests.functional.identity_providers.conftest import TENANTS, body, send

pytestmark = pytest.mark.django_db

GOOD: Mapping[str, Any] = {
    "code_challenge_methods_supported": ["plain", "S256"],
    "response_types_supported": ["code", "id_token"],
    "id_token_signing_alg_values_supported": ["RS256", "HS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
    "scopes_supported": ["openid", "email", "groups"],
}


@pytest.fixture
def good(fake: FakeProvider) -> FakeProvider:
    fake.metadata.update(GOOD)
    return fake


def check(client: Client, fake: FakeProvider, **changes: Any) -> dict[str, Any]:
    """Return the report about a provider that is set up so."""
    IdentityProvider.objects.all().delete()
    made = send(client, "post", TENANTS, body(issuer=fake.url, **changes))
    assert made.status_code == 201, made.content
    answer = send(client, "post", f"{TENANTS}/corp/check")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_provider_that_fits_has_no_problems(tara: Client, good: FakeProvider) -> None:
    good.metadata["end_session_endpoint"] = f"{good.url}/end"

    report = check(tara, good, endsProviderSession=True)

    assert report["ok"] is True
    assert report["problems"] == []
    assert report["endpoints"]["token_endpoint"] == f"{good.url}/token"
    assert report["endpoints"]["end_session_endpoint"] == f"{good.url}/end"


@pytest.mark.parametrize(
    ("change", "is_ok", "about", "said"),
    [
        ({"issuer": "https://other.example/"}, False, "issuer", '"https://other.example/"'),
        ({"issuer": ["x"]}, False, "issuer", 'calls itself "nothing"'),
        ({"issuer": "a\nb" + "c" * 900}, False, "issuer", 'calls itself "a?bccc'),
        (
            {"code_challenge_methods_supported": ["plain"]},
            False,
            "code_challenge_methods_supported",
            'PKCE with S256 is not supported, only "plain"',
        ),
        (
            {"code_challenge_methods_supported": None},
            True,
            "code_challenge_methods_supported",
            "does not say whether it supports PKCE",
        ),
        (
            {"response_types_supported": ["id_token"]},
            False,
            "response_types_supported",
            "code flow",
        ),
        (
            {"id_token_signing_alg_values_supported": ["HS256", "none"]},
            False,
            "id_token_signing_alg_values_supported",
            'signed with "HS256, none"',
        ),
        (
            {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
            False,
            "token_endpoint_auth_methods_supported",
            'A secret is taken by "client_secret_post"',
        ),
        ({"scopes_supported": ["openid"]}, True, "scopes_supported", 'not list "email, groups"'),
        ({"token_endpoint": None}, False, "discovery", "its metadata must name"),
        ({"jwks_uri": "file:///etc/passwd"}, False, "discovery", "jwks_uri is no address"),
        ({"end_session_endpoint": "javascript:x"}, False, "discovery", "end_session_endpoint"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said(
    tara: Client,
    good: FakeProvider,
    change: dict[str, Any],
    is_ok: bool,  # noqa: FBT001 - a case
    about: str,
    said: str,
) -> None:
    good.metadata.update(change)

    report = check(tara, good)

    assert report["ok"] is is_ok
    assert [it["about"] for it in report["problems"]] == [about]
    assert said in report["problems"][0]["message"]
    assert report["problems"][0]["severity"] == ("warning" if is_ok else "error")
    assert len(report["problems"][0]["message"]) < 600


def test_nowhere_to_sign_out_is_a_warning_for_those_who_want_it(
    tara: Client, good: FakeProvider
) -> None:
    assert check(tara, good)["problems"] == []

    problems = check(tara, good, endsProviderSession=True)["problems"]

    assert [(it["severity"], it["about"]) for it in problems] == [
        ("warning", "end_session_endpoint")
    ]


def test_a_public_client_may_not_be_known_there(tara: Client, good: FakeProvider) -> None:
    good.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]

    report = check(tara, good, clientSecret=None)

    assert report["ok"] is True
    assert "public clients" in report["problems"][0]["message"]


@pytest.mark.parametrize(
    ("keys", "is_ok"),
    [
        ([], False),
        ([{"kty": "oct", "k": "c2VjcmV0"}], False),
        ([{"kty": "RSA", "kid": "x", "n": "!", "e": "AQAB"}], False),
        ([{"kty": "RSA", "kid": "x"}], False),
        ([public_jwk(rsa_key("short", 1024), "x")], False),
        ([public_jwk(ec_key(), "x")], True),
        ([{"kty": "RSA", "kid": "x"}, public_jwk(rsa_key(), "one")], True),
    ],
    ids=["none", "a secret", "broken", "half", "short", "curve", "one of two"],
)
def test_keys_that_nobody_can_use_are_said(
    tara: Client,
    good: FakeProvider,
    keys: list[dict[str, Any]],
    is_ok: bool,  # noqa: FBT001 - a case
) -> None:
    good.keys = keys

    report = check(tara, good)

    assert report["ok"] is is_ok
    assert [it["about"] for it in report["problems"]] == ([] if is_ok else ["jwks_uri"])


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ((200, "text/html", b"<html>Sign in to the Wi-Fi</html>"), "did not answer in JSON"),
        ((200, "application/json", b"[]"), "did not answer with a JSON object"),
        ((404, "text/plain", b"no"), "answered with 404"),
        ((503, "text/plain", b"no"), "answered with 503"),
        ((200, "application/json", b'{"x": "' + b"y" * 2_000_000 + b'"}'), "is larger than"),
        ((200, "application/json", b'{"a":' * 5000 + b"1" + b"}" * 5000), "JSON"),
    ],
    ids=["HTML", "a list", "missing", "down", "huge", "deep"],
)
def test_a_document_that_cannot_be_read_is_said(
    tara: Client, good: FakeProvider, page: tuple[int, str, bytes], said: str
) -> None:
    good.pages["/.well-known/openid-configuration"] = page

    report = check(tara, good)

    assert report["ok"] is False
    assert report["endpoints"] == {}
    assert [it["about"] for it in report["problems"]] == ["discovery"]
    assert f"{good.url}/.well-known/openid-configuration cannot" in report["problems"][0]["message"]
    assert said in report["problems"][0]["message"]


def test_what_the_egress_policy_forbids_is_said_and_not_asked(
    tara: Client, good: FakeProvider, settings: Settings
) -> None:
    settings.EGRESS_ALLOWED_HOSTS = []

    report = check(tara, good)

    assert report["ok"] is False
    assert "KARGO_EGRESS_ALLOWED_HOSTS" in report["problems"][0]["message"]
    assert good.asked == []


def test_keys_elsewhere_are_under_the_policy_too(tara: Client, good: FakeProvider) -> None:
    good.metadata["jwks_uri"] = "http://169.254.169.254/latest/meta-data/"

    report = check(tara, good)

    assert [it["about"] for it in report["problems"]] == ["jwks_uri"]
    assert "not allowed" in report["problems"][0]["message"]


def test_a_redirect_is_not_followed(tara: Client, good: FakeProvider) -> None:
    with fake_provider() as evil:
        moved = f"HTTP/1.1 302 x\r\nLocation: {evil.url}/keys\r\nContent-Length: 0\r\n\r\n"
        with bad_server(sends(moved.encode())) as address:
            good.metadata["jwks_uri"] = f"http://{address}/keys"
            report = check(tara, good)

    assert "answered with 302" in report["problems"][0]["message"]
    assert evil.asked == []


@pytest.mark.parametrize("answer", {**WRONG, **SLOW}.values(), ids={**WRONG, **SLOW}.keys())
def test_bad_servers_hold_nobody_up(
    tara: Client, good: FakeProvider, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(timeout_seconds=0.3, max_bytes=1024 * 1024, max_redirects=0)
    monkeypatch.setattr(documents, "LIMITS", limits)
    with bad_server(answer) as address:
        good.metadata["jwks_uri"] = f"http://{address}/keys"
        started = time.monotonic()

        report = check(tara, good)

    assert report["ok"] is False
    assert time.monotonic() - started < 10


def test_a_check_changes_nothing_that_sign_in_remembers(tara: Client, good: FakeProvider) -> None:
    check(tara, good)
    row = IdentityProvider.objects.get()

    again = check(tara, good)

    assert again["ok"] is True
    assert good.asked.count("/keys") == 2
    assert row.issuer == good.url
