"""Charts of kustomizations that come from repositories, in ``kustomize-build``."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.jsontypes import JSONValue
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.ports.credentials import Credential
from promotions.ports.rendering import ChartRendering, KustomizationBuild
from promotions.steps.kustomize_build import KustomizeBuild
from promotions.steps.support import kustomizations
from promotions.steps.support.kustomizations import Kustomizations
from tests.fakes.oci_registry import Registry, running_registry
from tests.integration.rendering.charts import LOOPBACK, Credentials, repositories
from tests.integration.rendering.files import below, chart, tree, write_tree
from tests.integration.rendering.repositories import (
    PASSWORD,
    USER,
    HelmRepository,
    helm_repository,
    push_chart,
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


@pytest.fixture
def published(repository: HelmRepository) -> HelmRepository:
    """A repository whose chart shows all that it is given."""
    repository.publish("full", "1.0.0", files=FULL)
    return repository


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    (tmp_path / "registry").mkdir()
    with running_registry(tmp_path / "registry", with_auth=True) as running:
        yield running


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


@pytest.mark.parametrize("form", FORMS)
def test_what_is_built_is_what_a_person_with_a_network_builds(
    renderer: InstalledTools,
    tool_folder: Path,
    published: HelmRepository,
    workdir: Path,
    tmp_path: Path,
    form: str,
) -> None:
    write(workdir, published.url, FORMS[form])
    before = everything(workdir)

    text = build(renderer, workdir)

    assert text == by_hand(tool_folder, workdir, tmp_path / "person")
    assert everything(workdir) == before


def test_links_inside_the_work_directory_lead_to_the_same_charts(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write(
        workdir,
        repository.url,
        {
            "prod/kustomization.yaml": "resources: [linked, again]",
            "real/base/kustomization.yaml": f"helmGlobals: {{chartHome: home}}\n"
            f"helmCharts: [{ENTRY}]",
            "other/kustomization.yaml": "resources: [x.yaml]",
            "files/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
            "real/homes/README": "",
        },
    )
    (workdir / "prod/linked").symlink_to("../real/base")
    (workdir / "prod/again").symlink_to(workdir / "other")
    (workdir / "other/x.yaml").symlink_to("../files/x.yaml")
    (workdir / "real/base/home").symlink_to("../homes")

    text = build(renderer, workdir)

    assert [line for line in text.splitlines() if "name:" in line] == ["  name: r", "  name: x"]


def test_a_view_of_the_work_directory_does_not_open_what_belongs_to_the_platform(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    files = {"repo-1/repo/HEAD": "ref: refs/heads/main\n", "repo-1/.gnupg/key": PASSWORD}
    key = "configMapGenerator: [{name: a, files: [x=../repo-1/.gnupg/key]}]\n"
    entry = f"{key}helmCharts: [{ENTRY}]\n"
    write(workdir, repository.url, {**files, "prod/kustomization.yaml": entry})

    assert "permission denied" in error_of(renderer, workdir)


def test_each_index_is_asked_once_and_a_chart_that_is_there_not_at_all(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    files = {"prod/kustomization.yaml": FORMS["two versions"]["prod/kustomization.yaml"]}
    write(workdir, repository.url, files)
    write_tree(workdir / "prod/charts/dep-2.0.0/dep", chart("dep", "2.0.0"))

    build(renderer, workdir)

    assert [path for path, _ in repository.asked] == ["/index.yaml", "/dep-1.0.0.tgz"]


def test_nothing_is_asked_if_all_charts_are_there(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write(workdir, repository.url, FORMS["exact"])
    write_tree(workdir / "prod/charts/dep-1.0.0/dep", chart("dep", "1.0.0"))

    assert "name: r" in build(renderer, workdir)
    assert repository.asked == []


def test_a_repository_with_a_password_opens_to_the_projects_credential(
    renderer: InstalledTools, tmp_path: Path, helm: Path, workdir: Path
) -> None:
    with helm_repository(tmp_path / "closed" / "served", helm, with_auth=True) as closed:
        closed.publish("dep", "1.0.0")
        write(workdir, closed.url, FORMS["exact"])

        text = build(renderer, workdir, Credentials({closed.url: ROBOT}))
        strange = error_of(renderer, workdir)
        wrong = error_of(renderer, workdir, Credentials({closed.url: Credential(USER, "wrong")}))

    assert "name: r" in text
    assert strange == wrong == f"failed to fetch {closed.url}/index.yaml : 401"


@pytest.mark.parametrize("version", ["version: 1.0.0", "version: ~1.1", ""])
def test_a_chart_comes_from_a_registry_with_a_password(
    renderer: InstalledTools,
    registry: Registry,
    helm: Path,
    workdir: Path,
    tmp_path: Path,
    version: str,
) -> None:
    for pushed in ("1.0.0", "1.1.0+build.1"):
        target = f"{registry.host}/charts"
        push_chart(helm, tmp_path / "made", "dep", pushed, target=target, login=registry.host)
    url = f"oci://{registry.host}/charts"
    entry = f"helmCharts:\n- name: dep\n  repo: {url}/\n  releaseName: r\n  {version}\n"
    write_tree(workdir, {"prod/kustomization.yaml": entry})
    insecure = frozenset({registry.host})

    text = build(renderer, workdir, Credentials({f"{url}/dep": ROBOT}), insecure=insecure)
    with pytest.raises(StepError, match="refused anonymous access"):
        build(renderer, workdir, insecure=insecure)

    assert "name: r" in text
    assert sorted(everything(workdir)) == ["prod", "prod/kustomization.yaml"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("{name: dep, repo: URL/gone}", "failed to fetch URL/gone/index.yaml : 404"),
        ("{name: gone, repo: URL}", "gone chart not found in repo URL"),
        (
            "{name: dep, repo: URL, version: 9.0.0}",
            'chart "dep" version "9.0.0" not found in URL repository',
        ),
        ("{name: dep, repo: URL, version: '!'}", "invalid version/constraint format"),
        ("{name: dep, repo: 's3://bucket'}", 'the repository "s3://bucket" of the chart dep is'),
        ("{name: dep, repo: '@stable'}", 'the repository "@stable" of the chart dep is none'),
        ("{name: dep, repo: 'file:///etc'}", "write an address that begins with https:// or oci"),
        ("{name: dep, repo: 'https://bob:opensesame@['}", "failed to build the kustomization|nv"),
        ("{name: ../dep, repo: URL}", '"../dep" "": a chart\'s name and version must do'),
        ("{name: dep, repo: URL, version: ../../x}", '"dep" "../../x": a chart\'s name and'),
        ("{name: dep}", "no repo specified for pull, no chart found at"),
        ("{repo: URL}", "chart name cannot be empty"),
        ("{name: false, repo: URL}", "failed to build the kustomization|string"),
        ("1", "failed to build the kustomization|cannot unmarshal"),
    ],
)
def test_what_is_wrong_with_a_chart_is_said(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path, entry: str, reason: str
) -> None:
    write(workdir, repository.url, {"prod/kustomization.yaml": f"helmCharts: [{entry}]"})

    message = error_of(renderer, workdir)

    assert any(part in message for part in reason.replace("URL", repository.url).split("|"))


@pytest.mark.parametrize("home", ["../../out", "/etc", "../link/x", "../../work-other"])
@pytest.mark.parametrize("repo", ["", ", repo: URL"])
def test_a_chart_home_outside_the_work_directory_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path, home: str, repo: str
) -> None:
    (workdir / "link").symlink_to("/etc")
    text = f"helmGlobals: {{chartHome: {home}}}\nhelmCharts: [{{name: dep{repo}}}]"
    write(workdir, repository.url, {"prod/kustomization.yaml": text})

    assert error_of(renderer, workdir) == f'chartHome "{home}" leads out of the work directory'
    assert repository.asked == []


def test_an_absolute_chart_home_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    home = f"helmGlobals: {{chartHome: '{workdir}/charts'}}\n"
    write(workdir, repository.url, {"prod/kustomization.yaml": f"{home}helmCharts: [{ENTRY}]"})

    assert error_of(renderer, workdir) == 'chartHome "charts" must be relative'


def test_a_repository_at_a_forbidden_address_is_not_asked(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write(workdir, repository.url, FORMS["base and component"])

    message = error_of(renderer, workdir, policy=EgressPolicy())

    assert "Connections to 127.0.0.1 are not allowed" in message
    assert repository.asked == []


@pytest.mark.parametrize("field", ["resources", "bases", "components", "generators"])
@pytest.mark.parametrize(
    "place",
    [
        "https://github.com/example/app//base?ref=main",
        "https://bob:opensesame@example.com/install.yaml",
        "github.com/example/app",
        "git@github.com:example/app.git",
        "ssh://git@example.com/app",
        "git::https://example.com/app",
    ],
)
def test_what_is_on_another_host_is_refused_and_the_message_says_what_to_do(
    renderer: InstalledTools, workdir: Path, field: str, place: str
) -> None:
    files = {"prod/kustomization.yaml": "resources: [../base]"}
    write_tree(workdir, {**files, "base/kustomization.yaml": f"{field}: ['{place}']"})

    message = error_of(renderer, workdir)

    assert message.startswith('base refers to "')
    assert "on another host" in message
    assert "clone a repository with git-clone, or fetch a file with http-download" in message


@pytest.mark.parametrize("content", [b"", b"not a chart", b"\x1f\x8b\x08\x00broken"])
def test_what_is_not_a_chart_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path, content: bytes
) -> None:
    (repository.directory / "dep-1.0.0.tgz").write_bytes(content)
    write(workdir, repository.url, FORMS["exact"])

    assert "it is not the archive of a chart" in error_of(renderer, workdir)


def test_another_chart_than_the_one_asked_for_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    repository.publish("evil", "1.0.0")
    (repository.directory / "evil-1.0.0.tgz").replace(repository.directory / "dep-1.0.0.tgz")
    write(workdir, repository.url, FORMS["exact"])

    message = error_of(renderer, workdir)

    assert message == "dep-1.0.0.tgz holds the chart evil and not dep"


def test_too_many_charts_or_too_large_ones_are_refused(
    renderer: InstalledTools,
    published: HelmRepository,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(workdir, published.url, FORMS["two versions"])
    monkeypatch.setattr(kustomizations, "MAX_UNPACKED_BYTES", 100)
    large = error_of(renderer, workdir)
    monkeypatch.setattr(kustomizations, "MOST_FILES_OF_CHART", 2)
    scattered = error_of(renderer, workdir)
    monkeypatch.setattr(kustomizations, "MOST_CHARTS", 1)
    many = error_of(renderer, workdir)

    assert large == "its charts are larger than 100 bytes"
    assert scattered == "extraction aborted: more than 2 files and directories"
    assert many == "it needs more than 1 charts from repositories"


def test_kustomizations_that_refer_to_each_other_end(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write(
        workdir,
        repository.url,
        {
            "prod/kustomization.yaml": f"resources: [../base]\nhelmCharts: [{ENTRY}]",
            "base/kustomization.yaml": "resources: [../prod, .]",
        },
    )

    assert "cycle" in error_of(renderer, workdir)


def test_an_older_kustomize_finds_a_chart_where_it_looks(
    repository: HelmRepository, workdir: Path
) -> None:
    seen: dict[str, bool] = {}

    class Older:
        """Kustomize 5.0 has no versions in the paths of charts."""

        def kustomization(self, asked: KustomizationBuild) -> str:
            for name in ("dep", "dep-1.0.0/dep", "own"):
                seen[name] = Path(asked.path, "charts", name, "Chart.yaml").exists()
            return ""

        def chart(self, rendering: ChartRendering) -> str:
            raise NotImplementedError

        def package(self, *, root: str, path: str) -> tuple[str, bytes]:
            raise NotImplementedError

    write(workdir, repository.url, FORMS["beside a chart that is there"])
    asked = KustomizationBuild(str(workdir), str(workdir / "prod"))

    Kustomizations(Older(), repositories()).text(asked, tenant_uid="tenant", project="shop")
    first = dict(seen)
    write(workdir, repository.url, FORMS["two versions"])
    Kustomizations(Older(), repositories()).text(asked, tenant_uid="tenant", project="shop")

    assert first == {"dep": True, "dep-1.0.0/dep": True, "own": True}
    assert seen == {"dep": False, "dep-1.0.0/dep": True, "own": True}


_WORKER = """
import sys
from pathlib import Path
import pytest
from promotions.gateways.rendering import InstalledTools
from promotions.gateways.tool_runs import ToolLimits
from promotions.gateways.tools import ToolPaths, Tools
from tests.integration.rendering.test_kustomize_charts import build
helm, kubectl, workdir = sys.argv[1:]
limits = ToolLimits()
tools = Tools(ToolPaths(helm=helm, kubectl=kubectl), limits)
build(InstalledTools(tools, limits), Path(workdir))
"""


def test_what_a_killed_worker_leaves_is_in_no_commit_and_removed_by_the_next(
    renderer: InstalledTools, tool_folder: Path, published: HelmRepository, workdir: Path
) -> None:
    endless = "{{ range $i := until 100000 }}{{ range $j := until 100000 }}{{ end }}{{ end }}"
    published.publish("slow", "1.0.0", files={"templates/slow.yaml": endless})
    entry = "{name: slow, repo: URL, releaseName: r, version: 1.0.0}"
    write(workdir, published.url, {"out/prod/kustomization.yaml": f"helmCharts: [{entry}]"})
    (workdir / "prod").symlink_to("out/prod")
    for arguments in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(workdir / "out"), *arguments], check=True)  # noqa: S603, S607 - a fixed command
    tools = [str(tool_folder / "helm"), str(tool_folder / "kubectl")]
    command = [sys.executable, "-c", _WORKER, *tools, str(workdir)]
    with subprocess.Popen(command) as worker:  # noqa: S603 - a fixed command
        deadline = time.monotonic() + 30
        while not list(workdir.glob(".kargo-view-*/out/prod/charts/slow-1.0.0/slow/Chart.yaml")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        worker.send_signal(signal.SIGKILL)

    status = ["git", "-C", str(workdir / "out"), "status", "--porcelain", "-uall"]
    seen = subprocess.run(status, capture_output=True, text=True, check=True)  # noqa: S603 - a fixed command
    left = list(workdir.glob(".kargo-view-*"))
    write(workdir, published.url, {"out/prod/kustomization.yaml": f"helmCharts: [{ENTRY}]"})
    build(renderer, workdir)

    assert seen.stdout == "A  prod/kustomization.yaml\n"
    assert left
    assert sorted(it.name for it in workdir.iterdir()) == ["out", "prod"]
    assert sorted(tree(workdir / "out/prod")) == ["kustomization.yaml"]
