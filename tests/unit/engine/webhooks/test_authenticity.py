"""Who may speak to a receiver, and that nothing is read of what others send."""

import hashlib
import hmac
from collections.abc import Mapping

import pytest
from hypothesis import given, strategies as st

from promotions.engine.webhooks.decisions import Reply
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.receivers import RECEIVERS, decide
from tests.unit.engine.webhooks.samples import AUTHENTICATED, KEY, PREFIXED, proof

EVENTS: Mapping[str, Mapping[str, str]] = {
    "artifactory": {},
    "bitbucket": {"X-Event-Key": "repo:push"},
    "gitea": {"X-Gitea-Event": "push"},
    "github": {"X-GitHub-Event": "push"},
    "gitlab": {"X-Gitlab-Event": "Push Hook"},
    "harbor": {},
}
MISSING = {kind: {"error": "missing signature"} for kind in AUTHENTICATED} | {
    "gitlab": {},
    "harbor": {"error": "missing authorization"},
}
UNREADABLE = b'{"ref": '

kinds = pytest.mark.parametrize("kind", sorted(AUTHENTICATED))


def send(kind: str, headers: Mapping[str, str], *, body: bytes = b"{}", key: bytes = KEY) -> object:
    secret = {RECEIVERS[kind].secret_key: key}
    return decide(kind, Delivery({**EVENTS[kind], **headers}, body, secret))


def unauthorized(kind: str) -> Reply:
    return Reply(401, {} if kind == "gitlab" else {"error": "unauthorized"})


@kinds
def test_a_receiver_without_its_secret_says_nothing(kind: str) -> None:
    delivery = Delivery({**EVENTS[kind], **proof(kind, b"{}")}, b"{}", {"other": KEY})

    assert decide(kind, delivery) == Reply(500)


@kinds
@pytest.mark.parametrize("body", [b"{}", UNREADABLE, b"[" * 100_000])
def test_without_a_proof_the_body_is_not_even_read(kind: str, body: bytes) -> None:
    assert send(kind, {}, body=body) == Reply(401, MISSING[kind])


@kinds
@pytest.mark.parametrize("body", [b"{}", UNREADABLE, b"[" * 100_000])
def test_with_a_wrong_proof_the_body_is_not_even_read(kind: str, body: bytes) -> None:
    assert send(kind, proof(kind, body, b"another"), body=body) == unauthorized(kind)


@given(kind=st.sampled_from(sorted(AUTHENTICATED)), header=st.text(min_size=1), body=st.binary())
def test_no_header_but_the_right_one_lets_a_body_in(kind: str, header: str, body: bytes) -> None:
    if header not in proof(kind, body).values():
        assert send(kind, {AUTHENTICATED[kind]: header}, body=body) == unauthorized(kind)


@kinds
def test_a_signature_or_token_in_another_header_does_not_count(kind: str) -> None:
    [value] = proof(kind, b"{}").values()

    assert send(kind, {"X-Gitea-Signature": value}) == Reply(401, MISSING[kind])


@kinds
def test_header_names_match_in_any_case(kind: str) -> None:
    headers = {name.upper(): value for name, value in proof(kind, UNREADABLE).items()}

    assert send(kind, headers, body=UNREADABLE) == Reply(400, {"error": "invalid request body"})


@kinds
def test_an_empty_secret_lets_nobody_in(kind: str) -> None:
    headers = {**proof(kind, b"{}", b""), "Authorization": " "}

    assert getattr(send(kind, headers, key=b""), "status", None) == 401


@pytest.mark.parametrize("kind", sorted(PREFIXED))
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_the_prefix_names_the_algorithm_and_hex_may_be_in_capitals(
    kind: str, algorithm: str
) -> None:
    digest = hmac.new(KEY, UNREADABLE, algorithm).hexdigest().upper()

    decision = send(kind, {PREFIXED[kind]: f"{algorithm}={digest}"}, body=UNREADABLE)

    assert decision == Reply(400, {"error": "invalid request body"})


@pytest.mark.parametrize("kind", sorted(PREFIXED))
@pytest.mark.parametrize(
    "form",
    ["{}", "={}", "md5={}", "SHA256={}", "sha256 ={}", "sha256= {}", "sha256={} ", "sha256="],
)
def test_a_signature_in_another_form_is_wrong(kind: str, form: str) -> None:
    digest = hmac.new(KEY, b"{}", hashlib.sha256).hexdigest()

    assert send(kind, {PREFIXED[kind]: form.format(digest)}) == unauthorized(kind)


def test_the_signature_of_artifactory_is_lower_case_hex_alone() -> None:
    digest = hmac.new(KEY, b"{}", hashlib.sha256).hexdigest()

    for wrong in (digest.upper(), f"sha256={digest}", f" {digest}"):
        assert send("artifactory", {"X-JFrog-Event-Auth": wrong}) == unauthorized("artifactory")


@pytest.mark.parametrize("kind", ["github", "gitea", "bitbucket"])
def test_an_unknown_event_is_refused_before_the_signature_is_looked_at(kind: str) -> None:
    [name] = EVENTS[kind]

    decision = decide(kind, Delivery({name: "issues"}, b"{}", {RECEIVERS[kind].secret_key: KEY}))

    assert getattr(decision, "status", None) in (400, 501)


def test_gitlab_looks_at_the_token_before_the_event() -> None:
    assert send("gitlab", {"X-Gitlab-Event": "Note Hook"}) == Reply(401)


@pytest.mark.parametrize("kind", sorted(set(RECEIVERS) - set(AUTHENTICATED)))
def test_some_providers_prove_nothing_and_need_no_secret_to_be_read(kind: str) -> None:
    agent = {"User-Agent": "VSServices"}

    decision = decide(kind, Delivery(agent, UNREADABLE, {}))

    assert decision == Reply(400, {"error": "invalid request body"})
