"""A repository that was made to do harm, and every step that works on its files."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError, StepStatus
from promotions.gateways.rendering import InstalledTools
from promotions.steps.catalogue import StepPorts, builtin_steps
from tests.fakes.git_origin import Origin, git
from tests.functional.hostile.honest import honest_outside
from tests.integration.git.test_git_hostile_repositories import blob, import_files
from tests.integration.rendering.conftest import limits, renderer, tool_folder, tools
from tests.unit.steps.contexts import context

__all__ = ["limits", "renderer", "tool_folder", "tools"]

CANARY = "CANARY-of-the-host"
_LINK, _PROGRAM = b"120000", b"100755"
_CHART = b"apiVersion: v2\nname: c\nversion: 1.0.0\n"
_BYTES = {
    b"crlf.yaml": b"# c\r\nk: 1\r\nimage:\r\n  tag: v1\r\n",
    b"latin.txt": b"caf\xe9\xff\0\r\n",
    b"bom.yaml": b"\xef\xbb\xbfk: 1\n",
    b'"n\\351w\\nline"': b"odd\n",
    b"-rf": b"dash\n",
    b"--help": b"dash\n",
    b"$(touch owned)": b"shell\n",
    b"Case": b"upper\n",
    b"case": b"lower\n",
    b".g\xc4\xb1t/config": b"[core]\n",
    b"n" * 255: b"long\n",
    b"/".join([b"d"] * 200) + b"/deep": b"deep\n",
}


def _evil(host: Path, marker: Path) -> tuple[bytes, ...]:
    """Return everything that might make a tool run something, or look elsewhere."""
    run = f"touch {marker}".encode()
    outside = os.fsencode(host / "secret.yaml")
    attributes = b"* filter=evil diff=evil merge=evil ident export-subst\n*.yaml text=auto eol=lf\n"
    config = (
        b'[filter "evil"]\n\tclean = RUN; cat\n\tsmudge = RUN; cat\n[core]\n\tfsmonitor = RUN\n'
        b'[diff "evil"]\n\ttextconv = RUN\n\tcommand = RUN\n'
    )
    modules = b'[submodule "x"]\n\tpath = sub\n\turl = ext::sh -c "RUN"\n\tupdate = !RUN\n'
    generators = b"generators: [exec.yaml]\ntransformers: [exec.yaml]\nresources: [escape.yaml]\n"
    plugin = (
        b"kind: Evil\nmetadata:\n  name: e\n  annotations:\n"
        b"    config.kubernetes.io/function: |\n      exec: {path: ../hooks/pre-commit}\n"
    )
    files = {
        b".gitattributes": attributes,
        b".gitconfig": config,
        b".lfsconfig": b"[lfs]\n\turl = http://169.254.169.254/\n",
        b".gitmodules": modules,
        b"kustomize/kustomization.yaml": generators,
        b"kustomize/exec.yaml": plugin,
        b"chart/Chart.yaml": _CHART,
        b"chart/templates/b.yaml": b'kind: A\nx: {{ .Files.Get "../../escape.yaml" }}\n',
        b"deps/Chart.yaml": _CHART + b"dependencies:\n- {name: ../../escape, version: '1'}\n",
    }
    links = {
        b"escape.yaml": outside,
        b"escape": os.fsencode(host),
        b"up": b"../..",
        b"loop": b"loop",
        b"kustomize/escape.yaml": outside,
        b"chart/templates/a.yaml": outside,
        b"deps/charts": b"../escape",
    }
    hooks = (b"pre-commit", b"post-checkout", b"pre-push")
    return (
        *(blob(name, content.replace(b"RUN", run)) for name, content in files.items()),
        *(blob(name, target, _LINK) for name, target in links.items()),
        *(blob(b"hooks/" + name, b"#!/bin/sh\n%s\n" % run, _PROGRAM) for name in hooks),
    )


@dataclass
class Site:
    """A promotion with the hostile repository checked out at ``src``."""

    workdir: Path
    origin: Origin
    marker: Path
    ports: StepPorts
    said: list[str] = field(default_factory=list)

    def run(self, kind: str, config: JSONObject) -> StepStatus | None:
        """Run a step; return how it ended, or ``None`` if it refused."""
        registry = Registry(builtin_steps(self.ports))
        asked = replace(context(self.workdir, config), alias=kind)
        assert not registry.schema(kind).problems(config)
        try:
            result = registry.find(kind).run(asked)
        except (StepError, PlatformError) as error:
            self.said.append(error.message)
            return None
        self.said.append(f"{result.message} {result.output}")
        return result.status

    def assert_harmless(self) -> None:
        assert not self.marker.exists(), "something was run"
        for path in (it for it in self.workdir.rglob("*") if it.is_file() and not it.is_symlink()):
            assert CANARY.encode() not in path.read_bytes(), path
        assert CANARY not in str(self.said)
        assert str(self.workdir) not in str(self.said), self.said


@pytest.fixture
def site(tmp_path: Path, renderer: InstalledTools) -> Iterator[Site]:
    host, workdir = tmp_path / "host", tmp_path / "work"
    host.mkdir()
    workdir.mkdir()
    (host / "secret.yaml").write_text(f"k: {CANARY}\nkind: A\nmetadata: {{name: {CANARY}}}\n")
    marker = tmp_path / "owned"
    origin = Origin.create(tmp_path / "origin.git", {"values.yaml": "k: 1\n"})
    import_files(
        origin, *_evil(host, marker), *(blob(name, content) for name, content in _BYTES.items())
    )
    with honest_outside(tmp_path / "outside") as outside:
        site = Site(workdir, origin, marker, replace(outside.ports, renderer=renderer))
        config: JSONObject = {
            "repoURL": origin.url,
            "checkout": [{"path": "src", "branch": "main"}],
        }
        assert site.run("git-clone", config) is StepStatus.SUCCEEDED, site.said
        yield site
        site.assert_harmless()


def test_files_arrive_to_the_byte(site: Site) -> None:
    source = os.fsencode(site.workdir / "src")

    for name, content in _BYTES.items():
        plain = b"n\xe9w\nline" if name.startswith(b'"') else name
        assert Path(os.fsdecode(source + b"/" + plain)).read_bytes() == content


@pytest.mark.parametrize("path", ["escape.yaml", "escape/secret.yaml", "up/host/secret.yaml"])
def test_no_step_reads_what_a_link_leads_to(site: Site, path: str) -> None:
    source = f"src/{path}"
    update: JSONObject = {"updates": [{"key": "k", "value": "2"}]}
    outputs: JSONObject = {"outputs": [{"name": "a", "fromExpression": "k"}]}
    chart: JSONObject = {"path": "src/chart", "outPath": "out", "releaseName": "r"}

    attempts: tuple[tuple[str, JSONObject], ...] = (
        ("copy", {"inPath": source, "outPath": "out"}),
        ("yaml-update", {"path": source, **update}),
        ("yaml-parse", {"path": source, **outputs}),
        ("yaml-merge", {"inFiles": [source], "outFile": "out"}),
        ("untar", {"inPath": source, "outPath": "out"}),
        ("http", {"url": "http://127.0.0.1", "bodyFromFile": source}),
        ("helm-template", {**chart, "valuesFiles": [source]}),
        ("kustomize-build", {"path": source, "outPath": "out"}),
    )

    for kind, config in attempts:
        assert site.run(kind, config) is None, kind


def test_charts_and_kustomizations_reach_nothing(site: Site) -> None:
    build: JSONObject = {"path": "src/kustomize", "outPath": "out.yaml"}
    chart: JSONObject = {"path": "src/chart", "outPath": "out.yaml", "releaseName": "r"}

    assert site.run("kustomize-build", build) is None
    assert site.run("helm-template", chart) is None
    assert site.run("helm-update-chart", {"path": "src/deps"}) is None
    assert "directory charts/../../escape not found" in site.said[-1]


def test_all_of_it_is_copied_packed_unpacked_committed_and_pushed(site: Site) -> None:
    (site.workdir / "src/values.yaml").write_text("k: 2\n")

    steps: tuple[tuple[str, JSONObject], ...] = (
        ("copy", {"inPath": "src", "outPath": "copied"}),
        ("tar", {"inPath": "src", "outPath": "all.tar"}),
        ("git-commit", {"path": "src", "message": "Promote"}),
        ("git-tag", {"path": "src", "tag": "v1", "message": "m"}),
        ("git-push", {"path": "src"}),
        ("git-push", {"path": "src", "tag": "v1"}),
        ("delete", {"path": "src/**/*.yaml", "pathsAreGlobs": True}),
        ("delete", {"path": "src/-rf"}),
        ("git-clear", {"path": "src"}),
        ("git-commit", {"path": "src", "message": "Nothing left"}),
    )

    for kind, config in steps:
        assert site.run(kind, config) is StepStatus.SUCCEEDED, (kind, site.said[-1])

    assert git("diff", "--name-only", "main~1", "main", cwd=site.origin.path) == "values.yaml"
    assert (site.workdir.parent / "host/secret.yaml").exists()
    left = [it.name for it in (site.workdir / "src").rglob("*") if not it.is_dir()]
    assert left == [".git"]
    copied = os.fsencode(site.workdir / "copied")
    assert Path(os.fsdecode(copied + b"/latin.txt")).read_bytes() == _BYTES[b"latin.txt"]


def test_what_changed_and_what_was_there_can_be_shown(site: Site) -> None:
    (site.workdir / "src/crlf.yaml").write_bytes(b"k: 2\r\n")
    workspaces, target = site.ports.workspaces, site.workdir / "base"

    (changes,) = workspaces.changes(workdir=str(site.workdir), limit=100_000)
    workspaces.base_files(
        workdir=str(site.workdir), path=str(site.workdir / "src"), target=str(target)
    )

    assert changes.files == ("crlf.yaml",)
    assert (target / "crlf.yaml").read_bytes() == _BYTES[b"crlf.yaml"]
    assert (target / "escape.yaml").is_symlink()


def test_an_update_keeps_what_it_does_not_change(site: Site) -> None:
    update: JSONObject = {"updates": [{"key": "image.tag", "value": "v2"}]}

    assert site.run("yaml-update", {"path": "src/crlf.yaml", **update}) is StepStatus.SUCCEEDED

    assert (site.workdir / "src/crlf.yaml").read_bytes() == b"# c\nk: 1\nimage:\n  tag: v2\n"
