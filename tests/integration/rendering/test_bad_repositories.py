"""Dependencies and repositories that are wrong, or want to do harm."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from promotions.gateways.rendering import InstalledTools
from promotions.steps.support import chart_repositories
from tests.integration.rendering.charts import dependencies, error_of, umbrella, update
from tests.integration.rendering.files import chart, tree, write_tree
from tests.integration.rendering.repositories import HelmRepository


@pytest.mark.parametrize(
    ("dependency", "reason"),
    [
        (("dep", "1.0.0", "{url}/gone"), "failed to fetch {url}/gone/index.yaml : 404"),
        (("gone", "1.0.0", "{url}"), "gone chart not found in repo {url}"),
        (
            ("dep", "^9", "{url}"),
            'get a valid version for 1 subchart(s): "dep" (repository "{url}", version "^9").',
        ),
        (
            ("dep", "not a version", "{url}"),
            'dependency "dep" has an invalid version/constraint format: ',
        ),
        (("dep", "1", "@stable"), "no repository definition for @stable"),
        (("dep", "1", "alias:stable"), "no repository definition for alias:stable"),
        (("dep", "1", ""), "directory charts/dep not found"),
        (("dep", "1", "ftp://example.com"), 'the repository "ftp://example.com" is none'),
        (("dep", "1", "s3://bucket/x"), 'the repository "s3://bucket/x" is none'),
        (("dep", "1", "file:///etc"), 'dependency path "/etc" must be relative'),
        (
            ("dep", "1", "file://../../other"),
            'invalid dependency "file://../../other": dependency path is outside the work',
        ),
        (("dep", "1", "file://../gone"), "directory ../gone not found"),
        (("dep", "1", "file://../linked"), "dependency path is outside the work directory"),
        (("dep", "1", "file://../links"), "the link out leads out of the work directory"),
        (("dep", "1", "http://[::1"), "error updating|Invalid|invalid"),
    ],
)
def test_what_is_wrong_with_a_dependency_is_said(
    renderer: InstalledTools,
    repository: HelmRepository,
    workdir: Path,
    tmp_path: Path,
    dependency: tuple[str, str, str],
    reason: str,
) -> None:
    name, version, url = (part.replace("{url}", repository.url) for part in dependency)
    write_tree(workdir, umbrella((name, version, url)))
    write_tree(tmp_path / "other", chart("dep", "1.0.0"))
    write_tree(workdir / "links", chart("dep", "1.0.0"))
    (workdir / "linked").symlink_to("../other")
    (workdir / "links/files").mkdir()
    (workdir / "links/files/out").symlink_to("/etc/passwd")

    message = error_of(dependencies(renderer), workdir)

    assert any(part in message for part in reason.replace("{url}", repository.url).split("|"))
    assert not (workdir / "demo/Chart.lock").exists()


def test_a_repository_at_a_forbidden_address_is_not_asked(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))

    message = error_of(dependencies(renderer, policy=EgressPolicy()), workdir)

    assert "Connections to 127.0.0.1 are not allowed" in message
    assert repository.asked == []


def test_repositories_that_take_too_long_together_are_given_up(
    renderer: InstalledTools,
    repository: HelmRepository,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chart_repositories, "LONGEST_FETCH", timedelta(0))
    write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))

    message = error_of(dependencies(renderer), workdir)

    assert message == "the charts could not be fetched within 0 minutes"
    assert repository.asked == []


def test_only_as_many_indexes_are_kept_as_one_may_be_large(
    renderer: InstalledTools,
    repository: HelmRepository,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repository.publish("other", "1.0.0")
    for name in ("a", "b"):
        shutil.copytree(repository.directory, repository.directory / name)
    limit = (repository.directory / "index.yaml").stat().st_size + 10
    monkeypatch.setattr(chart_repositories, "MAX_INDEX_BYTES", limit)
    a, b = f"{repository.url}/a", f"{repository.url}/b"
    asked = [("dep", "1.0.0", a), ("dep", "2.0.0", b), ("other", "1.0.0", a), ("dep", "1.2.0", a)]
    write_tree(workdir, umbrella(*asked))

    update(dependencies(renderer), workdir)

    indexes = [path for path, _ in repository.asked if path.endswith("index.yaml")]
    assert indexes == ["/a/index.yaml", "/b/index.yaml", "/a/index.yaml"]
    assert (workdir / "demo/charts/other-1.0.0.tgz").exists()


@pytest.mark.parametrize("content", [b"", b"not a chart", b"\x1f\x8b\x08\x00broken"])
def test_what_is_not_a_chart_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path, content: bytes
) -> None:
    (repository.directory / "dep-1.0.0.tgz").write_bytes(content)
    write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))

    assert "it is not the archive of a chart" in error_of(dependencies(renderer), workdir)
    assert not (workdir / "demo/charts").exists()


def test_an_index_cannot_write_elsewhere(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path
) -> None:
    for url in ("..%2f..%2fevil", "charts/", "x/..", "sub/dep-1.0.0.exe"):
        (repository.directory / "index.yaml").write_text(
            f"entries:\n  dep:\n  - {{name: dep, version: 1.0.0, urls: ['{url}']}}\n"
        )
        write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))

        assert error_of(dependencies(renderer), workdir)

    assert sorted(tree(workdir)) == sorted(umbrella(("dep", "1.0.0", repository.url)))


@pytest.mark.parametrize(
    "index", ["entries: [", "entries: {}", "- a", "", "entries: {dep: 1}", "entries: {dep: [1]}"]
)
def test_an_index_that_makes_no_sense_is_refused(
    renderer: InstalledTools, repository: HelmRepository, workdir: Path, index: str
) -> None:
    (repository.directory / "index.yaml").write_text(index)
    write_tree(workdir, umbrella(("dep", "1.0.0", repository.url)))

    assert error_of(dependencies(renderer), workdir)


@pytest.mark.parametrize(
    "text",
    ["", "- a", "{", "dependencies: 1\n", "dependencies: [1]\n", "dependencies: [{name: 1}]\n"],
)
def test_a_chart_that_makes_no_sense_is_refused_or_has_no_dependencies(
    renderer: InstalledTools, workdir: Path, text: str
) -> None:
    write_tree(workdir, {"demo/Chart.yaml": text})

    has_none = text in {"", "- a", "dependencies: 1\n"}

    if has_none:
        assert update(dependencies(renderer), workdir).output is None
        return
    assert error_of(dependencies(renderer), workdir)
