"""A check says whether an Argo CD is there, who we are, what we may do, and until when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from promotions.ports.argocd import Findings, PlaneState, Scope, Transport
from tests.fakes.argocd import HTML, Fault
from tests.fakes.argocd.clock import EPOCH
from tests.integration.argocd.worlds import World, world

TEAM = Scope("default", "argocd")


def _check(here: World, *scopes: Scope) -> Findings:
    return here.plane.check(scopes or (TEAM,), now=EPOCH)


def test_a_good_account_is_ready(here: World) -> None:
    findings = _check(here)

    assert (findings.state, findings.reason) == (PlaneState.READY, "")
    assert all(it.allowed for it in findings.permissions)
    assert here.site.record.writes == []


def test_the_version_and_the_account_are_told() -> None:
    with world(Transport.REST) as here:
        findings = _check(here)

    assert (findings.version, findings.account) == ("v3.1.0+fake", "promoter")


def test_a_missing_right_is_named_with_what_it_is_for(here: World) -> None:
    here.rights("get", "list")

    findings = _check(here)

    assert findings.state is PlaneState.DEGRADED
    action = "sync" if here.transport is Transport.REST else "patch"
    assert f"applications, {action} on" in findings.reason
    assert "needed to" in findings.reason
    [missing] = [it for it in findings.permissions if it.action == f"applications, {action}"]
    assert (missing.allowed, missing.required) == (False, True)


def test_each_place_is_asked_about(here: World) -> None:
    findings = _check(here, TEAM, Scope("default", "team"))

    places = {it.scope for it in findings.permissions if it.action == "applications, get"}
    is_rest = here.transport is Transport.REST
    assert places == ({"default/*", "default/team/*"} if is_rest else {"argocd", "team"})


def test_a_bad_token_is_unauthorized(here: World) -> None:
    here.revoke()

    findings = _check(here)

    assert findings.state is PlaneState.UNAUTHORIZED
    assert "set a new one" in findings.reason


def test_no_token_at_all_is_unauthorized(here: World) -> None:
    here.access = replace(here.access, token="")

    assert _check(here).state is PlaneState.UNAUTHORIZED


def test_the_end_of_a_token_is_read_from_it() -> None:
    with world(Transport.REST) as here:
        token = here.site.token_of("promoter", expires_in=3600)
        here.access = replace(here.access, token=token)
        findings = _check(here)

    assert findings.token_expires_at == EPOCH + timedelta(hours=1)


def test_an_expired_token_is_said_to_be() -> None:
    with world(Transport.REST) as here:
        token = here.site.token_of("promoter", expires_in=60)
        here.access = replace(here.access, token=token)
        here.site.clock.advance(120)

        findings = here.plane.check((TEAM,), now=EPOCH + timedelta(seconds=120))

    assert (findings.state, findings.reason) == (
        PlaneState.UNAUTHORIZED,
        "The token has expired; set a new one.",
    )


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, body=HTML, times=99),
        Fault(status=200, body=HTML, times=99),
        Fault(is_reset=True, times=99),
        Fault(status=404, body=b"404 page not found", times=99),
    ],
    ids=["503", "page", "reset", "no-api"],
)
def test_a_server_that_makes_no_sense_is_unreachable(transport: Transport, fault: Fault) -> None:
    with world(transport) as here:
        here.site.fail(replace(fault))

        findings = _check(here)

    assert findings.state is PlaneState.UNREACHABLE
    assert findings.reason


def test_a_check_of_a_dead_server_is_a_finding(transport: Transport) -> None:
    with world(transport) as here:
        plane = here.plane

    assert plane.check((TEAM,), now=datetime(2026, 1, 1, tzinfo=UTC)).state is (
        PlaneState.UNREACHABLE
    )
