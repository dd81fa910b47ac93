"""What servers say of failures is read whoever says it, and kept short."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from common.http import Response
from promotions.engine.argocd.bearer_tokens import expires_at, subject
from promotions.gateways.argocd.errors import (
    MAX_WORDS_BYTES,
    Problem,
    error_of,
    problem_in,
    stream_problem,
)
from promotions.gateways.argocd.watch import lines
from promotions.ports.argocd import (
    ArgoCDBusyError,
    ArgoCDError,
    ArgoCDExpiredError,
    ArgoCDForbiddenError,
    ArgoCDNotFoundError,
    ArgoCDRefusedError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
    SyncWindow,
    SyncWindows,
    WindowKind,
)

NOW = datetime(2026, 1, 10, 10, 0, tzinfo=UTC)


def _problem(status: int, content: bytes, *headers: tuple[str, str]) -> Problem:
    return problem_in(Response(status, headers, content, "https://x.example/"), now=NOW)


@pytest.mark.parametrize(
    ("content", "words", "grpc_code", "reason"),
    [
        (b'{"error":"e","message":"permission denied","code":7}', "permission denied", 7, ""),
        (b'{"error":"only this"}', "only this", 0, ""),
        (b'{"kind":"Status","reason":"Gone","message":"m","code":410}', "m", 0, "Gone"),
        (b"Invalid content type", "Invalid content type", 0, ""),
        (b"two\nlines\x00 \x1b[31mred", "two lines [31mred", 0, ""),
        (b"", "", 0, ""),
        (b"[1]", "[1]", 0, ""),
        (b'{"x":1}', "", 0, ""),
        (b'{"message":{"not":"text"},"code":"7"}', "", 0, ""),
        (b" <!doctype html><title> Sign\n in </title>", "an HTML page, Sign in", 0, ""),
        (b"<html>", "an HTML page", 0, ""),
        (b"\xff\xfe bytes", "\ufffd\ufffd bytes", 0, ""),
        (b"[" * 200_000, "[" * MAX_WORDS_BYTES, 0, ""),
    ],
)
def test_each_form_of_failure_is_read(
    content: bytes, words: str, grpc_code: int, reason: str
) -> None:
    found = _problem(400, content)

    assert (found.words, found.grpc_code, found.reason) == (words, grpc_code, reason)


@pytest.mark.parametrize("letter", ["x", "ü", "🎉"])
def test_no_more_than_512_bytes_are_kept_and_no_letter_is_cut(letter: str) -> None:
    words = _problem(500, (letter * 5000).encode()).words

    assert MAX_WORDS_BYTES - 4 < len(words.encode()) <= MAX_WORDS_BYTES
    assert set(words) == {letter}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("99999999999999", 86_400),
        ("Sat, 10 Jan 2026 10:00:30 GMT", 30),
        ("Sat, 10 Jan 2026 09:00:30 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("\u0667", None),
    ],
)
def test_a_wait_is_read_as_seconds_or_as_a_date(said: str, seconds: int | None) -> None:
    found = _problem(429, b"", ("Retry-After", said)).retry_after

    assert found == (None if seconds is None else timedelta(seconds=seconds))


def test_kubernetes_may_say_in_the_body_how_long_to_wait() -> None:
    body = {"kind": "Status", "message": "m", "details": {"retryAfterSeconds": 3}}

    assert _problem(429, json.dumps(body).encode()).retry_after == timedelta(seconds=3)


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (302, ArgoCDUnavailableError, True),
        (400, ArgoCDRefusedError, False),
        (401, ArgoCDUnauthorizedError, False),
        (403, ArgoCDForbiddenError, False),
        (404, ArgoCDNotFoundError, False),
        (408, ArgoCDUnavailableError, True),
        (409, ArgoCDRefusedError, False),
        (410, ArgoCDExpiredError, True),
        (415, ArgoCDRefusedError, False),
        (429, ArgoCDBusyError, True),
        (500, ArgoCDUnavailableError, True),
        (501, ArgoCDRefusedError, False),
        (503, ArgoCDUnavailableError, True),
    ],
)
def test_each_status_is_one_kind_of_error(
    status: int, kind: type[ArgoCDError], *, retryable: bool
) -> None:
    error = error_of(Problem(status, "its words", grpc_code=5), name="plane", doing="read it")

    assert type(error) is kind
    assert (error.retryable, error.status) == (retryable, status)
    assert "its words" in error.message


def test_a_404_that_nobody_words_is_a_wrong_address() -> None:
    error = error_of(_problem(404, b"404 page not found"), name="plane", doing="read it")

    assert isinstance(error, ArgoCDUnavailableError)
    assert error.code == "argocd_no_api"


@pytest.mark.parametrize(
    ("error", "status"),
    [({"http_code": 503, "message": "m"}, 503), ({"code": 410, "message": "m"}, 410), ({}, 500)],
)
def test_an_error_in_a_stream_has_a_status(error: dict[str, str | int], status: int) -> None:
    assert stream_problem(error).status == status


def test_lines_are_put_together_and_bounded() -> None:
    assert list(lines([b"a", b"b\r\nc\n", b"\n"], name="plane")) == [b"ab", b"c", b""]
    with pytest.raises(ArgoCDUnavailableError, match="in the middle"):
        list(lines([b"a\nb"], name="plane"))
    with pytest.raises(ArgoCDUnavailableError, match="longer than"):
        list(lines([b"x" * 1_000_000] * 20, name="plane"))


def _token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.signature"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "opaque",
        "a.b.c",
        "a.!!.c",
        "ü.ü.ü",
        _token([]),
        _token({}),
        _token({"exp": "soon"}),
        _token({"exp": True}),
        _token({"exp": 1e300}),
        _token({"exp": -1e18}),
    ],
)
def test_a_token_need_not_say_when_it_ends(token: str) -> None:
    assert expires_at(token) is None


def test_a_token_says_when_it_ends_and_whose_it_is() -> None:
    token = _token({"exp": 1768039200, "sub": "system:serviceaccount:argocd:promoter"})

    assert expires_at(token) == datetime(2026, 1, 10, 10, 0, tzinfo=UTC)
    assert subject(token) == "system:serviceaccount:argocd:promoter"


def _window(kind: WindowKind, *, manual: bool = False) -> SyncWindow:
    return SyncWindow(kind, "* * * * *", "1h", manual_sync=manual)


DENY, DENY_AUTOMATED = _window(WindowKind.DENY), _window(WindowKind.DENY, manual=True)
ALLOW, ALLOW_MANUAL = _window(WindowKind.ALLOW), _window(WindowKind.ALLOW, manual=True)


@pytest.mark.parametrize(
    ("assigned", "active", "automated", "manual"),
    [
        ((), (), True, True),
        ((DENY,), (), True, True),
        ((DENY,), (DENY,), False, False),
        ((DENY_AUTOMATED,), (DENY_AUTOMATED,), False, True),
        ((DENY, DENY_AUTOMATED), (DENY, DENY_AUTOMATED), False, False),
        ((ALLOW,), (ALLOW,), True, True),
        ((ALLOW,), (), False, False),
        ((ALLOW_MANUAL,), (), False, True),
        ((ALLOW, ALLOW_MANUAL), (), False, False),
        ((ALLOW, DENY), (ALLOW, DENY), False, False),
        ((ALLOW, DENY), (ALLOW,), True, True),
        ((DENY,), None, None, None),
        ((), None, True, True),
    ],
)
def test_windows_permit_what_argo_cd_would(
    assigned: tuple[SyncWindow, ...],
    active: tuple[SyncWindow, ...] | None,
    *,
    automated: bool | None,
    manual: bool | None,
) -> None:
    windows = SyncWindows(assigned, active)

    assert windows.permits(automated=True) is automated
    assert windows.permits(automated=False) is manual
