"""Values that no program can be given, in steps that start one."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.jsontypes import JSONObject, as_object
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError
from promotions.gateways.rendering import InstalledTools
from promotions.steps.catalogue import builtin_steps
from tests.fakes.git_origin import Origin
from tests.functional.hostile.honest import honest_outside
from tests.integration.rendering.conftest import limits, renderer, tool_folder, tools
from tests.unit.steps.contexts import context

__all__ = ["limits", "renderer", "tool_folder", "tools"]

_CHART: JSONObject = {"path": "chart", "outPath": "out.yaml", "releaseName": "r"}
_LONG = "x" * 200_000


@pytest.fixture
def registry(tmp_path: Path, renderer: InstalledTools) -> Iterator[Registry]:
    with honest_outside(tmp_path / "outside") as outside:
        yield Registry(builtin_steps(replace(outside.ports, renderer=renderer)))


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    workdir = tmp_path / "work"
    (workdir / "chart").mkdir(parents=True)
    (workdir / "chart/Chart.yaml").write_text("apiVersion: v2\nname: c\nversion: 1.0.0\n")
    (workdir / "kustomization.yaml").write_text("{}")
    return workdir


@pytest.mark.parametrize("value", ["a\0b", _LONG], ids=["NUL", "long"])
@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("helm-template", {**_CHART, "setValues": [{"key": "k", "value": "VALUE"}]}),
        ("helm-template", {**_CHART, "releaseName": "VALUE"}),
        ("helm-template", {**_CHART, "kubeVersion": "VALUE"}),
        (
            "kustomize-build",
            {"path": ".", "outPath": "out", "plugin": {"helm": {"kubeVersion": "VALUE"}}},
        ),
        (
            "git-commit",
            {"path": "src", "message": "m", "author": {"name": "VALUE", "email": "a@b.c"}},
        ),
    ],
    ids=["set", "release", "kube", "kustomize", "author"],
)
def test_a_value_that_no_program_takes_is_an_error(
    registry: Registry, workdir: Path, tmp_path: Path, kind: str, config: JSONObject, value: str
) -> None:
    origin = Origin.create(tmp_path / "origin.git")
    clone: JSONObject = {"repoURL": origin.url, "checkout": [{"path": "src"}]}
    registry.find("git-clone").run(context(workdir, clone))
    (workdir / "src/new").write_text("x")

    with pytest.raises(StepError, match=r"NUL character|too long"):
        registry.find(kind).run(context(workdir, _with(config, value)))


def _with(config: JSONObject, value: str) -> JSONObject:
    text = json.dumps(config).replace("VALUE", json.dumps(value)[1:-1])
    return as_object(json.loads(text))
