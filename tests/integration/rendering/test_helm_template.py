"""The ``helm-template`` step with the real helm."""

import stat
import subprocess
from pathlib import Path

import pytest

from common.jsontypes import JSONValue
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from tests.integration.rendering.charts import template
from tests.integration.rendering.files import below, chart, tree, write_tree

HOOK = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations: {{"helm.sh/hook": {event}}}
"""
TWO = """\
apiVersion: v1
kind: Secret
metadata: {name: one}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: TWO, namespace: n}
"""
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n"
RICH = below(
    "demo",
    {
        **chart(),
        "templates/two.yaml": TWO,
        "templates/hook.yaml": HOOK.format(name="before", event="pre-install"),
        "templates/tests/test.yaml": HOOK.format(name="check", event="test"),
        "crds/c.yaml": CRD,
        "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
        "charts/sub/templates/x.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: sub}\n",
    },
)


def error_of(renderer: InstalledTools, workdir: Path, **config: JSONValue) -> str:
    with pytest.raises(StepError) as caught:
        template(renderer, workdir, **config)
    assert not caught.value.terminal
    assert not caught.value.failed
    assert str(workdir) not in caught.value.message
    return caught.value.message


def by_hand(tool_folder: Path, workdir: Path, *arguments: str) -> str:
    """Run helm as a person would."""
    command = [str(tool_folder / "helm"), "template", "r", str(workdir / "demo"), "-n", "shop"]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)  # noqa: S603 - a fixed command
    return done.stdout


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ({}, ()),
        ({"includeCRDs": True}, ("--include-crds",)),
        ({"disableHooks": True}, ("--no-hooks",)),
        ({"skipTests": True}, ("--skip-tests",)),
    ],
)
def test_a_file_holds_what_helm_prints(
    renderer: InstalledTools,
    tool_folder: Path,
    workdir: Path,
    config: dict[str, JSONValue],
    options: tuple[str, ...],
) -> None:
    write_tree(workdir, RICH)

    template(renderer, workdir, outPath="made/here/out.yml", **config)

    out = workdir / "made/here/out.yml"
    assert out.read_text() == by_hand(tool_folder, workdir, *options)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert stat.S_IMODE(out.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ({}, ()),
        ({"useReleaseName": True}, ("--release-name",)),
        ({"includeCRDs": True, "outLayout": "helm"}, ("--include-crds",)),
        ({"skipTests": True}, ("--skip-tests",)),
        ({"disableHooks": True}, ("--no-hooks",)),
    ],
)
def test_a_directory_is_laid_out_as_helm_lays_it_out_and_again_the_same(
    renderer: InstalledTools,
    tool_folder: Path,
    workdir: Path,
    tmp_path: Path,
    config: dict[str, JSONValue],
    options: tuple[str, ...],
) -> None:
    write_tree(workdir, RICH)
    by_hand(tool_folder, workdir, *options, "--output-dir", str(tmp_path / "by-hand"))

    for _ in range(2):
        template(renderer, workdir, outPath="out", **config)

    ours, helms = tree(workdir / "out"), tree(tmp_path / "by-hand")
    assert {path: text.rstrip() for path, text in ours.items()} == {
        path: text.rstrip() for path, text in helms.items()
    }


def test_an_out_path_with_another_extension_is_a_directory(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(workdir, RICH)

    template(renderer, workdir, outPath="out.json")

    assert (workdir / "out.json/demo/templates/config.yaml").is_file()


def test_the_flat_layout_has_one_file_a_resource_hooks_included(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(workdir, RICH)
    write_tree(workdir, {"demo/templates/list.yaml": "kind: List\n---\nfoo: bar\n"})

    template(renderer, workdir, outPath="out", outLayout="flat", includeCRDs=True)

    assert sorted(tree(workdir / "out")) == [
        "apiextensions_k8s_io-customresourcedefinition-c.yaml",
        "apps-deployment-n-two.yaml",
        "configmap-shop-r.yaml",
        "pod-before.yaml",
        "pod-check.yaml",
        "resource-0.yaml",
        "resource-1.yaml",
        "secret-one.yaml",
        "service-sub.yaml",
    ]
    assert (workdir / "out/secret-one.yaml").read_text() == (
        "# Source: demo/templates/two.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: one}"
    )


@pytest.mark.parametrize("name", ["../../owned", "a/b", "a\\\\b"])
def test_a_resource_cannot_name_a_file_elsewhere(
    renderer: InstalledTools, workdir: Path, name: str
) -> None:
    text = f'apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: "{name}"}}\n'
    write_tree(workdir, below("demo", chart(templates__x="")))
    write_tree(workdir, {"demo/templates/x.yaml": text})

    message = error_of(renderer, workdir, outPath="out", outLayout="flat")

    assert 'unsafe generated resource filename "configmap-' in message


@pytest.mark.parametrize("layout", ["helm", "flat"])
def test_a_link_in_the_output_directory_is_followed_inside_only(
    renderer: InstalledTools, workdir: Path, tmp_path: Path, layout: str
) -> None:
    write_tree(workdir, below("demo", chart()))
    (workdir / "out").symlink_to("../../elsewhere")
    (tmp_path / "elsewhere").mkdir()

    template(renderer, workdir, outPath="../out/../out", outLayout=layout)

    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert tree(workdir / "elsewhere")


def test_values_come_from_files_in_order_then_set_then_literals(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(
        workdir,
        {
            **below("demo", chart()),
            "demo/values.yaml": "tag: v1\na: 1\n",
            "demo/templates/all.yaml": "all: {{ .Values | toJson }}\n",
            "one.yaml": "tag: one\nb: one\n",
            "two,too.yaml": "b: two\n",
        },
    )

    template(
        renderer,
        workdir,
        valuesFiles=["one.yaml", "/two,too.yaml", "gone.yaml"],
        ignoreMissingValueFiles=True,
        setValues=[
            {"key": "c", "value": "x,y", "literal": True},
            {"key": "d.e", "value": "{1,2}"},
            {"key": "tag", "value": "set"},
            {"key": "f", "value": "--kubeconfig=/x"},
        ],
    )

    text = (workdir / "out.yaml").read_text()
    assert 'tag: "set"' in text
    assert '"a":1,"b":"two","c":"x,y","d":{"e":[1,2]},"f":"--kubeconfig=/x"' in text


def test_a_missing_values_file_is_an_error_unless_it_may_be_missing(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(workdir, below("demo", chart()))

    message = error_of(renderer, workdir, valuesFiles=["../../etc/shadow"])

    assert message == "failed to compose values: ../../etc/shadow: no such file or directory"


@pytest.mark.parametrize(
    ("files", "config", "reason"),
    [
        ({}, {"path": "gone"}, 'failed to load chart from "gone": '),
        ({}, {"path": "/etc/passwd"}, 'failed to load chart from "/etc/passwd": '),
        ({"demo/Chart.yaml": "{"}, {}, "failed to render chart: "),
        ({"demo/templates/x.yaml": "{{ .Nope.x }}"}, {}, "nil pointer"),
        ({"demo/templates/x.yaml": "a: [\n"}, {}, "YAML parse error"),
        ({"demo/values.yaml": "a: [\n"}, {}, "failed to render chart: "),
        (
            {},
            {"kubeVersion": "one"},
            'failed to initialize Helm action config: failed to parse Kubernetes version "one": ',
        ),
        ({}, {"releaseName": "--debug"}, "failed to render chart: "),
        ({}, {"releaseName": "a/../b"}, "failed to render chart: "),
        ({}, {"setValues": [{"key": "a[70000]", "value": "b"}]}, "failed to render chart: "),
        (
            {"demo/Chart.yaml": "apiVersion: v2\nname: demo\nversion: 0.1.0\ndependencies:\n"
             "- {name: dep, version: 1.0.0, repository: 'https://example.com'}\n"},
            {},
            "missing chart dependencies: found in Chart.yaml, but missing in charts/ direct",
        ),
        ({"demo/values.schema.json": '{"required": ["zone"]}'}, {}, "zone"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    renderer: InstalledTools,
    workdir: Path,
    files: dict[str, str],
    config: dict[str, JSONValue],
    reason: str,
) -> None:
    write_tree(workdir, {**below("demo", chart()), **files})

    assert reason in error_of(renderer, workdir, **config)
    assert not (workdir / "out.yaml").exists()


def test_capabilities_are_what_the_step_says(renderer: InstalledTools, workdir: Path) -> None:
    shown = (
        "k: {{ .Capabilities.KubeVersion.Version }}\n"
        'a: {{ .Capabilities.APIVersions.Has "example.com/v1" }}\n'
        'b: {{ .Capabilities.APIVersions.Has "b/v1" }}\nn: {{ .Release.Namespace }}\n'
    )
    write_tree(workdir, {**below("demo", chart()), "demo/templates/x.yaml": shown})

    template(
        renderer,
        workdir,
        kubeVersion="v1.29.3",
        apiVersions=["example.com/v1", "b/v1"],
        namespace="stage-1",
    )

    text = (workdir / "out.yaml").read_text()
    assert "k: v1.29.3\na: true\nb: true\nn: stage-1\n" in text


def test_an_archive_is_a_chart_too(
    renderer: InstalledTools, tool_folder: Path, workdir: Path
) -> None:
    write_tree(workdir, RICH)
    command = [str(tool_folder / "helm"), "package", "demo"]
    subprocess.run(command, cwd=workdir, check=True, capture_output=True)  # noqa: S603 - a fixed command

    template(renderer, workdir, path="demo-0.1.0.tgz", disableHooks=True)

    assert "name: sub" in (workdir / "out.yaml").read_text()


def test_no_dependencies_need_no_building(renderer: InstalledTools, workdir: Path) -> None:
    write_tree(workdir, below("demo", chart()))

    template(renderer, workdir, buildDependencies=True)

    assert not (workdir / "demo/Chart.lock").exists()


def test_text_with_carriage_returns_and_text_that_is_not_utf8(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(workdir, below("demo", chart()))
    (workdir / "demo/templates/config.yaml").write_bytes(
        b"kind: ConfigMap\r\nmetadata:\r\n  name: a\r\n"
        b"---\r\nkind: Secret\r\nmetadata:\r\n  name: b\r\n"
    )
    template(renderer, workdir, outPath="out", outLayout="flat")
    (workdir / "demo/templates/config.yaml").write_bytes(b"kind: \xff\xfe\n")
    message = error_of(renderer, workdir, outPath="out2", outLayout="flat")

    assert sorted(tree(workdir / "out")) == ["configmap-a.yaml", "secret-b.yaml"]
    assert message.startswith("failed to render chart: ")
