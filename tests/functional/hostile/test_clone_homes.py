"""Where a clone keeps its signing key, and steps that would carry the key off."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.steps.catalogue import builtin_steps
from tests.fakes.git_origin import Origin
from tests.functional.hostile.honest import honest_outside
from tests.integration.rendering.conftest import limits, renderer, tool_folder, tools
from tests.unit.steps.contexts import context

__all__ = ["limits", "renderer", "tool_folder", "tools"]

KEY = "THE-SIGNING-KEY-OF-THE-PLATFORM"


@dataclass
class Site:
    """A work directory with a clone, whose home has a key."""

    workdir: Path
    registry: Registry

    @property
    def home(self) -> Path:
        (found,) = self.workdir.glob("repo-*")
        return found

    def run(self, kind: str, config: JSONObject) -> str:
        """Run a step and return all that it says."""
        asked = replace(context(self.workdir, config), alias=kind)
        assert not self.registry.schema(kind).problems(config)
        try:
            result = self.registry.find(kind).run(asked)
        except (StepError, PlatformError) as error:
            return error.message
        return f"{result.message} {result.output}"

    def carried_off(self) -> list[Path]:
        """Return the files with the key in them, but for the key's own."""
        files = (it for it in self.workdir.rglob("*") if it.is_file() and not it.is_symlink())
        own = self.home / ".gnupg"
        return [it for it in files if own not in it.parents and KEY.encode() in it.read_bytes()]


@pytest.fixture
def site(tmp_path: Path, renderer: InstalledTools) -> Iterator[Site]:
    workdir = tmp_path / "work"
    workdir.mkdir()
    origin = Origin.create(tmp_path / "origin.git")
    with honest_outside(tmp_path / "outside") as outside:
        ports = replace(outside.ports, renderer=renderer)
        made = Site(workdir, Registry(builtin_steps(ports)))
        made.run("git-clone", {"repoURL": origin.url, "checkout": [{"path": "src"}]})
        (made.home / ".gnupg").mkdir()
        (made.home / ".gnupg/key").write_text(f"k: {KEY}\n")
        yield made


@pytest.mark.parametrize("path", [".", "./", "src/..", "self"])
@pytest.mark.parametrize("kind", ["copy", "tar"])
def test_all_of_a_work_directory_is_taken_without_them(site: Site, kind: str, path: str) -> None:
    (site.workdir / "self").symlink_to(".")

    said = site.run(kind, {"inPath": path, "outPath": "src/out"})

    assert said == " None"
    assert not site.carried_off()


@pytest.mark.parametrize("shape", ["{home}/.gnupg/key", "link/.gnupg/key", "src/link/key"])
def test_nothing_in_them_is_read(site: Site, shape: str) -> None:
    (site.workdir / "link").symlink_to(site.home.name)
    (site.workdir / "src/link").symlink_to(f"../{site.home.name}/.gnupg")
    path = shape.format(home=site.home.name)
    folder = path.rpartition("/")[0]
    outputs: JSONObject = {"name": "key", "fromExpression": "k"}
    chart = site.workdir / "src/chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 1.0.0\n")
    (chart / "templates/a.yaml").write_text("kind: A\nmetadata: {name: '{{ .Values.k }}'}\n")
    attempts: tuple[tuple[str, JSONObject], ...] = (
        ("copy", {"inPath": path, "outPath": "out"}),
        ("copy", {"inPath": folder, "outPath": "out"}),
        ("tar", {"inPath": path, "outPath": "out.tar"}),
        ("tar", {"inPath": folder, "outPath": "out.tar"}),
        ("yaml-parse", {"path": path, "outputs": [outputs]}),
        ("yaml-merge", {"inFiles": [path], "outFile": "out.yaml"}),
        ("http", {"url": "http://127.0.0.1", "method": "PUT", "bodyFromFile": path}),
        (
            "helm-template",
            {"path": "src/chart", "outPath": "o", "releaseName": "r", "valuesFiles": [path]},
        ),
    )

    said = {f"{kind} {number}": site.run(kind, it) for number, (kind, it) in enumerate(attempts)}

    assert all("belongs to the platform" in it for it in said.values()), said
    assert not site.carried_off()
    assert KEY not in str(said)


def test_a_kustomization_cannot_take_a_key(site: Site) -> None:
    files = f"../{site.home.name}/.gnupg/key"
    (site.workdir / "src/kustomization.yaml").write_text(
        f"configMapGenerator:\n- name: stolen\n  files: [{files}]\n"
    )

    said = site.run("kustomize-build", {"path": "src", "outPath": "src/out.yaml"})

    assert "only files in the work directory can be read" in said
    assert not site.carried_off()


@pytest.mark.parametrize("path", ["{home}", "{home}/repo/hooks", "{home}/.gnupg/x", "link/x"])
def test_no_work_tree_is_made_in_them(site: Site, tmp_path: Path, path: str) -> None:
    (site.workdir / "link").symlink_to(site.home.name)
    origin = f"file://{tmp_path / 'origin.git'}"
    checkout: JSONObject = {"path": path.format(home=site.home.name)}
    config: JSONObject = {"repoURL": origin, "checkout": [checkout]}
    asked = replace(context(site.workdir, config), alias="another")

    with pytest.raises((StepError, PlatformError), match="belongs to the platform"):
        site.registry.find("git-clone").run(asked)
