"""The reader of answers refuses what the command line was seen to refuse, and takes the rest."""

import copy
from typing import Any

import pytest

from tests.compat.cli import models
from tests.compat.cli.models import DecodeError, check

pytestmark = pytest.mark.skipif(not models.described(), reason="no description of Kargo's API")
ORIGIN = {"kind": "Warehouse", "name": "main"}
CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Synced",
    "message": "",
    "lastTransitionTime": "2026-06-01T12:00:00Z",
}
STAGE: dict[str, Any] = {
    "metadata": {"name": "test", "creationTimestamp": "2026-06-01T12:00:00.5+00:00"},
    "spec": {"requestedFreight": [{"origin": ORIGIN, "sources": {"requiredSoakTime": "1h0m0s"}}]},
    "status": {"conditions": [CONDITION], "metadata": {"any": {"thing": [1]}}, "health": None},
}


def schema(name: str) -> dict[str, str]:
    return {"$ref": f"#/definitions/{name}"}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the Stage with something else at a path; ``None`` takes it out."""
    stage = copy.deepcopy(STAGE)
    *way, last = path.split(".")
    place: Any = stage
    for key in way:
        place = place[int(key)] if isinstance(place, list) else place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return stage


def test_a_stage_is_read_alone_and_in_a_list() -> None:
    check(STAGE, schema("Stage"))
    check({"items": [STAGE], "new": 1, "metadata": {"new": 1}}, schema("StageList"))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("new", 1, "unknown field"),
        ("metadata.new", 1, "unknown field"),
        ("spec.requestedFreight.0.origin.new", 1, "unknown field"),
        ("status.conditions.0.new", 1, "unknown field"),
        ("spec.targets", {}, "unknown field"),
        ("status.promotionWindowStatus", {}, "unknown field"),
        ("spec", None, "required property spec"),
        ("spec.requestedFreight.0.origin.kind", None, "required property kind"),
        ("status.conditions.0.reason", None, "required property reason"),
        ("metadata.generation", 3_000_000_000, "int32"),
        ("metadata.resourceVersion", 7, "cannot unmarshal"),
        ("metadata.creationTimestamp", "yesterday", "parsing time"),
        ("spec.requestedFreight.0.sources.requiredSoakTime", "an hour", "invalid duration"),
    ],
)
def test_what_is_wrong_with_one_stage_is_wrong_with_the_list(
    path: str, value: Any, message: str
) -> None:
    stage = changed(path, value)

    for answer, name in ((stage, "Stage"), ({"items": [STAGE, stage]}, "StageList")):
        with pytest.raises(DecodeError, match=message):
            check(answer, schema(name))


def test_other_kinds_may_have_keys_that_nobody_knows() -> None:
    for name in ("Project", "V1Secret", "V1ConfigMap", "ProjectConfig", "ListProjectsResponse"):
        check({"new": 1, "metadata": {"new": 1}}, schema(name))


def test_conditions_are_read_strictly_wherever_they_are() -> None:
    for name in ("Project", "ProjectConfig", "ClusterConfig"):
        with pytest.raises(DecodeError, match="unknown field"):
            check({"status": {"conditions": [{**CONDITION, "new": 1}]}}, schema(name))


def test_a_value_of_a_secret_is_base64() -> None:
    check({"data": {"token": "ZXk="}}, schema("V1Secret"))
    with pytest.raises(DecodeError, match="base64"):
        check({"data": {"token": "*** REDACTED ***"}}, schema("V1Secret"))
