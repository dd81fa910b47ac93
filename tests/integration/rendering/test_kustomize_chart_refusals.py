"""Charts of kustomizations that are refused, and what is said then."""

from pathlib import Path

import pytest

from common.egress import EgressPolicy
from promotions.gateways.rendering import InstalledTools
from promotions.steps.support import kustomizations
from tests.integration.rendering.files import write_tree
from tests.integration.rendering.kustomize_charts import (
    ENTRY,
    FORMS,
    error_of,
    write,
)
from tests.integration.rendering.repositories import (
    HelmRepository,
)


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
