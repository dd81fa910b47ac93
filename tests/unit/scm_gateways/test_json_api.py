import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.gateways.json_api import MAX_ATTEMPTS, MAX_BYTES, JsonApi
from promotions.ports.scm import (
    ScmAuthenticationError,
    ScmError,
    ScmLimitError,
    ScmNotFoundError,
    ScmRefusedError,
    ScmUnavailableError,
)
from tests.fakes.scm_server import Reply, Request, serving, serving_api
from tests.unit.scm_gateways.conftest import NOON, TOKEN, Answering, Script, Time, api


def test_a_call_sends_the_credential_the_query_and_the_body_as_json(answering: Answering) -> None:
    github, server = answering(Reply(201, {"id": 7}, (("X-Kind", "new"),)))

    answer = github.call("POST", "/a%2Fb/c", params=[("q", "x y"), ("q", "ü")], body={"t": "é"})

    sent = server.requests[0]
    assert (answer.status, answer.body, answer.header("x-kind")) == (201, {"id": 7}, "new")
    assert (sent.method, sent.path) == ("POST", "/a%2Fb/c")
    assert sent.query == (("q", "x y"), ("q", "ü"))
    assert sent.body == {"t": "é"}
    assert sent.header("Content-Type") == "application/json"
    assert sent.header("Authorization") == f"Bearer {TOKEN}"


def test_an_empty_answer_has_no_body(answering: Answering) -> None:
    github, _ = answering(Reply(204))

    assert github.call("DELETE", "x").body is None


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_repeated_is_tried_again_after_a_server_error(
    answering: Answering, time: Time, status: int, method: str
) -> None:
    github, server = answering(Reply(status), Reply(status), Reply(200, {}))

    answer = github.call(method, "x")

    assert answer.status == 200
    assert len(server.requests) == 3
    assert time.pauses == [0.5, 1.0]


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_happened_is_not_repeated(answering: Answering, method: str) -> None:
    github, server = answering(Reply(503, {"message": "later"}, (("Retry-After", "1"),)))

    with pytest.raises(ScmUnavailableError, match="later") as caught:
        github.call(method, "x")

    assert len(server.requests) == 1
    assert (caught.value.retryable, caught.value.status) == (True, 503)


def test_attempts_are_bounded(answering: Answering) -> None:
    github, server = answering(Reply(500))

    with pytest.raises(ScmUnavailableError):
        github.call("GET", "x")

    assert len(server.requests) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("value", "pause"),
    [("7", 7.0), ("Mon, 01 Jun 2026 12:00:09 GMT", 9.0), ("Mon, 01 Jun 2026 11:00:00 GMT", 0.5)],
)
def test_a_limited_post_is_tried_again_when_the_provider_asks(
    answering: Answering, time: Time, value: str, pause: float
) -> None:
    github, server = answering(Reply(429, None, (("Retry-After", value),)), Reply(201, {}))

    answer = github.call("POST", "x", body={"once": True})

    assert answer.status == 201
    assert [request.body for request in server.requests] == [{"once": True}] * 2
    assert time.pauses == [pause]


@pytest.mark.parametrize("value", ["soon", "", "-1", "1e3", "9" * 400, "Mon, 99 Foo 2026"])
def test_a_senseless_retry_after_is_no_pause(answering: Answering, time: Time, value: str) -> None:
    github, _ = answering(Reply(429, None, (("Retry-After", value),)), Reply(200))

    github.call("GET", "x")

    assert time.pauses == [0.5]


@pytest.mark.parametrize("prefix", ["X-RateLimit", "RateLimit"])
@pytest.mark.parametrize("status", [403, 429])
def test_an_exhausted_limit_is_waited_for_until_its_reset(
    answering: Answering, time: Time, prefix: str, status: int
) -> None:
    reset = str(int(NOON.timestamp()) + 12)
    headers = ((f"{prefix}-Remaining", "0"), (f"{prefix}-Reset", reset))
    github, _ = answering(Reply(status, None, headers), Reply(200))

    github.call("GET", "x")

    assert time.pauses == [12.0]


