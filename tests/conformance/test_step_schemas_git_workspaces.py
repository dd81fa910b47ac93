"""Our schemas accept what Kargo's do: steps that work in clones."""

import json
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from common.jsontypes import JSONObject
from promotions.steps.git_clear import GitClear
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_push import GitPush
from promotions.steps.git_tag import GitTag
from tests.conformance.vectors import DIRECTORY

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "step-schemas"
if not SCHEMAS.is_dir():
    pytest.skip(f"Kargo's step schemas are not in {SCHEMAS}", allow_module_level=True)

AUTHOR = {"name": "A", "email": "a@example.com"}


def clone(*checkout: Any, **more: Any) -> dict[str, Any]:
    return {"repoURL": "https://example.com/r", "checkout": list(checkout), **more}


def each(base: dict[str, Any], *values: dict[str, Any]) -> list[dict[str, Any]]:
    return [base, *({**base, **value} for value in values)]


OUT = {"path": "out"}
CASES: dict[type, list[dict[str, Any]]] = {
    GitClone: [
        {}, clone(), clone(OUT), clone({}), clone({"path": ""}), clone(OUT, more=1),
        clone({"path": 1}), clone({**OUT, "more": 1}), {**clone(OUT), "repoURL": ""},
        clone(OUT, blobless=True), clone(OUT, blobless="yes"), clone(OUT, recurseSubmodules=True),
        clone(OUT, insecureSkipTLSVerify=False), clone(OUT, author=AUTHOR), clone(OUT, author={}),
        clone(OUT, author={"name": "A"}), clone(OUT, author={**AUTHOR, "name": ""}),
        clone(OUT, author={**AUTHOR, "signingKey": "k"}), clone(OUT, author={**AUTHOR, "x": 1}),
        *(clone({**OUT, "sparse": it}) for it in ([], [""], ["a"], "a", [1])),
        *(clone({**OUT, **it}) for it in (
            {"branch": "b"}, {"commit": "c"}, {"tag": "t"}, {"branch": "b", "commit": "c"},
            {"branch": "b", "tag": "t"}, {"commit": "c", "tag": "t"}, {"branch": ""},
            {"branch": "", "commit": "c"}, {"branch": "b", "commit": "", "tag": ""},
            {"branch": "b", "create": True}, {"create": True}, {"create": 1}, {"as": "x"},
            {"as": 1}, {"branch": 1},
        )),
    ],
    GitClear: [{}, *each(OUT, {"path": ""}, {"path": 1}, {"more": 1})],
    GitCommit: [
        {}, OUT, *each({**OUT, "message": "m"}, {"message": ""}, {"more": 1}, {"author": AUTHOR},
                       {"author": {"name": "A"}}),
    ],
    GitTag: [
        {}, OUT, *each({**OUT, "tag": "v", "message": "m"}, {"tag": ""}, {"message": ""},
                       {"path": ""}, {"force": True}, {"force": 1}, {"more": 1}, {"tag": 1}),
    ],
    GitPush: [
        {}, *each(
            OUT, {"path": ""}, {"targetBranch": "b"}, {"targetBranch": ""}, {"tag": "v"},
            {"generateTargetBranch": True}, {"generateTargetBranch": False}, {"more": 1},
            {"targetBranch": "b", "tag": "v"}, {"targetBranch": "b", "generateTargetBranch": True},
            {"tag": "v", "generateTargetBranch": True}, {"tag": "v", "force": True},
            {"tag": "v", "force": False}, {"force": True}, {"force": "x"},
            {"targetBranch": "b", "force": True}, {"generateTargetBranch": True, "force": True},
            *({"maxAttempts": it} for it in (0, 1, 10, 2**31 - 1, 2**31, "1", 1.5)),
            *({"provider": it} for it in ("github", "azure", "bitbucket", "gitea", "gitlab", "x")),
        ),
    ],
}  # fmt: skip


def _theirs(kind: str) -> Draft7Validator:
    registry = Registry[Any]().with_resources(
        (path.name, DRAFT7.create_resource(json.loads(path.read_text())))
        for path in SCHEMAS.glob("*.json")
    )
    schema = json.loads((SCHEMAS / f"{kind}-config.json").read_text())
    return Draft7Validator(schema, registry=registry)


@pytest.mark.parametrize(
    ("step", "config"), [(step, config) for step, configs in CASES.items() for config in configs]
)
def test_a_configuration_is_accepted_or_refused_by_both(step: type, config: JSONObject) -> None:
    ours = Draft202012Validator(step.schema)  # type: ignore[attr-defined] # every step has one

    assert ours.is_valid(config) == _theirs(step.kind).is_valid(config)  # type: ignore[attr-defined] # the same
