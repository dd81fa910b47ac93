"""Nothing that a user writes makes helm or kustomize read outside the work directory."""

import io
import tarfile
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.ports.rendering import ChartRendering, KustomizationBuild, RenderingError
from promotions.steps.kustomize_build import KustomizeBuild
from promotions.steps.support.kustomizations import Kustomizations
from tests.integration.rendering.charts import repositories
from tests.integration.rendering.files import below, chart, write_tree
from tests.unit.steps.contexts import context

SECRET = "opensesame"
OWN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {a: b}\n"
OTHER = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: own}}\ndata: {{a: {SECRET}}}\n"
FILES = {
    "resource.yaml": OTHER,
    "passwords": f"password={SECRET}\n",
    "values.yaml": f"tag: {SECRET}\n",
    "patch.json": f'[{{"op": "add", "path": "/data/x", "value": "{SECRET}"}}]',
    "base/kustomization.yaml": "resources: [resource.yaml]\n",
    "base/resource.yaml": OTHER,
    "component/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
    f"kind: Component\npatches: [{{patch: '{OTHER.strip().replace(chr(10), chr(10) * 2)}'}}]\n",
    "labels.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\n"
    f"labels: {{x: {SECRET}}}\nfieldSpecs: [{{path: metadata/labels, create: true}}]\n",
    "replacement.yaml": "source: {kind: ConfigMap, name: own, fieldPath: data.a}\n"
    "targets: [{select: {kind: ConfigMap, name: own}, fieldPaths: [data.a]}]\n",
    "generator.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\n"
    f"literals: [a={SECRET}]\n",
    **below("charts/demo", chart(values__unused=SECRET)),
    "charts/demo/values.yaml": f"tag: {SECRET}\n",
}
"""What another promotion has; each of the kustomizations below would show its secret."""

KUSTOMIZATIONS = {
    "resource": "resources: [@/resource.yaml]",
    "base": "resources: [@/base]",
    "bases": "bases: [@/base]",
    "generator": "generators: [@/generator.yaml]",
    "inline generator": "generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n"
    "  metadata: {name: made}\n  files: [@/passwords]",
    "transformer": "resources: [own.yaml]\ntransformers: [@/labels.yaml]",
    "config map of files": "configMapGenerator: [{name: a, files: [@/passwords]}]",
    "config map of named files": "configMapGenerator: [{name: a, files: [x=@/passwords]}]",
    "config map of variables": "configMapGenerator: [{name: a, envs: [@/passwords]}]",
    "config map of one": "configMapGenerator: [{name: a, env: @/passwords}]",
    "secret of literal": "secretGenerator: [{name: a, envs: [@/passwords], type: Opaque}]",
    "patch": "resources: [own.yaml]\npatches: [{path: @/resource.yaml}]",
    "strategic patch": "resources: [own.yaml]\npatchesStrategicMerge: [@/resource.yaml]",
    "JSON patch": "resources: [own.yaml]\npatchesJson6902:\n"
    "- {path: @/patch.json, target: {version: v1, kind: ConfigMap, name: own}}",
    "patch for a target": "resources: [own.yaml]\n"
    "patches: [{path: @/patch.json, target: {kind: ConfigMap}}]",
    "values file": "helmCharts: [{name: demo, releaseName: r, valuesFile: @/values.yaml}]",
    "more values files": "helmCharts:\n"
    "- {name: demo, releaseName: r, additionalValuesFiles: [@/values.yaml]}",
    "charts": "helmGlobals: {chartHome: @/charts}\nhelmCharts: [{name: demo, releaseName: r}]",
    "old charts": "helmChartInflationGenerator:\n"
    "- {chartName: demo, chartHome: @/charts, releaseName: r, values: @/values.yaml}",
    "chart generator": "generators:\n- |-\n  apiVersion: builtin\n"
    "  kind: HelmChartInflationGenerator\n  metadata: {name: g}\n  name: demo\n"
    "  releaseName: r\n  valuesFile: @/values.yaml",
}
SILENT = {
    "crds": "resources: [own.yaml]\ncrds: [@/resource.yaml]",
    "configurations": "resources: [own.yaml]\nconfigurations: [@/resource.yaml]",
    "component": "resources: [own.yaml]\ncomponents: [@/component]",
    "replacement": "resources: [own.yaml]\nreplacements: [{path: @/replacement.yaml}]",
    "schema": "resources: [own.yaml]\nopenapi: {path: @/patch.json}",
    "validator": "resources: [own.yaml]\nvalidators: [@/labels.yaml]",
}
"""Fields whose files do not show in the result; reading them fails all the same."""