def test_a_reset_that_is_too_far_off_is_an_error_at_once(answering: Answering, time: Time) -> None:
    reset = str(int(NOON.timestamp()) + 3600)
    headers = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", reset))
    github, _ = answering(Reply(403, {"message": "API rate limit exceeded"}, headers))

    with pytest.raises(ScmLimitError, match=r"wait 3600 s.*API rate limit exceeded") as caught:
        github.call("GET", "x")

    assert time.pauses == []
    assert caught.value.retryable
    assert caught.value.retry_after == timedelta(hours=1)


def test_a_secondary_limit_without_a_time_asks_for_a_minute(answering: Answering) -> None:
    github, _ = answering(Reply(403, {"message": "You have exceeded a secondary rate limit."}))

    with pytest.raises(ScmLimitError) as caught:
        github.call("POST", "x")

    assert caught.value.retry_after == timedelta(minutes=1)


def test_pauses_together_stay_below_the_longest_wait(answering: Answering, time: Time) -> None:
    github, server = answering(Reply(429, None, (("Retry-After", "20"),)))

    with pytest.raises(ScmLimitError):
        github.call("GET", "x")

    assert (len(server.requests), time.pauses) == (2, [20.0])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ScmRefusedError),
        (401, ScmAuthenticationError),
        (403, ScmAuthenticationError),
        (404, ScmNotFoundError),
        (405, ScmRefusedError),
        (409, ScmRefusedError),
        (410, ScmRefusedError),
        (422, ScmRefusedError),
        (302, ScmUnavailableError),
        (203, ScmUnavailableError),
    ],
)
def test_a_refusal_is_an_error_of_its_kind_and_final(
    answering: Answering, status: int, kind: type[ScmError]
) -> None:
    github, server = answering(Reply(status, {"message": "because"}))

    with pytest.raises(kind, match="because") as caught:
        github.call("PATCH", "x")

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert not caught.value.retryable
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Bad credentials", "documentation_url": "https://x"}, "Bad credentials"),
        (
            {"message": "Validation Failed", "errors": [{"message": "m"}, {"code": "invalid"}]},
            "Validation Failed; m; invalid",
        ),
        ({"message": ["There is one already: !5"]}, "There is one already: !5"),
        ({"message": {"base": ["no", "never"]}}, "no; never"),
        ({"error": "invalid_token", "error_description": "Expired."}, "invalid_token; Expired."),
        ({"type": "error", "error": {"message": "Bad", "detail": "fix it"}}, "Bad; fix it"),
        ({"errorMessages": ["Issue does not exist"], "errors": {}}, "Issue does not exist"),
        ({"errorMessages": [], "errors": {"summary": "is required"}}, "is required"),
        ({"message": "two\nlines\t here"}, "two lines here"),
        ("plain", "plain"),
        ([], ""),
        (17, ""),
    ],
)
def test_the_providers_own_words_are_in_the_error(
    answering: Answering, body: JSONValue, words: str
) -> None:
    github, _ = answering(Reply(400, body))

    with pytest.raises(ScmRefusedError) as caught:
        github.call("POST", "x")

    assert caught.value.message == "GitHub will not POST x (400)" + (f": {words}" if words else ".")


def test_a_long_message_is_cut(answering: Answering) -> None:
    github, _ = answering(Reply(400, {"message": "a" * 100_000}))

    with pytest.raises(ScmRefusedError) as caught:
        github.call("POST", "x")

    assert len(caught.value.message) < 1000


def test_an_accepted_failure_is_returned_even_if_it_is_no_json(answering: Answering) -> None:
    github, _ = answering(Reply(405, raw=b"<html>"))

    answer = github.call("PUT", "x", accept=(200, 405))

    assert (answer.status, answer.body) == (405, None)


@pytest.mark.parametrize(
    "raw", [b"<html>sign in</html>", b"{", b"\xff\xfe\xfa", b"[NaN]", b"[" * 100_000, b"9" * 5000]
)
def test_an_answer_that_is_no_json_makes_no_sense(answering: Answering, raw: bytes) -> None:
    github, _ = answering(Reply(200, raw=raw))

    with pytest.raises(ScmUnavailableError, match="something other than JSON"):
        github.call("POST", "x")


