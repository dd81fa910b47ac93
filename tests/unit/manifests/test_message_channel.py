"""Message channels as people write them, the examples of Kargo's own checks among them."""

from typing import Any

import pytest

from promotions.manifests.kinds import KINDS, Scope, is_foreign
from tests.unit.manifests.reading import problems, read, stored

SECRET = {"name": "s"}
SLACK: dict[str, Any] = {"slack": {"channelID": "C1"}, "secretRef": SECRET}
SMTP: dict[str, Any] = {
    "smtp": {"from": "kargo@example.com", "host": "smtp.example.com", "port": 587},
    "secretRef": SECRET,
}
HTTP: dict[str, Any] = {"http": {"url": "https://example.com/hook"}}
BOTH = ["MessageChannel", "ClusterMessageChannel"]


def smtp(**values: Any) -> dict[str, Any]:
    return {**SMTP, "smtp": {**SMTP["smtp"], **values}}


def http(**values: Any) -> dict[str, Any]:
    return {"http": {**HTTP["http"], **values}}


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("spec", [SLACK, SMTP, HTTP], ids=["slack", "smtp", "http"])
def test_a_channel_of_each_provider_is_accepted(kind: str, spec: dict[str, Any]) -> None:
    assert problems(kind, spec) == []


def test_the_kinds_are_of_the_paid_editions_group() -> None:
    assert {KINDS[kind].api_version for kind in BOTH} == {"ee.kargo.akuity.io/v1alpha1"}
    assert KINDS["MessageChannel"].scope is Scope.PROJECT
    assert KINDS["ClusterMessageChannel"].scope is Scope.TENANT
    assert is_foreign({"apiVersion": "ee.kargo.akuity.io/v1alpha1", "kind": "EventRouter"})


def test_defaults_are_filled_in() -> None:
    assert stored("MessageChannel", SMTP)["smtp"] == {
        "from": "kargo@example.com",
        "host": "smtp.example.com",
        "port": 587,
        "useTLS": True,
        "insecureSkipVerify": False,
    }
    assert stored("MessageChannel", HTTP)["http"] == {
        "url": "https://example.com/hook",
        "method": "POST",
        "timeout": "10s",
    }
    assert stored("MessageChannel", SLACK) == SLACK


def test_everything_may_be_said_of_an_endpoint() -> None:
    spec = http(
        method="PUT",
        headers=[{"name": "X-Team", "value": "a"}],
        queryParams=[{"name": "q", "value": ""}],
        timeout="5s",
        insecureSkipTLSVerify=True,
        successExpression="response.status == 201",
        failureExpression="response.body.error != nil",
    )

    assert stored("MessageChannel", spec) == spec


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"secretRef": SECRET}, "spec: must have exactly one of slack, smtp, http"),
        ({**SLACK, **SMTP}, "spec: must have exactly one of slack, smtp, http, not slack and smtp"),
        ({"slack": {"channelID": "C1"}}, "spec.secretRef: is required"),
        ({**SLACK, "secretRef": {"name": ""}}, "spec.secretRef.name: must be not empty"),
        ({**SLACK, "secretRef": {}}, "spec.secretRef.name: is required"),
        ({**SLACK, "slack": {"channelID": ""}}, "spec.slack.channelID: must be not empty"),
        ({**SLACK, "slack": {}}, "spec.slack.channelID: is required"),
        (smtp(**{"from": ""}), "spec.smtp.from: must be an e-mail address"),
        (smtp(**{"from": "a@b\r\nX: y"}), "spec.smtp.from: must be an e-mail address"),
        (smtp(host=""), "spec.smtp.host: must be a host name or address"),
        (smtp(host="a b"), "spec.smtp.host: must be a host name or address"),
        (smtp(port=0), "spec.smtp.port: must be at least 1"),
        (smtp(port=65536), "spec.smtp.port: must be at most 65535"),
        (smtp(port="587"), "spec.smtp.port: must be a whole number"),
        (smtp(to=["nobody"]), "spec.smtp.to[0]: must be an e-mail address"),
        (smtp(useTLS="no"), "spec.smtp.useTLS: must be true or false"),
        (http(url="ftp://x"), "spec.http.url: must be an http or https address"),
        (http(url="https://"), "spec.http.url: must be an http or https address"),
        (http(method="HEAD"), 'spec.http.method: must be one of "GET", "POST"'),
        (http(timeout="soon"), "spec.http.timeout: must be a duration"),
        (http(successExpression="("), "spec.http.successExpression: "),
        (http(headers=[{"value": "x"}]), "spec.http.headers[0].name: is required"),
    ],
)
def test_what_is_wrong_is_told(spec: dict[str, Any], problem: str) -> None:
    for kind in BOTH:
        (found,) = problems(kind, spec)
        assert found.startswith(problem)


@pytest.mark.parametrize(
    ("kind", "namespace", "is_good"),
    [
        ("MessageChannel", "demo", True),
        ("MessageChannel", "other", False),
        ("MessageChannel", "kargo-system-resources", False),
        ("ClusterMessageChannel", "kargo-system-resources", True),
        ("ClusterMessageChannel", "kargo-cluster-secrets", True),
        ("ClusterMessageChannel", "demo", False),
        ("ClusterMessageChannel", "wrong-namespace", False),
    ],
)
def test_a_channel_reads_secrets_of_its_own_place_alone(
    kind: str,
    namespace: str,
    is_good: bool,  # noqa: FBT001 - a table
) -> None:
    found = problems(kind, {**SLACK, "secretRef": {"name": "s", "namespace": namespace}})

    assert found == [] if is_good else found[0].startswith("spec.secretRef.namespace: must be")


def test_unknown_fields_are_dropped_with_a_warning() -> None:
    result = read("MessageChannel", {**SLACK, "slak": {}})

    assert result.warnings == ('unknown field "spec.slak"; did you mean "slack"?',)
