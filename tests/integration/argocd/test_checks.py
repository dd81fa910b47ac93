"""A check says whether an Argo CD is there, who we are, what we may do, and until when."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.egress import EgressPolicy
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.ports.argocd import Findings, PlaneState, Scope, Transport
from promotions.ports.argocd_findings import RENEW_TOKEN
from tests.fakes.argocd import HTML, Fault
from tests.fakes.argocd.clock import EPOCH
from tests.fakes.argocd.identities import PROMOTER_ROLE, Grant
from tests.fakes.argocd.store import DEPLOYMENTS, Document, Key
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


def _cluster_check(here: World, *, seconds: float = 0) -> Findings:
    return here.plane.check((TEAM,), now=EPOCH + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("quay.io/argoproj/argocd:v3.1.0", "v3.1.0"),
        ("registry.example:5000/argocd:v2.14.3-rc1@sha256:0123", "v2.14.3-rc1"),
        ("registry.example:5000/argocd", ""),
        ("quay.io/argoproj/argocd:latest", ""),
        ("quay.io/argoproj/argocd@sha256:0123", ""),
    ],
)
def test_over_kubernetes_the_version_is_that_of_the_image(image: str, version: str) -> None:
    with world(Transport.KUBERNETES) as here:
        _deploy(here, {"containers": [{"image": "proxy"}, {"image": image}]})

        assert _cluster_check(here).version == version


def test_a_deployment_of_another_name_is_found_by_its_label() -> None:
    with world(Transport.KUBERNETES) as here:
        here.site.store.remove(Key(DEPLOYMENTS, "argocd", "argocd-server"))
        labels = {"app.kubernetes.io/name": "argocd-server", "app.kubernetes.io/version": "v3.0.1"}
        meta = {"name": "cd-argocd-server", "namespace": "argocd", "labels": labels}
        here.site.store.add(DEPLOYMENTS, {"metadata": meta, "spec": {}})
        without = _cluster_check(here)
        listing = Grant("apps", ("deployments",), ("get", "list"))
        here.site.identities.add("promoter", [*PROMOTER_ROLE, listing])

        assert (without.version, _cluster_check(here).version) == ("", "v3.0.1")


def test_a_version_that_cannot_be_read_is_not_known_and_costs_nothing_else() -> None:
    with world(Transport.KUBERNETES) as here:
        here.rights("get", "list", "watch", "patch")
        findings = _cluster_check(here)

    assert (findings.state, findings.version) == (PlaneState.READY, "")
    missing = {(it.action, it.scope) for it in findings.permissions if not it.allowed}
    assert missing == {
        ("events, create", "argocd"),
        ("appprojects, get", "argocd"),
        ("deployments, get", "argocd/argocd-server"),
    }
    assert not any(it.required for it in findings.permissions if not it.allowed)


def test_what_only_argo_cds_own_namespace_has_is_asked_about_there() -> None:
    with world(Transport.KUBERNETES) as here:
        findings = here.plane.check((Scope("default", "team"),), now=EPOCH)

    places = {it.action: it.scope for it in findings.permissions}
    assert (places["applications, get"], places["appprojects, get"]) == ("team", "argocd")


def test_the_account_of_a_token_is_told_by_the_cluster_or_else_by_the_token() -> None:
    with world(Transport.KUBERNETES) as here:
        told = _cluster_check(here).account
        old = Fault("POST", "/selfsubjectreviews$", status=404, body=b"404 page not found\n")
        here.site.fail(old)

        assert told == _cluster_check(here).account == "system:serviceaccount:argocd:promoter"


HOUR = 3600


def _with_token(here: World, seconds: float) -> str:
    token = here.site.identities.token(
        here.site.identities.accounts["argocd", "promoter"], expires_in=seconds
    )
    here.access = replace(here.access, token=token)
    return token


@pytest.mark.parametrize(
    ("life", "passed", "asked_for"),
    [
        (24 * HOUR, 19 * HOUR, 0),
        (24 * HOUR, 20 * HOUR, 24 * HOUR),
        (30 * 24 * HOUR, 25 * 24 * HOUR, 24 * HOUR),
        (HOUR, 40 * 60, 0),
        (HOUR, 50 * 60, HOUR),
        (600, 270, 600),  # It is looked at every five minutes, and 80 % of ten would be too late.
    ],
)
def test_a_token_near_its_end_is_renewed_by_itself(life: int, passed: int, asked_for: int) -> None:
    with world(Transport.KUBERNETES) as here:
        before = _with_token(here, life)
        here.site.clock.advance(passed)
        findings = _cluster_check(here, seconds=passed)
        sent = here.site.record.sent("POST", "/serviceaccounts/promoter/token")

        assert bool(findings.renewed_token) is bool(asked_for)
        assert findings.renewed_token not in {before, repr(findings)}
        asked = [json.loads(it.content)["spec"]["expirationSeconds"] for it in sent]
        assert asked == ([asked_for] if asked_for else [])
        if asked_for:
            assert here.site.identities.caller(findings.renewed_token) is not None


def test_a_token_is_not_renewed_without_the_right_to() -> None:
    with world(Transport.KUBERNETES) as here:
        here.site.identities.add("promoter", PROMOTER_ROLE)
        _with_token(here, HOUR)
        here.site.clock.advance(50 * 60)
        findings = _cluster_check(here, seconds=50 * 60)

    [right] = [it for it in findings.permissions if it.action == RENEW_TOKEN]
    assert (right.allowed, right.required, right.scope) == (False, False, "argocd/promoter")
    assert (findings.state, findings.renewed_token) == (PlaneState.READY, "")


def test_a_renewal_that_fails_is_tried_again_by_the_next_check() -> None:
    with world(Transport.KUBERNETES) as here:
        _with_token(here, HOUR)
        here.site.clock.advance(50 * 60)
        here.site.fail(Fault("POST", "/token$", is_reset=True))
        first = _cluster_check(here, seconds=50 * 60)

        assert (first.state, first.renewed_token) == (PlaneState.READY, "")
        assert _cluster_check(here, seconds=50 * 60).renewed_token


def test_a_token_that_does_not_end_needs_no_renewal() -> None:
    with world(Transport.KUBERNETES) as here:
        findings = _cluster_check(here)

    assert RENEW_TOKEN not in {it.action for it in findings.permissions}


def _deploy(here: World, pod: Document) -> None:
    key = Key(DEPLOYMENTS, "argocd", "argocd-server")
    here.site.store.change(key, lambda it: {**it, "spec": {"template": {"spec": pod}}})


def test_an_address_that_the_operator_does_not_allow_is_unreachable_and_says_so(
    here: World,
) -> None:
    plane = OpenArgoCDs(EgressPolicy.of([], deny_private=False)).open(here.access)

    findings = plane.check((TEAM,), now=EPOCH)

    assert findings.state is PlaneState.UNREACHABLE
    assert "An operator can list it as an allowed host." in findings.reason
    assert here.requests() == 0
