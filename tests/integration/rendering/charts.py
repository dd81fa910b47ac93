"""Runs the steps that read charts, with real tools and on loopback."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.jsontypes import JSONValue
from promotions.engine.runner import StepError, StepResult
from promotions.gateways.http import CheckedSender
from promotions.gateways.oci.artifacts import OciArtifacts
from promotions.gateways.oci.connection import Connections, Settings
from promotions.gateways.oci.registry import OciRegistry
from promotions.ports.credentials import Credential, CredentialType
from promotions.ports.rendering import Renderer
from promotions.steps.helm_template import HelmTemplate
from promotions.steps.helm_update_chart import HelmUpdateChart
from promotions.steps.support.chart_dependencies import ChartDependencies
from promotions.steps.support.chart_repositories import ChartRepositories
from tests.integration.rendering.files import below, chart
from tests.unit.steps.contexts import context

LOOPBACK = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))


class Credentials:
    """A store that remembers what it was asked for."""

    def __init__(self, by_url: Mapping[str, Credential] | None = None) -> None:
        self.by_url = dict(by_url or {})
        self.asked: list[str] = []

    def find(
        self, *, tenant_uid: str, project: str, kind: CredentialType, repo_url: str
    ) -> Credential | None:
        assert (tenant_uid, project, kind) == ("tenant", "shop", CredentialType.HELM)
        self.asked.append(repo_url)
        return self.by_url.get(repo_url)


def repositories(
    credentials: Credentials | None = None,
    *,
    policy: EgressPolicy = LOOPBACK,
    insecure: frozenset[str] = frozenset(),
) -> ChartRepositories:
    connections = Connections(Settings(policy, insecure_hosts=insecure))
    return ChartRepositories(
        CheckedSender(policy),
        OciRegistry(connections),
        OciArtifacts(connections),
        credentials or Credentials(),
    )


def dependencies(
    renderer: Renderer,
    credentials: Credentials | None = None,
    *,
    policy: EgressPolicy = LOOPBACK,
    insecure: frozenset[str] = frozenset(),
) -> ChartDependencies:
    reached = repositories(credentials, policy=policy, insecure=insecure)
    return ChartDependencies(renderer, reached)


def template(renderer: Renderer, workdir: Path, **config: JSONValue) -> None:
    """Run the step on the chart in ``demo``; the output goes to ``out.yaml`` unless told."""
    step = HelmTemplate(renderer, dependencies(renderer))
    defaults: dict[str, JSONValue] = {"path": "demo", "outPath": "out.yaml", "releaseName": "r"}
    step.run(context(workdir, {**defaults, **config}))


def umbrella(*dependencies: tuple[str, str, str], **files: str) -> dict[str, str]:
    """Return a chart with dependencies: name, version, repository."""
    lines = "".join(
        f'- name: {name}\n  version: "{version}"\n  repository: "{repository}"\n'
        for name, version, repository in dependencies
    )
    files["Chart.yaml"] = (
        f"apiVersion: v2\nname: demo\nversion: 0.1.0\ndependencies: # all\n{lines}"
    )
    return below("demo", {**chart(), **files})


def update(charts: ChartDependencies, workdir: Path, *changes: tuple[str, str, str]) -> StepResult:
    config: dict[str, JSONValue] = {"path": "demo"}
    if changes:
        keys = ("repository", "name", "version")
        config["charts"] = [dict(zip(keys, change, strict=True)) for change in changes]
    return HelmUpdateChart(charts).run(context(workdir, config))


def error_of(charts: ChartDependencies, workdir: Path, *changes: tuple[str, str, str]) -> str:
    with pytest.raises(StepError) as caught:
        update(charts, workdir, *changes)
    assert not caught.value.terminal
    assert str(workdir) not in caught.value.message
    assert "opensesame" not in caught.value.message
    return caught.value.message.removeprefix("error updating chart dependencies: ")