def build(renderer: InstalledTools, workdir: Path, kustomization: str, folder: str) -> str:
    write_tree(
        workdir,
        {
            "app/kustomization.yaml": kustomization.replace("@", folder),
            "app/own.yaml": OWN,
            **below("app/charts/demo", chart()),
        },
    )
    return renderer.kustomization(KustomizationBuild(str(workdir), str(workdir / "app")))


def decoded(text: str) -> str:
    return text.replace("b3BlbnNlc2FtZQ==", SECRET)


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_a_file_in_the_work_directory_is_read_wherever_it_is(
    renderer: InstalledTools, workdir: Path, name: str
) -> None:
    write_tree(workdir / "common", FILES)

    text = build(renderer, workdir, KUSTOMIZATIONS[name], "../common")

    assert SECRET in decoded(text)


@pytest.mark.parametrize("name", [*KUSTOMIZATIONS, *SILENT])
@pytest.mark.parametrize("way", ["relative", "absolute", "link to a directory"])
def test_another_promotions_files_are_not_read(
    renderer: InstalledTools, workdir: Path, tmp_path: Path, name: str, way: str
) -> None:
    other = tmp_path / "other"
    write_tree(other, FILES)
    (workdir / "linked").symlink_to(other)
    folder = {"relative": "../../other", "absolute": str(other)}.get(way, "../linked")

    with pytest.raises(RenderingError) as caught:
        build(renderer, workdir, {**KUSTOMIZATIONS, **SILENT}[name], folder)

    assert SECRET not in caught.value.message


@pytest.mark.parametrize("name", ["resource", "config map of files", "values file"])
def test_a_link_to_a_file_outside_is_refused_and_the_message_says_why(
    renderer: InstalledTools, workdir: Path, tmp_path: Path, name: str
) -> None:
    write_tree(tmp_path / "other", FILES)
    for file in FILES:
        (workdir / "app" / file).parent.mkdir(parents=True, exist_ok=True)
        (workdir / "app" / "l" / file).parent.mkdir(parents=True, exist_ok=True)
        (workdir / "app" / "l" / file).symlink_to(tmp_path / "other" / file)

    with pytest.raises(RenderingError, match="only files in the work directory can be read"):
        build(renderer, workdir, KUSTOMIZATIONS[name], "l")


def test_the_hosts_own_files_are_not_read(renderer: InstalledTools, workdir: Path) -> None:
    for file in ("/etc/passwd", "/proc/self/environ", "/proc/1/environ"):
        with pytest.raises(RenderingError, match="permission denied"):
            build(renderer, workdir, f"configMapGenerator: [{{name: a, files: [x={file}]}}]", "")


@pytest.mark.parametrize("folder", ["../repo-1", "../top"])
def test_the_platforms_repositories_and_keys_are_not_read(
    renderer: InstalledTools, workdir: Path, folder: str
) -> None:
    files = {"repo/HEAD": "ref: refs/heads/main\n", ".gnupg/key": SECRET}
    write_tree(workdir / "repo-1", files)
    write_tree(workdir / "repo-2", {"file": "public"})
    (workdir / "top").symlink_to("repo-1")
    write_tree(workdir / "demo", chart(templates__all="a: {{ .Files.Get `files/key` }}\n"))
    (workdir / "demo/files").mkdir()
    (workdir / "demo/files/key").symlink_to("../../repo-1/.gnupg/key")

    with pytest.raises(RenderingError, match="permission denied"):
        build(renderer, workdir, "secretGenerator: [{name: a, files: [x=@/.gnupg/key]}]", folder)
    with pytest.raises(RenderingError, match="permission denied"):
        renderer.chart(rendering(workdir))
    shown = build(
        renderer, workdir, "configMapGenerator: [{name: a, files: [@/file]}]", "../repo-2"
    )

    assert "file: public" in shown


