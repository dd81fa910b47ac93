"""The ``kustomize-build`` step with the real kustomize."""

import stat
import subprocess
from pathlib import Path

import pytest

from common.jsontypes import JSONValue
from promotions.engine.documents.manifests import NO_NAMESPACE
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.steps.kustomize_build import KustomizeBuild
from promotions.steps.support.kustomizations import Kustomizations
from tests.integration.rendering.charts import repositories
from tests.integration.rendering.files import below, chart, tree, write_tree
from tests.unit.steps.contexts import context

UNKNOWN_KINDS = {
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"),
    ("example.com/v1", "Node"),
}
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: Web
spec:
  template: {spec: {containers: [{name: web, image: nginx:1.0}]}}
"""
BASE = {
    "base/kustomization.yaml": "resources: [web.yaml]\n",
    "base/web.yaml": DEPLOYMENT,
    "prod/kustomization.yml": "resources: [../base]\nnamespace: prod\n"
    "images: [{name: nginx, newTag: '2.0'}]\n",
}


def build(renderer: InstalledTools, workdir: Path, **config: JSONValue) -> None:
    defaults: dict[str, JSONValue] = {"path": "prod", "outPath": "out"}
    step = KustomizeBuild(Kustomizations(renderer, repositories()))
    step.run(context(workdir, {**defaults, **config}))


def error_of(renderer: InstalledTools, workdir: Path, **config: JSONValue) -> str:
    with pytest.raises(StepError) as caught:
        build(renderer, workdir, **config)
    assert not caught.value.terminal
    assert not caught.value.failed
    assert str(workdir) not in caught.value.message
    return caught.value.message


def manifest(api_version: str, kind: str, name: str, namespace: str = "") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}{place}}}\n"


def write_manifests(workdir: Path, *manifests: str) -> None:
    text = "---\n".join(manifests)
    write_tree(
        workdir, {"prod/kustomization.yaml": "resources: [all.yaml]\n", "prod/all.yaml": text}
    )


def by_hand(tool_folder: Path, workdir: Path, out: Path) -> dict[str, str]:
    """Build to files as a person would."""
    out.mkdir()
    command = [str(tool_folder / "kubectl"), "kustomize", str(workdir / "prod"), "-o", str(out)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - a fixed command
    return tree(out)


def test_a_file_holds_everything(renderer: InstalledTools, workdir: Path) -> None:
    write_tree(workdir, BASE)

    for _ in range(2):
        build(renderer, workdir, outPath="made/out.yaml")

    out = workdir / "made/out.yaml"
    assert "image: nginx:2.0" in out.read_text()
    assert "namespace: prod" in out.read_text()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert stat.S_IMODE(out.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("output_format", "name"),
    [
        (None, "prod-deployment-web.yaml"),
        ("kargo", "prod-deployment-web.yaml"),
        ("kustomize", "apps_v1_deployment_web.yaml"),
    ],
)
def test_a_directory_has_a_file_for_each_resource(
    renderer: InstalledTools, workdir: Path, output_format: str | None, name: str
) -> None:
    write_tree(workdir, BASE)

    build(renderer, workdir, **({"outputFormat": output_format} if output_format else {}))

    files = tree(workdir / "out")
    assert sorted(files) == [name]
    assert files[name].startswith("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n")
    assert stat.S_IMODE((workdir / "out" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("namespaces", [("",), ("a",), ("a", "b"), ("default", "")])
def test_kustomizes_names_are_those_that_kustomize_gives(
    renderer: InstalledTools,
    tool_folder: Path,
    workdir: Path,
    tmp_path: Path,
    namespaces: tuple[str, ...],
) -> None:
    kinds = NO_NAMESPACE | (UNKNOWN_KINDS if "" in namespaces else set())
    cluster_wide = [manifest(version, kind, "X") for version, kind in sorted(kinds)]
    own = [
        manifest("v1", "ConfigMap", f"c{number}", namespace)
        for number, namespace in enumerate(namespaces)
    ]
    write_manifests(workdir, *cluster_wide, *own)

    build(renderer, workdir, outputFormat="kustomize")

    assert tree(workdir / "out") == by_hand(tool_folder, workdir, tmp_path / "by-hand")


def test_a_resource_without_a_namespace_gets_no_prefix_among_others(
    renderer: InstalledTools, workdir: Path
) -> None:
    own = manifest("v1", "ConfigMap", "c", "a"), manifest("v1", "ConfigMap", "d")
    write_manifests(workdir, *own)

    build(renderer, workdir, outputFormat="kustomize")

    assert sorted(tree(workdir / "out")) == ["a_v1_configmap_c.yaml", "v1_configmap_d.yaml"]


@pytest.mark.parametrize("output_format", ["kargo", "kustomize"])
@pytest.mark.parametrize("kind", ["../owned/marker", "a\\b", ".."])
def test_a_resource_cannot_name_a_file_elsewhere(
    renderer: InstalledTools, workdir: Path, kind: str, output_format: str
) -> None:
    write_manifests(workdir, manifest("example.com/v1", f"'{kind}'", "x"))

    if kind == "..":
        build(renderer, workdir, outputFormat=output_format)
        assert len(tree(workdir / "out")) == 1
        return
    message = error_of(renderer, workdir, outputFormat=output_format)
    assert 'failed to write built manifests to "out": unsafe generated resource file' in message
    assert sorted(it.name for it in workdir.iterdir()) == ["out", "prod"]


def test_a_chart_is_inflated_with_its_values_and_capabilities(
    renderer: InstalledTools, workdir: Path
) -> None:
    shown = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n"
        "  k: {{ .Capabilities.KubeVersion.Version }}\n"
        '  a: {{ .Capabilities.APIVersions.Has "example.com/v1" | quote }}\n'
    )
    write_tree(
        workdir,
        {
            "prod/kustomization.yaml": "helmCharts:\n- name: demo\n  releaseName: web\n"
            "  valuesFile: ../values.yaml\n  namespace: prod\n",
            "values.yaml": "tag: v9\n",
            **below("prod/charts/demo", chart()),
            "prod/charts/demo/templates/s.yaml": shown,
        },
    )

    plugin: JSONValue = {
        "helm": {"kubeVersion": "1.28.1", "apiVersions": ["example.com/v1", "b/v1"]}
    }
    build(renderer, workdir, outPath="out.yaml", plugin=plugin)

    text = (workdir / "out.yaml").read_text()
    assert "tag: v9" in text
    assert "name: web" in text
    assert "k: v1.28.1" in text
    assert 'a: "true"' in text


def test_several_charts_are_inflated_at_once(renderer: InstalledTools, workdir: Path) -> None:
    names = [f"c{number}" for number in range(5)]
    charts = "".join(f"- {{name: {name}, releaseName: {name}}}\n" for name in names)
    write_tree(workdir, {"prod/kustomization.yaml": f"helmCharts:\n{charts}"})
    for name in names:
        write_tree(workdir / "prod/charts" / name, chart(name))

    build(renderer, workdir)

    assert len(tree(workdir / "out")) == 5


@pytest.mark.parametrize(
    ("files", "config", "reason"),
    [
        (BASE, {"path": "gone"}, "gone is not a directory"),
        (BASE, {"path": "base/web.yaml"}, "base/web.yaml is not a directory"),
        (BASE, {"path": "../../etc"}, "../../etc is not a directory"),
        ({"prod/x.yaml": "a: b"}, {}, "unable to find one of 'kustomization.yaml'"),
        ({"prod/kustomization.yaml": "resources: {"}, {}, "failed to build the kustomization: "),
        ({"prod/kustomization.yaml": "nonsense: true\n"}, {}, "nonsense"),
        ({"prod/kustomization.yaml": "resources: [gone.yaml]\n"}, {}, "gone.yaml"),
        ({"prod/kustomization.yaml": "resources: [../prod]\n"}, {}, "cycle"),
        (
            {
                "prod/kustomization.yaml": "resources: [../other]\n",
                "other/kustomization.yaml": "resources: [../prod]\n",
            },
            {},
            "cycle",
        ),
        ({"prod/kustomization.yaml": "resources: [\xa0\x07]\n"}, {}, "failed to build"),
    ],
)
def test_what_is_wrong_is_said(
    renderer: InstalledTools,
    workdir: Path,
    files: dict[str, str],
    config: dict[str, JSONValue],
    reason: str,
) -> None:
    write_tree(workdir, files)

    assert reason in error_of(renderer, workdir, **config)
    assert not (workdir / "out").exists()


@pytest.mark.slow
def test_a_yaml_bomb_is_refused_or_bounded(renderer: InstalledTools, workdir: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)
    ]
    write_manifests(workdir, manifest("v1", "ConfigMap", "bomb") + "\n".join(lines) + "\n")

    assert error_of(renderer, workdir)


def test_text_that_is_not_utf8_is_refused_or_kept(renderer: InstalledTools, workdir: Path) -> None:
    write_manifests(workdir, manifest("v1", "ConfigMap", "a"))
    with (workdir / "prod/all.yaml").open("ab") as file:
        file.write(b"data: {a: \xff\xfe}\n")

    assert error_of(renderer, workdir)


def test_lines_may_end_with_carriage_returns(renderer: InstalledTools, workdir: Path) -> None:
    write_manifests(workdir, manifest("v1", "ConfigMap", "a"), manifest("v1", "ConfigMap", "b"))
    text = (workdir / "prod/all.yaml").read_text()
    (workdir / "prod/all.yaml").write_bytes(text.replace("\n", "\r\n").encode())

    build(renderer, workdir)

    assert sorted(tree(workdir / "out")) == ["configmap-a.yaml", "configmap-b.yaml"]


def test_a_text_that_looks_like_a_separator_stays_in_its_resource(
    renderer: InstalledTools, workdir: Path
) -> None:
    data = 'data:\n  a: |+\n    ---\n    x\n\n\n  b: "---\\n---"\n'
    write_manifests(workdir, manifest("v1", "ConfigMap", "a") + data, manifest("v1", "Pod", "b"))

    build(renderer, workdir)

    assert sorted(tree(workdir / "out")) == ["configmap-a.yaml", "pod-b.yaml"]


@pytest.mark.slow
def test_very_many_resources_are_written(renderer: InstalledTools, workdir: Path) -> None:
    count = 3_000
    write_manifests(workdir, *(manifest("v1", "ConfigMap", f"c{it}") for it in range(count)))

    build(renderer, workdir)

    assert len(list((workdir / "out").iterdir())) == count
