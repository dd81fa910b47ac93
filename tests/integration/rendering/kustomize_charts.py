"""Kustomizations with charts of repositories: built by the step, and by hand."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.jsontypes import JSONValue
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.ports.credentials import Credential
from promotions.steps.kustomize_build import KustomizeBuild
from promotions.steps.support.kustomizations import Kustomizations
from tests.integration.rendering.charts import LOOPBACK, Credentials, repositories
from tests.integration.rendering.files import below, chart, write_tree
from tests.integration.rendering.repositories import (
    PASSWORD,
    USER,
)
from tests.unit.steps.contexts import context

ROBOT = Credential(USER, PASSWORD)
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
"""
SHOWN = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: shown
data:
  version: {{ .Chart.Version | quote }}
  release: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  tag: {{ .Values.tag | quote }}
  extra: {{ .Values.extra | default "none" | quote }}
  kube: {{ .Capabilities.KubeVersion.Version }}
  api: {{ .Capabilities.APIVersions.Has "example.com/v1" | quote }}
"""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}
"""
FULL = {"templates/shown.yaml": SHOWN, "templates/hook.yaml": HOOK, "crds/crd.yaml": CRD}
ENTRY = "{name: dep, repo: URL, releaseName: r, version: 1.0.0}"
GENERATOR = """\
apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: made}
name: dep
repo: URL
releaseName: r
version: 1.0.0
"""


def build(
    renderer: InstalledTools,
    workdir: Path,
    credentials: Credentials | None = None,
    *,
    policy: EgressPolicy = LOOPBACK,
    insecure: frozenset[str] = frozenset(),
    **config: JSONValue,
) -> str:
    """Run the step on ``prod`` and return what it wrote."""
    reached = repositories(credentials, policy=policy, insecure=insecure)
    step = KustomizeBuild(Kustomizations(renderer, reached))
    step.run(context(workdir, {"path": "prod", "outPath": "out.yaml", **config}))
    text = (workdir / "out.yaml").read_text()
    (workdir / "out.yaml").unlink()
    return text


def error_of(
    renderer: InstalledTools,
    workdir: Path,
    credentials: Credentials | None = None,
    *,
    policy: EgressPolicy = LOOPBACK,
) -> str:
    before = everything(workdir)
    with pytest.raises(StepError) as caught:
        build(renderer, workdir, credentials, policy=policy)
    assert everything(workdir) == before
    assert not caught.value.terminal
    assert str(workdir) not in caught.value.message
    assert ".kargo-view" not in caught.value.message
    assert PASSWORD not in caught.value.message
    return caught.value.message.removeprefix("failed to build the kustomization: ")


def everything(workdir: Path) -> set[str]:
    return {str(path.relative_to(workdir)) for path in workdir.rglob("*")}


