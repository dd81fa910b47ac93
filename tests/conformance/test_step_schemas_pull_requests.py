"""The pull request steps accept and refuse the configurations that Kargo's schemas do."""

import json

import pytest
from jsonschema import Draft202012Validator

from common.jsontypes import JSONObject, JSONValue, as_object
from promotions.engine.schema import ConfigSchema, field_formats
from promotions.steps.git_merge_pr import SCHEMA as MERGE
from promotions.steps.git_open_pr import SCHEMA as OPEN
from promotions.steps.git_wait_for_pr import SCHEMA as WAIT
from tests.conformance.vectors import DIRECTORY

KARGO = DIRECTORY.parent / "reference" / "data" / "step-schemas"
SCHEMAS: dict[str, JSONObject] = {
    "git-merge-pr": MERGE,
    "git-open-pr": OPEN,
    "git-wait-for-pr": WAIT,
}
VALID: dict[str, JSONObject] = {
    "git-merge-pr": {"repoURL": "https://x/a/b", "prNumber": 1},
    "git-open-pr": {"repoURL": "https://x/a/b", "sourceBranch": "s", "targetBranch": "t"},
    "git-wait-for-pr": {"repoURL": "https://x/a/b", "prNumber": 1},
}
VALUES: tuple[JSONValue, ...] = (
    None,
    "",
    "x",
    "true",
    "azure",
    "bitbucket",
    "gitea",
    "github",
    "gitlab",
    "GitHub",
    "gogs",
    "10s",
    "1h30m",
    "1.5h",
    "5µs",
    "10",
    "soon",
    "https://example.com/a/b.git",
    "http://127.0.0.1:8080/a",
    "ssh://git@example.com/a/b",
    "git@example.com:a/b",
    "/srv/repository",
    "https://",
    -1,
    0,
    1,
    1.0,
    1.5,
    2**31 - 1,
    2**31,
    2**63,
    True,
    False,
    [],
    [""],
    ["a", "b"],
    ["a", 1],
    {},
    {"a": "b"},
)


def is_valid(schema: Draft202012Validator, config: JSONObject) -> bool:
    return bool(schema.is_valid(config))


def kargo(kind: str) -> Draft202012Validator:
    document = json.loads((KARGO / f"{kind}-config.json").read_text())
    return Draft202012Validator(document, format_checker=field_formats())


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_takes_what_kargos_takes(kind: str) -> None:
    theirs, ours = kargo(kind), ConfigSchema(kind, SCHEMAS[kind])
    fields = [*json.loads((KARGO / f"{kind}-config.json").read_text())["properties"], "unknown"]
    configs = [{**VALID[kind], field: value} for field in fields for value in VALUES]

    differing = [it for it in configs if is_valid(theirs, it) is bool(ours.problems(it))]

    assert differing == []
    assert any(is_valid(theirs, it) for it in configs)
    assert not all(is_valid(theirs, it) for it in configs)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_what_kargo_requires_is_required(kind: str) -> None:
    theirs, ours = kargo(kind), ConfigSchema(kind, SCHEMAS[kind])

    assert not ours.problems(VALID[kind])
    for field in VALID[kind]:
        config = {name: it for name, it in VALID[kind].items() if name != field}
        assert not is_valid(theirs, config)
        assert [str(it) for it in ours.problems(config)] == [f"(root): {field} is required"]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_fields_are_kargos(kind: str) -> None:
    theirs = json.loads((KARGO / f"{kind}-config.json").read_text())

    assert set(as_object(SCHEMAS[kind]["properties"])) == set(theirs["properties"])
