"""Files of five gigabytes and more: every step that meets one is quick, and stays small."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from tests.fakes.git_origin import Origin

_GIB = 1024**3
_MIB = 1024**2
_GIANT_BYTES = 5 * _GIB
_MOST_GROWN = 150 * _MIB
_SECONDS = 120

_UPDATES: JSONObject = {"updates": [{"key": "k", "value": "2"}]}
_OUTPUTS: JSONObject = {"outputs": [{"name": "a", "fromExpression": "k"}]}
_CHART: JSONObject = {"path": "chart", "outPath": "out.yaml", "releaseName": "r"}
_TOO_LARGE = "larger than 8388608 bytes"


@dataclass(frozen=True)
class Ended:
    """How a step in a process of its own ended."""

    said: str
    grown: int
    child: int


def run(folder: Path, kind: str, config: JSONObject) -> Ended:
    arguments = [str(folder), kind, json.dumps(config)]
    done = subprocess.run(  # noqa: S603 - the tests' own module
        [sys.executable, "-m", "tests.functional.hostile.lone_step", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=_SECONDS,
    )
    return Ended(**json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work directory with a file of five gigabytes, which takes no room."""
    work = tmp_path / "work"
    (work / "chart/templates").mkdir(parents=True)
    (work / "chart/Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 1.0.0\n")
    (work / "kustomize").mkdir()
    (work / "kustomize/kustomization.yaml").write_text("resources: [../giant]\n")
    with (work / "giant").open("wb") as file:
        file.write(b"k: 1\n")
        file.truncate(_GIANT_BYTES)
    return work


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "config", "expected"),
    [
        ("copy", {"inPath": "giant", "outPath": "another"}, "Succeeded"),
        ("delete", {"path": "giant"}, "Succeeded"),
        ("tar", {"inPath": "giant", "outPath": "a.tar"}, "exceeds the maximum allowed single file"),
        ("untar", {"inPath": "giant", "outPath": "out"}, "error reading tar"),
        ("json-update", {"path": "giant", **_UPDATES}, _TOO_LARGE),
        ("yaml-update", {"path": "giant", **_UPDATES}, _TOO_LARGE),
        ("toml-update", {"path": "giant", **_UPDATES}, _TOO_LARGE),
        ("hcl-update", {"path": "giant", **_UPDATES}, _TOO_LARGE),
        ("json-parse", {"path": "giant", **_OUTPUTS}, _TOO_LARGE),
        ("yaml-parse", {"path": "giant", **_OUTPUTS}, _TOO_LARGE),
        ("toml-parse", {"path": "giant", **_OUTPUTS}, _TOO_LARGE),
        ("yaml-merge", {"inFiles": ["giant"], "outFile": "out"}, _TOO_LARGE),
        ("http", {"url": "http://x", "bodyFromFile": "giant"}, "larger than 2097152 bytes"),
        ("file-write", {"path": "giant", "contents": "x"}, "already exists"),
        ("helm-template", {**_CHART, "valuesFiles": ["giant"]}, ""),
        ("helm-template", {**_CHART, "path": "giant"}, ""),
        ("kustomize-build", {"path": "kustomize", "outPath": "out.yaml"}, ""),
    ],
)
def test_a_giant_is_copied_or_refused(
    work: Path, kind: str, config: JSONObject, expected: str
) -> None:
    ended = run(work.parent, kind, config)

    assert expected in ended.said
    assert expected or "Succeeded" not in ended.said
    assert ended.grown < _MOST_GROWN, ended
    assert sum(it.stat().st_blocks * 512 for it in work.iterdir()) < _MIB


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kustomize/kustomization.yaml", "chart/Chart.yaml"])
def test_a_giant_in_the_place_of_a_description_is_refused(work: Path, name: str) -> None:
    with (work / name).open("r+b") as file:
        file.truncate(_GIANT_BYTES)
    configs: dict[str, tuple[str, JSONObject]] = {
        "kustomize/kustomization.yaml": ("kustomize-build", {"path": "kustomize", "outPath": "o"}),
        "chart/Chart.yaml": ("helm-update-chart", {"path": "chart"}),
    }

    ended = run(work.parent, *configs[name])

    assert "Succeeded" not in ended.said
    assert ended.grown < _MOST_GROWN, ended


@pytest.mark.slow
def test_a_gigabyte_is_committed_without_being_held_in_memory(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    origin = Origin.create(tmp_path / "origin.git")
    run(tmp_path, "git-clone", {"repoURL": origin.url, "checkout": [{"path": "src"}]})
    with (work / "src/giant").open("wb") as file:
        file.truncate(_GIB)

    ended = run(tmp_path, "git-commit", {"path": "src", "message": "Giant"})

    assert ended.said.startswith("Succeeded")
    assert ended.grown < _MOST_GROWN, ended
    assert ended.child < 300 * _MIB, ended