def test_what_is_at_the_top_of_the_work_directory_is_rendered(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(workdir, {"kustomization.yaml": "resources: [own.yaml]", "own.yaml": OWN, **chart()})
    root = str(workdir)

    assert "name: own" in renderer.kustomization(KustomizationBuild(root, root))
    assert "tag: " in renderer.chart(ChartRendering(root, root, "r"))


def test_a_kustomization_that_is_itself_a_link_out_is_refused(
    renderer: InstalledTools, workdir: Path, tmp_path: Path
) -> None:
    write_tree(tmp_path / "other", FILES)
    (workdir / "app").symlink_to(tmp_path / "other" / "base")
    config: JSONObject = {"path": "app", "outPath": "out.yaml"}

    with pytest.raises(StepError) as caught:
        KustomizeBuild(Kustomizations(renderer, repositories())).run(context(workdir, config))

    assert SECRET not in caught.value.message
    assert not (workdir / "out.yaml").exists()


def rendering(workdir: Path, **fields: str) -> ChartRendering:
    return ChartRendering(str(workdir), str(workdir / "demo"), "r", **fields)  # type: ignore[arg-type] # texts only


def test_a_chart_reads_its_own_files_only(
    renderer: InstalledTools, workdir: Path, tmp_path: Path
) -> None:
    write_tree(tmp_path / "other", FILES)
    shown = '{{ range $f := list "../../other/values.yaml" "/etc/passwd" "values.yaml" }}\n'
    write_tree(
        workdir / "demo",
        chart(templates__files=f"{shown}# {{{{ $.Files.Get $f | len }}}}\n{{{{ end }}}}\na: b\n"),
    )

    text = renderer.chart(rendering(workdir))

    assert SECRET not in text
    assert "# 0" in text


@pytest.mark.parametrize("link", ["templates/x.yaml", "values.yaml", "files/x", "charts/sub"])
def test_a_link_out_of_a_chart_is_not_followed(
    renderer: InstalledTools, workdir: Path, tmp_path: Path, link: str
) -> None:
    write_tree(tmp_path / "other", {**FILES, **below("sub", chart("sub"))})
    files = chart(templates__all="a: {{ .Files.Get 'files/x' }}".replace("'", '"'))
    write_tree(workdir / "demo", files)
    path = workdir / "demo" / link
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    target = "sub" if link == "charts/sub" else "values.yaml"
    path.symlink_to(tmp_path / "other" / target)

    with pytest.raises(RenderingError) as caught:
        renderer.chart(rendering(workdir))

    assert SECRET not in caught.value.message
    assert "permission denied" in caught.value.message


@pytest.mark.parametrize(
    "reference", ["file:///etc/passwd", "file://@/values.schema.json", "http://127.0.0.1:@port/"]
)
def test_a_values_schema_cannot_refer_to_files_or_the_network(
    renderer: InstalledTools, workdir: Path, tmp_path: Path, reference: str
) -> None:
    (tmp_path / "values.schema.json").write_text(f'{{"required": ["{SECRET}"]}}')
    reference = reference.replace("@port", "9").replace("@", str(tmp_path))
    write_tree(
        workdir / "demo",
        {
            **chart(),
            "values.schema.json": f'{{"properties": {{"tag": {{"$ref": "{reference}"}}}}}}',
        },
    )

    with pytest.raises(RenderingError) as caught:
        renderer.chart(rendering(workdir))

    assert SECRET not in caught.value.message
    assert "root:" not in caught.value.message


def test_a_chart_archive_cannot_put_files_elsewhere(
    renderer: InstalledTools, workdir: Path
) -> None:
    with tarfile.open(workdir / "demo", "w:gz") as archive:
        for name, text in {**below("demo", chart()), "demo/../../evil": "x"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))

    with pytest.raises(RenderingError, match=r"outside|illegally|unable to load"):
        renderer.chart(rendering(workdir))

    assert sorted(it.name for it in workdir.iterdir()) == ["demo"]
