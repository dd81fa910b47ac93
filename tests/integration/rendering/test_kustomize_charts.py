"""Charts of kustomizations that come from repositories, in ``kustomize-build``."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.ports.credentials import Credential
from promotions.ports.rendering import ChartRendering, KustomizationBuild
from promotions.steps.support.kustomizations import Kustomizations
from tests.fakes.oci_registry import Registry, running_registry
from tests.integration.rendering.charts import Credentials, repositories
from tests.integration.rendering.files import chart, tree, write_tree
from tests.integration.rendering.kustomize_charts import (
    ENTRY,
    FORMS,
    ROBOT,
    build,
    by_hand,
    error_of,
    everything,
    write,
)
from tests.integration.rendering.repositories import (
    PASSWORD,
    USER,
    HelmRepository,
    helm_repository,
    push_chart,
)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    (tmp_path / "registry").mkdir()
    with running_registry(tmp_path / "registry", with_auth=True) as running:
        yield running


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
            raise AssertionError("kustomize renders charts itself")

        def package(self, *, root: str, path: str) -> tuple[str, bytes]:
            raise AssertionError("nothing is packaged here")

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