def test_an_answer_that_is_too_large_is_not_read_again(answering: Answering) -> None:
    github, server = answering(Reply(200, raw=b" " * (MAX_BYTES + 1)))

    with pytest.raises(ScmUnavailableError, match="larger than") as caught:
        github.call("GET", "x")

    assert not caught.value.retryable
    assert len(server.requests) == 1


def test_no_answer_in_time_is_tried_again_only_if_that_is_safe(time: Time) -> None:
    with serving_api(Script(Reply(200))) as server:
        url = server.url
    github = api(url, time)

    with pytest.raises(ScmUnavailableError, match="could not be asked") as caught:
        github.call("GET", "x")
    with pytest.raises(ScmUnavailableError):
        github.call("POST", "x")

    assert (caught.value.status, caught.value.retryable) == (0, True)
    assert len(time.pauses) == MAX_ATTEMPTS - 1


def test_a_provider_that_never_answers_is_left_in_time(time: Time) -> None:
    done = threading.Event()

    def silent(request: Request) -> Reply:
        done.wait(10)
        return Reply(200)

    with serving_api(silent) as server:
        github = replace(api(server.url, time), timeout=timedelta(milliseconds=100))
        with pytest.raises(ScmUnavailableError, match="did not answer in time") as caught:
            github.call("POST", "x")
        done.set()

    assert (caught.value.code, caught.value.retryable) == ("upstream_timeout", True)


def test_an_answer_that_never_ends_is_left_in_time(time: Time) -> None:
    done = threading.Event()

    def endless(environ: WSGIEnvironment, respond: StartResponse) -> Iterator[bytes]:
        respond("200 OK", [("Content-Type", "application/json")])
        while not done.wait(0.02):
            yield b" "

    with serving(endless) as url:
        github = replace(api(url, time), timeout=timedelta(milliseconds=200))
        with pytest.raises(ScmUnavailableError, match="did not answer in time"):
            github.call("POST", "x")
        done.set()


def test_an_address_that_the_policy_refuses_is_not_tried_again(time: Time) -> None:
    github = JsonApi(EgressPolicy(), "http://127.0.0.1:9", sleep=time.sleep)

    with pytest.raises(ScmUnavailableError, match="not allowed") as caught:
        github.call("GET", "x")

    assert caught.value.code == "egress_refused"
    assert not caught.value.retryable
    assert time.pauses == []


@pytest.mark.parametrize("path", ["repos/../user", "/./x", "a/.."])
def test_a_path_that_leaves_its_place_is_refused(answering: Answering, path: str) -> None:
    github, server = answering(Reply(200))

    with pytest.raises(InvalidError, match="no path"):
        github.call("GET", path)

    assert server.requests == []


@pytest.mark.parametrize("token", ["two\nlines", "naïve", "tab\t"])
def test_a_token_that_cannot_be_a_header_is_refused_and_not_shown(time: Time, token: str) -> None:
    with pytest.raises(InvalidError, match="characters") as caught:
        api("http://127.0.0.1", time, headers=(("Authorization", f"Bearer {token}"),))

    assert token not in str(caught.value)


def test_the_token_is_in_no_error_and_no_repr(answering: Answering) -> None:
    github, _ = answering(Reply(400, {"message": f"I do not know {TOKEN}"}))

    with pytest.raises(ScmRefusedError) as caught:
        github.call("GET", "x")

    assert "I do not know ******" in str(caught.value)
    assert TOKEN not in str(caught.value) + caught.value.message + repr(github)


def test_a_password_is_in_no_error_either(time: Time) -> None:
    basic = (("Authorization", "Basic OnBhdC1zZWNyZXQ="),)
    with serving_api(Script(Reply(400, {"message": "pat-secret is bad"}))) as server:
        azure = api(server.url, time, headers=basic)

        with pytest.raises(ScmRefusedError) as caught:
            azure.call("GET", "x")

    assert "pat-secret" not in str(caught.value)


def test_the_body_is_valid_json_whatever_is_in_it(answering: Answering) -> None:
    github, server = answering(Reply(200))

    github.call("POST", "x", body={"text": 'quote " and \ud800 and \x00'})

    assert json.loads(server.requests[0].content)["text"].startswith('quote "')
