"""Secrets reach the sources of metrics, and nobody else."""

from typing import Any

import pytest

from projects.models import Change
from promotions.models import AnalysisRun
from rbac.models import AuditEvent
from tests.fakes.metrics.providers import sources
from tests.fakes.metrics.server import Answer, Asked, MetricServer, answer_json
from tests.functional.analysis.scenes import document, only_run, template, verifying, web
from tests.functional.domain.world import World, condition, words

pytestmark = pytest.mark.django_db

SECRET = "s3cr3t-value"
ARGS: list[Any] = [
    {"name": "token", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}
]


def secret(world: World, name: str, values: dict[str, str], *, namespace: str = "demo") -> None:
    """Apply a generic Secret."""
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"kargo.akuity.io/cred-type": "generic"},
            },
            "stringData": values,
        }
    )


def verify(world: World, **spec: Any) -> Any:
    """Promote Freight to a Stage that verifies by the template ``smoke``."""
    world.warehouse()
    stage = world.stage("test", **verifying(**spec))
    world.promote(stage, world.freight("a"))
    world.settle()
    return stage


def with_token(url: str) -> Any:
    metric: Any = web(url)
    metric["provider"]["web"]["headers"] = [{"key": "X-Key", "value": "{{args.token}}"}]
    return metric


def test_an_argument_takes_its_value_from_a_secret(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda asked: answer_json({"ok": asked.headers.get("x-key") == SECRET})
    secret(world, "keys", {"token": SECRET})
    template(world, with_token(metrics.url), args=ARGS)

    stage = verify(world)

    assert condition(stage, "Verified") == ("True", "Verified")
    assert only_run(world).spec["args"] == ARGS


def test_a_source_that_repeats_the_secret_is_masked(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda asked: Answer(f"you sent {asked.headers['x-key']}".encode())
    secret(world, "keys", {"token": SECRET})
    metric = with_token(metrics.url)
    metric["successCondition"] = "result == 'no'"
    template(world, metric, args=ARGS)

    verify(world)

    run = only_run(world)
    assert run.status["metricResults"][0]["measurements"][0]["value"] == "you sent *****"
    assert SECRET not in str(document(run))
    assert SECRET not in str(list(AuditEvent.objects.values()))
    assert SECRET not in str(list(Change.objects.values()))


def test_a_secret_in_an_error_is_masked(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda asked: answer_json({"errors": [{"message": f"bad key {asked.path}"}]})
    keys = {"personal-api-key": SECRET, "account-id": "42"}
    secret(world, "newrelic", {**keys, "base-url-nerdgraph": f"{metrics.url}/{SECRET}"})
    template(world, {"name": "m", "provider": {"newRelic": {"query": "SELECT 1"}}})

    verify(world)

    run = only_run(world)
    assert "bad key" in str(run.status)
    assert SECRET not in str(run.status)


def test_an_expression_may_read_a_secret_and_nobody_sees_it(
    world: World, metrics: MetricServer
) -> None:
    metrics.rule = lambda asked: answer_json({"ok": asked.headers.get("x-key") == SECRET})
    secret(world, "keys", {"token": SECRET})
    template(world, with_token(metrics.url), args=[{"name": "token"}])

    stage = verify(world, args=[{"name": "token", "value": "${{ secret('keys').token }}"}])

    assert condition(stage, "Verified") == ("True", "Verified")
    run = only_run(world)
    assert SECRET not in str(document(run))
    assert SECRET not in run.encrypted
    assert SECRET not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, 'secrets "keys" not found'),
        ({"other": "1"}, "key 'token' does not exist in secret 'keys'"),
    ],
)
def test_a_secret_that_is_not_there_ends_the_run(
    world: World, metrics: MetricServer, values: dict[str, str] | None, message: str
) -> None:
    if values:
        secret(world, "keys", values)
    template(world, with_token(metrics.url), args=ARGS)

    stage = verify(world)

    assert words(stage, "Verified") == f"Unable to resolve metric arguments: {message}"
    run = only_run(world)
    assert (run.phase, "completedAt" in run.status) == ("Error", False)
    assert run.ended_at is not None
    assert metrics.asked == []


def test_credentials_of_repositories_are_no_arguments(world: World, metrics: MetricServer) -> None:
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "keys",
                "namespace": "demo",
                "labels": {"kargo.akuity.io/cred-type": "git"},
            },
            "stringData": {
                "repoURL": "https://git.example.com/a",
                "username": "u",
                "password": "p",
            },
        }
    )
    args: Any = [
        {"name": "token", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "password"}}}
    ]
    template(world, with_token(metrics.url), args=args)

    stage = verify(world)

    assert 'secrets "keys" not found' in words(stage, "Verified")


@pytest.mark.parametrize("namespace", ["demo", "kargo-shared-resources"])
def test_keys_of_a_provider_are_the_projects_or_shared(
    world: World, metrics: MetricServer, namespace: str
) -> None:
    metrics.rule = sources
    keys = {"api-key": "dd-secret-key", "app-key": "b", "address": f"{metrics.url}/datadog"}
    secret(world, "datadog", keys, namespace=namespace)
    metric: Any = {
        "name": "m",
        "successCondition": "result < 1",
        "provider": {"datadog": {"query": "avg:x"}},
    }
    template(world, metric)

    stage = verify(world)

    assert condition(stage, "Verified") == ("True", "Verified")


def test_keys_of_the_worker_are_nobodys_unless_the_operator_says_so(
    world: World, metrics: MetricServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics.rule = sources
    for name in ("DD_API_KEY", "DD_APP_KEY"):
        monkeypatch.setenv(name, "dd-secret-key")
    monkeypatch.setenv("DD_ADDRESS", f"{metrics.url}/datadog")
    template(world, {"name": "m", "provider": {"datadog": {"query": "avg:x"}}})

    verify(world)

    said = only_run(world).status["metricResults"][0]["measurements"][0]["message"]
    assert said == "failed to find the credentials for datadog metrics provider"
    assert metrics.asked == []


def test_what_is_stored_is_bounded(world: World, metrics: MetricServer) -> None:
    def rule(_: Asked) -> Answer:
        return Answer(b"x" * 50_000)

    metrics.rule = rule
    template(world, {"name": "m", "provider": {"web": {"url": metrics.url}}})

    verify(world)

    (run,) = AnalysisRun.objects.all()
    assert len(run.status["metricResults"][0]["measurements"][0]["value"]) == 8 * 1024
