"""Servers that answer wrongly, slowly or never are errors in words, soon, and move nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from common.http import Limits
from promotions.engine.argocd.application import application_of
from promotions.gateways.argocd import collecting, conversation, kubernetes, rest
from promotions.gateways.argocd.conversation import Conversation, Lost
from promotions.gateways.argocd.limits import PlaneLimits
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.gateways.argocd.tls import open_client
from promotions.ports.argocd import (
    Accepted,
    Ambiguous,
    ArgoCDError,
    ArgoCDUnavailableError,
    PlaneState,
    Selection,
    Transport,
)
from promotions.ports.argocd_access import Pace, PlaneAccess, TlsMode, TlsTrust
from tests.fakes.argocd import application
from tests.fakes.argocd.clock import EPOCH
from tests.functional.hostile.bad_servers import SLOW, WRONG, Answer, bad_server
from tests.integration.argocd.worlds import GUESTBOOK, LOOPBACK, Ticks, wanted

TOKEN = "a.secret.token"
SOON_SECONDS = 15
PATIENCE = Limits(timeout_seconds=0.8, max_bytes=1 << 24, max_redirects=0, idle_seconds=0.2)
APP = application_of({**application("guestbook"), "status": {}})


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rest, kubernetes):
        monkeypatch.setattr(module, "LIST_LIMITS", PATIENCE)
        monkeypatch.setattr(module, "WATCH_LIMITS", PATIENCE)


@contextmanager
def _access(transport: Transport, answer: Answer, *, scheme: str = "http") -> Iterator[PlaneAccess]:
    with bad_server(answer) as host:
        yield PlaneAccess(
            uid="plane",
            name="Argo CD",
            transport=transport,
            base_url=f"{scheme}://{host}",
            token=TOKEN,
            tls=TlsTrust(TlsMode.PIN, pinned_sha256="00" * 32) if scheme == "https" else TlsTrust(),
            pace=Pace(burst=1000),
        )


def _conversation(access: PlaneAccess) -> Conversation:
    ticks = Ticks()
    limits = PlaneLimits(access.pace, name=access.name, clock=ticks, sleep=ticks.sleep)
    return Conversation(access, open_client(LOOPBACK, access), limits, sleep=ticks.sleep)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_answer_is_an_error_whatever_was_asked(transport: Transport, name: str) -> None:
    ticks = Ticks()
    opener = OpenArgoCDs(LOOPBACK, clock=ticks, sleep=ticks.sleep)
    with _access(transport, WRONG[name]) as access:
        # A control plane of its own for each question, lest the circuit answers.
        planes = (opener.open(replace(access, uid=str(n))) for n in range(5))
        began = time.monotonic()
        with pytest.raises(ArgoCDError) as read:
            next(planes).get(GUESTBOOK)
        with pytest.raises(ArgoCDError) as listed:
            next(planes).list(Selection())
        with pytest.raises(ArgoCDError), next(planes).watch(Selection()) as events:
            assert list(events)
        try:
            outcome = next(planes).initiate(APP, wanted())
        except ArgoCDError:
            outcome = Ambiguous("")
        findings = next(planes).check(now=EPOCH)
        took = time.monotonic() - began

    assert not isinstance(outcome, Accepted)
    assert findings.state in {PlaneState.UNREACHABLE, PlaneState.DEGRADED}
    assert took < 5 * SOON_SECONDS
    for message in (read.value.message, listed.value.message, findings.reason):
        assert message.startswith("Argo CD")
        assert TOKEN not in message


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", SLOW)
def test_whoever_does_not_answer_in_time_is_given_up(name: str, scheme: str) -> None:
    with _access(Transport.REST, SLOW[name], scheme=scheme) as access:
        server = _conversation(access)
        began = time.monotonic()
        with pytest.raises(ArgoCDUnavailableError) as read:
            server.read("/api/version", doing="tell its version", seconds=0.3)
        sent = server.send("POST", "/api/v1/x", {}, doing="sync", seconds=0.3)
        streaming = server.stream("/api/v1/x", doing="list", limits=replace(PATIENCE))
        with pytest.raises(ArgoCDUnavailableError), streaming as pieces:
            assert list(pieces)

    assert time.monotonic() - began < SOON_SECONDS
    assert isinstance(sent, Lost)
    assert read.value.retryable


def test_no_time_out_is_longer_than_a_worker_may_wait() -> None:
    assert conversation.READ_SECONDS <= 10
    assert conversation.WRITE_SECONDS <= 30


def _documents(count: int) -> Iterator[bytes]:
    """Yield a list of applications with much that nobody decides on, as it is sent."""
    resource = b'{"group":"apps","kind":"Deployment","name":"web","status":"Synced"}'
    resources = b",".join([resource] * 100)
    yield b'{"metadata":{"resourceVersion":"7"}\n,"items":['
    for number in range(count):
        yield (b"," if number else b"") + b'{"metadata":{"name":"app-%d","namespace":"a"},' % number
        yield b'"status":{"resources":[' + resources + b"]}}\n"
    yield b"]}"


def test_of_a_long_list_no_more_is_kept_than_what_is_decided_on() -> None:
    sent = sum(map(len, _documents(2000)))
    found, metadata = collecting.collected(
        _documents(2000), Selection(), name="Argo CD", doing="list", room=2000
    )

    assert (len(found), metadata) == (2000, {"resourceVersion": "7"})
    assert sum(len(str(it.document)) for it in found) < sent / 20
