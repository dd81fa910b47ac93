"""``github-push`` accepts and refuses the configurations that Kargo's own schema does."""

import json
from itertools import product

import pytest
from jsonschema import Draft202012Validator

from common.jsontypes import JSONObject, JSONValue
from promotions.steps.github_push import SCHEMA
from tests.conformance.vectors import DIRECTORY

KARGO = DIRECTORY.parent / "reference" / "data" / "step-schemas"
VALUES: dict[str, tuple[JSONValue, ...]] = {
    "targetBranch": ("", "main", None, 7),
    "generateTargetBranch": (True, False, None, "true"),
}
OTHERS: tuple[JSONObject, ...] = (
    {},
    {"path": ""},
    {"path": 1},
    {"path": "out", "force": True},
    {"path": "out", "force": "true"},
    {"path": "out", "force": None},
    {"path": "out", "maxAttempts": 0},
    {"path": "out", "maxAttempts": 1},
    {"path": "out", "maxAttempts": 2**31 - 1},
    {"path": "out", "maxAttempts": 2**31},
    {"path": "out", "maxAttempts": 1.5},
    {"path": "out", "maxAttempts": "1"},
    {"path": "out", "insecureSkipTLSVerify": True},
    {"path": "out", "insecureSkipTLSVerify": "no"},
    {"path": "out", "tag": "v1"},
    {"path": "out", "provider": "github"},
    {"path": "out", "generateTargetBranch": True, "force": True},
)


def cases() -> list[JSONObject]:
    chosen = (("targetBranch",), ("generateTargetBranch",), tuple(VALUES))
    combined: list[JSONObject] = [
        {"path": "out", **dict(zip(names, values, strict=True))}
        for names in chosen
        for values in product(*(VALUES[name] for name in names))
    ]
    return [*OTHERS, *combined]


@pytest.mark.parametrize("config", cases(), ids=json.dumps)
def test_a_configuration_is_accepted_if_kargo_accepts_it(config: JSONObject) -> None:
    theirs = json.loads((KARGO / "github-push-config.json").read_text())

    is_theirs = Draft202012Validator(theirs).is_valid(config)

    assert Draft202012Validator(SCHEMA).is_valid(config) is is_theirs