def by_hand(tool_folder: Path, workdir: Path, home: Path) -> str:
    """Build a copy as a person would, who has a network."""
    shutil.copytree(workdir, home / "copy", symlinks=True)
    helm, kubectl = tool_folder / "helm", tool_folder / "kubectl"
    flags = ["--enable-helm", f"--helm-command={helm}", "--load-restrictor=LoadRestrictionsNone"]
    done = subprocess.run(  # noqa: S603 - a fixed command
        [str(kubectl), "kustomize", *flags, str(home / "copy/prod")],
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write(workdir: Path, url: str, files: Mapping[str, str]) -> None:
    write_tree(workdir, {name: text.replace("URL", url) for name, text in files.items()})


FORMS: dict[str, dict[str, str]] = {
    "exact": {"prod/kustomization.yaml": f"helmCharts: [{ENTRY}]"},
    "newest": {"prod/kustomization.yaml": "helmCharts: [{name: dep, repo: URL, releaseName: r}]"},
    "range": {
        "prod/kustomization.yaml": "helmCharts:\n"
        "- {name: dep, repo: URL/, releaseName: r, version: ^1.0.0}"
    },
    "pre-release": {
        "prod/kustomization.yaml": "helmCharts:\n"
        "- {name: dep, repo: URL, releaseName: r, version: 2.0.0-rc.1}"
    },
    "two versions": {
        "prod/kustomization.yaml": "helmCharts:\n"
        "- {name: dep, repo: URL, releaseName: a, version: 1.0.0}\n"
        "- {name: dep, repo: URL, releaseName: b, version: 2.0.0}\n"
    },
    "base and component": {
        "prod/kustomization.yaml": "resources: [../base]\ncomponents: [../component]\n",
        "base/kustomization.yml": f"helmCharts: [{ENTRY}]",
        "component/Kustomization": "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\nhelmCharts: [{name: full, repo: URL, releaseName: c, version: 1.0.0}]",
    },
    "older field": {
        "prod/kustomization.yaml": "helmChartInflationGenerator:\n"
        "- {chartName: dep, chartVersion: 1.0.0, chartRepoUrl: URL, releaseName: r,"
        " chartHome: my/charts}"
    },
    "older base": {
        "prod/kustomization.yaml": "bases: [../base]",
        "base/kustomization.yaml": f"helmCharts: [{ENTRY}]",
    },
    "generator in a file": {
        "prod/kustomization.yaml": "generators: [../common/gen.yaml]",
        "common/gen.yaml": f"# one\n---\n{GENERATOR}---\n"
        + GENERATOR.replace("made", "other").replace("releaseName: r", "releaseName: s"),
    },
    "generator in place": {
        "prod/kustomization.yaml": "generators:\n- |-\n  " + GENERATOR.replace("\n", "\n  ")
    },
    "generator with a home": {
        "prod/kustomization.yaml": "generators: [gen.yaml]",
        "prod/gen.yaml": f"{GENERATOR}chartHome: ../elsewhere\n",
    },
    "generator that is patched": {
        "prod/kustomization.yaml": "generators: [../gens]",
        "gens/kustomization.yaml": "resources: [gen.yaml]\npatches:\n- patch: |-\n"
        "    - {op: replace, path: /version, value: 1.2.0}\n  target: {kind: Helm.*}\n",
        "gens/gen.yaml": GENERATOR,
    },
    "home beside": {
        "prod/kustomization.yaml": f"helmGlobals: {{chartHome: ../charts}}\nhelmCharts: [{ENTRY}]"
    },
    "all fields": {
        "prod/kustomization.yaml": "helmGlobals: {configHome: cfg}\nhelmCharts:\n"
        "- name: full\n  repo: URL\n  version: 1.0.0\n  releaseName: mine\n  namespace: ns\n"
        "  includeCRDs: true\n  skipHooks: true\n  valuesFile: ../values.yaml\n"
        "  additionalValuesFiles: [more.yaml]\n  apiVersions: [example.com/v1]\n"
        "  kubeVersion: 1.28.1\n",
        "values.yaml": "tag: from-values\n",
        "prod/more.yaml": "extra: from-more\n",
    },
    "values inline": {
        "prod/kustomization.yaml": "helmCharts:\n- name: full\n  repo: URL\n  version: 1.0.0\n"
        "  releaseName: mine\n  valuesInline: {extra: inline}\n  valuesMerge: merge\n"
    },
    "values of the chart": {
        "prod/kustomization.yaml": "helmCharts:\n- name: full\n  repo: URL\n  version: 1.0.0\n"
        "  releaseName: mine\n  valuesFile: charts/full-1.0.0/full/values.yaml\n"
    },
    "beside a chart that is there": {
        "prod/kustomization.yaml": f"helmCharts: [{ENTRY}, {{name: own, releaseName: o}}]",
        **below("prod/charts/own", chart("own")),
    },
    "annotations": {
        "prod/kustomization.yaml": "buildMetadata: [originAnnotations]\nresources: [../base]\n"
        "configMapGenerator: [{name: a, files: [../data.txt]}]\n",
        "base/kustomization.yaml": f"resources: [x.yaml]\nhelmCharts: [{ENTRY}]",
        "base/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        "data.txt": "some",
    },
}
