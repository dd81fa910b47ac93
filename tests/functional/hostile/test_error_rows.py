"""Errors that the reference names: their words, and whether they end the step for good."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject
from promotions.engine.registry import Registry
from promotions.engine.runner import StepError
from promotions.steps.catalogue import builtin_steps
from tests.functional.hostile.honest import honest_outside
from tests.unit.steps.contexts import context

ERR, ERR_T, FAIL, FAIL_T = (False, False), (False, True), (True, False), (True, True)
"""Whether a step failed rather than erred, and whether trying again is of no use."""

_URL = "http://127.0.0.1"


@dataclass(frozen=True)
class Row:
    """One error: the step, its configuration, how it ends and with which words."""

    kind: str
    config: JSONObject
    outcome: tuple[bool, bool]
    words: str
    state: JSONObject | None = None


def _update(kind: str, path: str, key: str, value: object = "v") -> tuple[str, JSONObject]:
    return kind, {"path": path, "updates": [{"key": key, "value": value}]}  # type: ignore[dict-item]  # JSON


def _parse(kind: str, path: str, expression: str = "k") -> tuple[str, JSONObject]:
    output: JSONObject = {"name": "a", "fromExpression": expression}
    return kind, {"path": path, "outputs": [output]}


ROWS = (
    Row("fail", {}, FAIL_T, "failed"),
    Row("fail", {"message": "m"}, FAIL_T, "failed: m"),
    Row("copy", {"inPath": "no", "outPath": "b"}, ERR, 'failed to copy "no" to "b": no: no such'),
    Row("delete", {"path": "../x"}, ERR, "path attempts to traverse outside the working directory"),
    Row("delete", {"path": "."}, ERR, "path attempts to traverse outside the working directory"),
    Row("delete", {"path": "no", "strict": True}, ERR, 'path "no" does not exist'),
    Row(
        "delete",
        {"path": "no*", "strict": True, "pathsAreGlobs": True},
        ERR,
        'no paths matched pattern "no*"',
    ),
    Row("delete", {"path": "[", "pathsAreGlobs": True}, ERR_T, 'invalid glob pattern "["'),
    Row("file-write", {"path": "/a", "contents": ""}, FAIL_T, 'path "/a" must be relative'),
    Row("file-write", {"path": "../a", "contents": ""}, FAIL_T, "outside the working directory"),
    Row("file-write", {"path": "x/.git/a", "contents": ""}, FAIL_T, ".git directory is forbidden"),
    Row(
        "file-write",
        {"path": "a", "contents": "", "permissions": "0755"},
        FAIL_T,
        "must not include executable bits",
    ),
    Row(
        "file-write",
        {"path": "a", "contents": "", "permissions": "0666"},
        FAIL_T,
        "must not be world-writable",
    ),
    Row("file-write", {"path": "a.yaml", "contents": "x"}, FAIL_T, "set overwrite to true"),
    Row("file-write", {"path": "link/a", "contents": "x"}, FAIL_T, "(symlinks are forbidden)"),
    Row("file-write", {"path": "dir", "contents": "", "overwrite": True}, ERR, "is a directory"),
    Row("tar", {"inPath": "no", "outPath": "b"}, ERR, 'input path "no" does not exist'),
    Row("untar", {"inPath": "a.yaml", "outPath": "b"}, ERR, "error reading tar"),
    Row("untar", {"inPath": "empty", "outPath": "b"}, ERR, "failed to read file header"),
    Row(*_update("json-update", "a.json", "k", {"a": 1}), ERR, 'value for key "k" is not a scalar'),
    Row(*_update("json-update", "a.json", "a.*"), ERR, "a.*"),
    Row(*_update("yaml-update", "a.yaml", "no"), ERR, "key path not found"),
    Row(*_update("yaml-update", "a.yaml", "l.9"), ERR, "key path not found"),
    Row(*_update("yaml-update", "a.yaml", "m"), ERR, "does not address a scalar node"),
    Row(*_update("yaml-update", "a.yaml", "a..b"), ERR, "a..b"),
    Row(*_update("toml-update", "a.toml", "no"), ERR, "key path not found"),
    Row(*_update("toml-update", "a.toml", "t"), ERR, "instead of a scalar node"),
    Row(*_update("toml-update", "a.toml", "k", [1]), ERR, "value is not a TOML scalar type"),
    Row(*_update("hcl-update", "a.tf", "no"), ERR, "no"),
    *(
        Row(*_parse(f"{language}-parse", name), ERR, words)
        for language in ("json", "yaml", "toml")
        for name, words in (("no", "no such file"), ("empty", "could not parse empty"))
    ),
    *(
        Row(*_parse(f"{language}-parse", "broken"), ERR, "could not parse")
        for language in ("json", "yaml", "toml")
    ),
    Row(*_parse("yaml-parse", "a.yaml", "k +"), ERR_T, "error compiling expression"),
    Row(*_parse("yaml-parse", "a.yaml", "k.x.y"), ERR, "error evaluating expression"),
    Row("yaml-merge", {"inFiles": ["no"], "outFile": "b"}, ERR, 'input file "no" not found'),
    Row("helm-template", {"path": "no", "outPath": "b", "releaseName": "r"}, ERR, "no such file"),
    Row(
        "helm-template",
        {"path": "dir", "outPath": "b", "releaseName": "r", "valuesFiles": ["no"]},
        ERR,
        "failed to compose values: no: no such file",
    ),
    Row("helm-update-chart", {"path": "no"}, ERR, "no/Chart.yaml: no such file"),
    Row(
        "helm-update-chart",
        {"path": "chart", "charts": [{"repository": "https://x", "name": "d", "version": "1"}]},
        ERR,
        'no dependency in Chart.yaml matches update with repository "https://x" and name "d"',
    ),
    Row("helm-update-chart", {"path": "linked"}, ERR, "Chart.lock is a symbolic link"),
    Row(
        "helm-template",
        {"path": "stale", "outPath": "b", "releaseName": "r", "buildDependencies": True},
        ERR,
        "is out of sync with",
    ),
    Row("kustomize-set-image", {"path": "dir"}, ERR, "could not find any Kustomization files in"),
    Row("kustomize-set-image", {"path": "two"}, ERR, "found multiple Kustomization files"),
    Row("kustomize-build", {"path": "no", "outPath": "b"}, ERR, "no is not a directory"),
    Row("http", {"url": _URL, "bodyFromFile": "no"}, ERR_T, "error reading the body"),
    Row("http", {"url": _URL, "timeout": "1x1s"}, ERR_T, "is not a duration"),
    Row("http", {"url": _URL, "successExpression": "1 +"}, ERR_T, "error compiling"),
    Row("http", {"url": _URL, "successExpression": "1"}, ERR, "error evaluating the response"),
    Row(
        "http",
        {"url": _URL, "failureExpression": "true", "errorExpression": "'why'"},
        FAIL_T,
        'HTTP (200) response met failure criteria: "why"',
    ),
    Row("http-download", {"url": _URL, "outPath": "a.yaml"}, ERR_T, "overwrite is not allowed"),
    Row("oci-download", {"imageRef": "x:y", "outPath": "b"}, ERR, "failed to parse image"),
    Row(
        "oci-download",
        {"imageRef": "ghcr.io/a/b:c", "outPath": "b", "mediaType": "no"},
        ERR,
        "failed to find target layer",
    ),
    Row(
        "oci-push",
        {"srcRef": "x:y", "destRef": "ghcr.io/a/b:c"},
        FAIL_T,
        'failed to parse source reference "x:y"',
    ),
    Row(
        "oci-push",
        {"srcRef": "ghcr.io/a/b:c", "destRef": "x:y"},
        FAIL_T,
        'failed to parse destination reference "x:y"',
    ),
    Row("set-freight-alias", {"name": "no", "alias": "a"}, FAIL_T, 'freight "no" not found in'),
    Row(
        "set-metadata",
        {"updates": [{"kind": "Freight", "name": "f9", "values": {"": 1}}]},
        ERR,
        'error getting Freight: "f9" not found',
    ),
    Row(
        "git-clone",
        {
            "repoURL": "https://h.example/r",
            "checkout": [{"path": "a", "as": "x"}, {"path": "b", "as": "x"}],
        },
        FAIL_T,
        'duplicate checkout alias "x" at checkout[1]',
    ),
    *(
        Row(kind, {"path": "dir", **more}, ERR, "git-clone")
        for kind, more in (
            ("git-clear", {}),
            ("git-commit", {"message": "m"}),
            ("git-push", {}),
            ("git-tag", {"tag": "t", "message": "m"}),
        )
    ),
    *(
        Row(
            "git-open-pr",
            {"repoURL": "https://github.com/o/r", "sourceBranch": "a", "targetBranch": "b"},
            ERR,
            words,
            {"step-1": stored},
        )
        for stored, words in (("x", "is not an object"), ({"pr": {"id": "x"}}, "is not a number"))
    ),
    *(
        Row(
            kind,
            {"repoURL": "https://h.example/o/r", "prNumber": 1},
            ERR,
            "no registered",
        )
        for kind in ("git-wait-for-pr", "git-merge-pr")
    ),
    Row("argocd-update", {"apps": [{"name": "a"}]}, ERR, "Argo CD integration is disabled"),
    Row("argocd-wait", {"apps": [{"name": "a"}]}, ERR, "Argo CD integration is disabled"),
)
"""Every one of them is a row of the reference, or one of its rules."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with honest_outside(tmp_path_factory.mktemp("outside")) as outside:
        yield Registry(builtin_steps(outside.ports))


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    workdir = tmp_path / "work"
    lock = "dependencies: []\ndigest: sha256:0\ngenerated: '2026-01-01T00:00:00Z'\n"
    dependency = "dependencies:\n- {name: d, version: '1', repository: 'https://x'}\n"
    for name, text in {
        "a.yaml": "k: 1\nm: {a: 1}\nl: [1]\n",
        "a.json": '{"k": 1}',
        "a.toml": "k = 1\n[t]\na = 1\n",
        "a.tf": 'k = "v"\n',
        "empty": "",
        "broken": "a: [\x01",
        "dir/file": "x",
        "chart/Chart.yaml": "name: c\nversion: 1.0.0\n",
        "linked/Chart.yaml": f"name: c\nversion: 1.0.0\n{dependency}",
        "stale/Chart.yaml": f"name: c\nversion: 1.0.0\n{dependency}",
        "stale/Chart.lock": lock,
        "two/kustomization.yaml": "{}",
        "two/kustomization.yml": "{}",
    }.items():
        (workdir / name).parent.mkdir(parents=True, exist_ok=True)
        (workdir / name).write_text(text)
    (workdir / "link").symlink_to("dir")
    (workdir / "linked/Chart.lock").symlink_to("../a.yaml")
    return workdir


@pytest.mark.parametrize("row", ROWS, ids=[f"{i}: {it.kind}" for i, it in enumerate(ROWS)])
def test_an_error_is_as_the_reference_has_it(row: Row, registry: Registry, workdir: Path) -> None:
    asked = replace(context(workdir, row.config), state=row.state or {})
    assert not registry.schema(row.kind).problems(row.config)

    with pytest.raises((StepError, PlatformError)) as caught:
        registry.find(row.kind).run(asked)

    assert row.words in str(caught.value)
    assert isinstance(caught.value, StepError)
    assert (caught.value.failed, caught.value.terminal) == row.outcome
    assert str(workdir) not in str(caught.value)
