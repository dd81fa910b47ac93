"""The ``helm-update-chart`` step, and ``helm-template`` with ``buildDependencies``."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from common.jsontypes import JSONValue
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.ports.credentials import Credential
from promotions.steps.helm_template import HelmTemplate
from promotions.steps.support.chart_dependencies import ChartDependencies
from tests.fakes.oci_registry import Registry, running_registry
from tests.integration.rendering.charts import (
    Credentials,
    dependencies,
    error_of,
    umbrella,
    update,
)
from tests.integration.rendering.files import below, chart, write_tree
from tests.integration.rendering.repositories import (
    PASSWORD,
    USER,
    HelmRepository,
    helm_repository,
    push_chart,
    run_helm,
)
from tests.unit.steps.contexts import context

ROBOT = Credential(USER, PASSWORD)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    (tmp_path / "registry").mkdir()
    with running_registry(tmp_path / "registry", with_auth=True) as running:
        yield running


def template(charts: ChartDependencies, renderer: InstalledTools, workdir: Path) -> str:
    config: dict[str, JSONValue] = {
        "path": "demo",
        "outPath": "out.yaml",
        "releaseName": "r",
        "buildDependencies": True,
    }
    HelmTemplate(renderer, charts).run(context(workdir, config))
    return (workdir / "out.yaml").read_text()


def locked(workdir: Path) -> dict[str, str]:
    lock = yaml.safe_load((workdir / "demo/Chart.lock").read_text())
    return {it["name"]: it["version"] for it in lock["dependencies"]}


def digests(directory: Path) -> dict[str, str]:
    return {it.name: hashlib.sha256(it.read_bytes()).hexdigest() for it in directory.iterdir()}


@pytest.mark.parametrize("constraint", ["1.0.0", "^1.0.0", "~1.2", ">=1.0.0-0, <1.9", "*", "2.x"])
def test_versions_archives_and_lock_are_those_of_helm(
    renderer: InstalledTools,
    helm: Path,
    repository: HelmRepository,
    workdir: Path,
    tmp_path: Path,
    constraint: str,
) -> None:
    tree_of_chart = umbrella(("dep", constraint, repository.url))
    tree_of_chart["demo/Chart.yaml"] += (
        "  condition: dep.enabled\n  tags: [b, a]\n  alias: other\n"
        "  import-values: [x, {parent: p, child: c}]\n"
    )
    write_tree(workdir, tree_of_chart)
    write_tree(tmp_path / "by-hand", tree_of_chart)
    home = tmp_path / "home"
    run_helm(helm, "repo", "add", "served", repository.url, home=home)
    run_helm(helm, "dependency", "update", str(tmp_path / "by-hand/demo"), home=home)

    update(dependencies(renderer), workdir)

    ours = yaml.safe_load((workdir / "demo/Chart.lock").read_text())
    helms = yaml.safe_load((tmp_path / "by-hand/demo/Chart.lock").read_text())
    assert {**ours, "generated": ""} == {**helms, "generated": ""}
    assert digests(workdir / "demo/charts") == digests(tmp_path / "by-hand/demo/charts")
    shape = [line.split(":")[0] for line in (workdir / "demo/Chart.lock").read_text().splitlines()]
    assert shape[-2:] == ["digest", "generated"]
    run_helm(helm, "dependency", "build", str(workdir / "demo"), home=home)


def test_a_range_is_resolved_anew_and_the_change_is_put_out(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write_tree(workdir, umbrella(("dep", "^1.0.0", repository.url)))
    charts = dependencies(renderer)

    first = update(charts, workdir)
    lock = (workdir / "demo/Chart.lock").read_bytes()
    again = update(charts, workdir)
    unchanged = (workdir / "demo/Chart.lock").read_bytes()
    repository.publish("dep", "1.3.0")
    later = update(charts, workdir)

    head = "Updated chart dependencies for demo\n\n"
    assert first.output == {"commitMessage": f"{head}- dep: 1.2.0"}
    assert again.output is None
    assert unchanged == lock
    assert later.output == {"commitMessage": f"{head}- dep: 1.2.0 -> 1.3.0"}
    assert sorted(digests(workdir / "demo/charts")) == ["dep-1.3.0.tgz"]


def test_a_version_is_set_in_the_chart_and_nothing_else_is_changed(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    repository.publish("old", "0.1.0")
    files = umbrella(("dep", "1.0.0", repository.url), ("old", "0.1.0", repository.url))
    write_tree(workdir, files)
    charts = dependencies(renderer)
    update(charts, workdir)
    (workdir / "demo/Chart.yaml").write_text(
        umbrella(("dep", "1.0.0", repository.url))["demo/Chart.yaml"]
    )

    result = update(charts, workdir, (repository.url, "dep", "2.0.0"))

    text = (workdir / "demo/Chart.yaml").read_text()
    assert text == umbrella(("dep", "2.0.0", repository.url))["demo/Chart.yaml"].replace(
        '"2.0.0"', "2.0.0"
    )
    assert result.output == {
        "commitMessage": "Updated chart dependencies for demo\n\n"
        "- dep: 1.0.0 -> 2.0.0\n- old: removed"
    }
    assert sorted(digests(workdir / "demo/charts")) == ["dep-2.0.0.tgz"]


def test_a_change_must_match_a_dependency_exactly(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))

    message = error_of(dependencies(renderer), workdir, (f"{repository.url}/", "dep", "2.0.0"))

    assert message == (
        "no dependency in Chart.yaml matches update with repository"
        f' "{repository.url}/" and name "dep"'
    )
    assert not (workdir / "demo/Chart.lock").exists()


def test_a_chart_without_dependencies_has_nothing_to_update(
    renderer: InstalledTools, workdir: Path
) -> None:
    write_tree(workdir, below("demo", chart()))

    assert update(dependencies(renderer), workdir).output is None


def test_classic_and_oci_repositories_mix_and_one_login_serves_a_host(
    renderer: InstalledTools,
    helm: Path,
    repository: HelmRepository,
    registry: Registry,
    workdir: Path,
    tmp_path: Path,
) -> None:
    for name, version in (("one", "0.1.0"), ("one", "0.2.0+x"), ("two", "1.0.0")):
        push_chart(
            helm, tmp_path, name, version, target=f"{registry.host}/charts", login=registry.host
        )
    oci = f"oci://{registry.host}/charts"
    write_tree(
        workdir,
        umbrella(("one", "^0.1 || ^0.2", oci), ("two", "1.0.0", oci), ("dep", "2", repository.url)),
    )
    store = Credentials({f"{oci}/one": ROBOT})
    charts = dependencies(renderer, store, insecure=frozenset({registry.host}))

    update(charts, workdir)

    assert locked(workdir) == {"one": "0.2.0+x", "two": "1.0.0", "dep": "2.0.0"}
    assert sorted(digests(workdir / "demo/charts")) == [
        "dep-2.0.0.tgz",
        "one-0.2.0+x.tgz",
        "two-1.0.0.tgz",
    ]
    assert store.asked.count(f"{oci}/one") == 1
    assert f"{oci}/two" not in store.asked
    assert "name: r" in template(charts, renderer, workdir)


@pytest.mark.parametrize("credential", [None, Credential(USER, "wrong")])
def test_a_registry_that_refuses_is_named_without_the_credential(
    renderer: InstalledTools, registry: Registry, workdir: Path, credential: Credential | None
) -> None:
    oci = f"oci://{registry.host}/charts"
    write_tree(workdir, umbrella(("one", "0.1.0", oci)))
    store = Credentials({f"{oci}/one": credential} if credential else {})
    charts = dependencies(renderer, store, insecure=frozenset({registry.host}))

    message = error_of(charts, workdir)

    assert f"The registry {registry.host} refused" in message
    assert "wrong" not in message


def test_a_registry_without_a_path_holds_charts_too(
    renderer: InstalledTools, helm: Path, workdir: Path, tmp_path: Path
) -> None:
    (tmp_path / "open").mkdir()
    with running_registry(tmp_path / "open") as registry:
        push_chart(helm, tmp_path, "one", "0.1.0", target=registry.host)
        write_tree(workdir, umbrella(("one", "0.1.0", f"oci://{registry.host}")))
        charts = dependencies(renderer, insecure=frozenset({registry.host}))

        update(charts, workdir)

    assert locked(workdir) == {"one": "0.1.0"}


def test_a_classic_repository_gets_the_credential_and_another_host_does_not(
    renderer: InstalledTools, helm: Path, workdir: Path, tmp_path: Path
) -> None:
    elsewhere_at, private_at = tmp_path / "a" / "served", tmp_path / "b" / "served"
    with (
        helm_repository(elsewhere_at, helm) as elsewhere,
        helm_repository(private_at, helm, with_auth=True) as private,
    ):
        elsewhere.publish("far", "1.0.0")
        private.publish("dep", "1.0.0")
        index = private_at / "index.yaml"
        document = yaml.safe_load(index.read_text())
        far = {"name": "far", "version": "1.0.0", "urls": [f"{elsewhere.url}/far-1.0.0.tgz"]}
        document["entries"]["far"] = [far]
        index.write_text(yaml.safe_dump(document))
        write_tree(workdir, umbrella(("dep", "1.0.0", private.url), ("far", "1.0.0", private.url)))

        refused = error_of(dependencies(renderer), workdir)
        update(dependencies(renderer, Credentials({private.url: ROBOT})), workdir)

    assert refused == f"failed to fetch {private.url}/index.yaml : 401"
    assert [path for path, given in private.asked if given] == ["/index.yaml", "/dep-1.0.0.tgz"]
    assert elsewhere.asked == [("/far-1.0.0.tgz", "")]
    assert sorted(digests(workdir / "demo/charts")) == ["dep-1.0.0.tgz", "far-1.0.0.tgz"]


def test_a_chart_in_another_directory_is_packaged(renderer: InstalledTools, workdir: Path) -> None:
    write_tree(workdir, umbrella(("lib", "^1", "file://../libs/lib")))
    write_tree(workdir / "libs/lib", chart("lib", "1.4.2", **{".helmignore": "secret*"}))
    (workdir / "libs/lib/secret.txt").write_text("x")
    charts = dependencies(renderer)

    result = update(charts, workdir)

    assert locked(workdir) == {"lib": "1.4.2"}
    assert result.output == {"commitMessage": "Updated chart dependencies for demo\n\n- lib: 1.4.2"}
    assert "# Source: demo/charts/lib/templates/config.yaml" in template(charts, renderer, workdir)


def test_a_vendored_dependency_is_left_where_it_is(renderer: InstalledTools, workdir: Path) -> None:
    write_tree(workdir, umbrella(("own", "1.0.0", "")))
    write_tree(workdir / "demo/charts/own", chart("own", "1.0.0"))

    update(dependencies(renderer), workdir)

    assert locked(workdir) == {"own": "1.0.0"}
    assert (workdir / "demo/charts/own/Chart.yaml").exists()


def test_building_takes_what_the_lock_says(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write_tree(workdir, umbrella(("dep", "^1.0.0", repository.url)))
    charts = dependencies(renderer)
    made = template(charts, renderer, workdir)
    lock = (workdir / "demo/Chart.lock").read_bytes()
    repository.publish("dep", "1.9.0")
    (workdir / "demo/charts/dep-1.2.0.tgz").unlink()

    again = template(charts, renderer, workdir)

    assert made == again
    assert locked(workdir) == {"dep": "1.2.0"}
    assert (workdir / "demo/Chart.lock").read_bytes() == lock


def test_a_lock_of_another_chart_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write_tree(workdir, umbrella(("dep", "^1.0.0", repository.url)))
    charts = dependencies(renderer)
    update(charts, workdir)
    write_tree(workdir, umbrella(("dep", "^2.0.0", repository.url)))

    with pytest.raises(StepError, match="failed to build chart dependencies: the lock file"):
        template(charts, renderer, workdir)


def test_a_lock_that_is_a_link_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))
    (workdir / "lock").write_text("")
    (workdir / "demo/Chart.lock").symlink_to("../lock")

    assert "Chart.lock is a symbolic link" in error_of(dependencies(renderer), workdir)
