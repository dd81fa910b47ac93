"""Characters that a database cannot hold, in what steps put out and say."""

from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.models import StepExecution
from tests.fakes.git_origin import Origin
from tests.functional.domain.test_bad_steps import clone, promoted, step
from tests.functional.domain.world import World


def parse(name: str) -> JSONObject:
    outputs: JSONObject = {"name": "found", "fromExpression": "k"}
    return step("json-parse", path=f"./src/{name}", outputs=[outputs])


def test_an_output_of_a_hostile_file_is_stored(world: World, tmp_path: Path) -> None:
    text = '{"k": {"a\\u0000b": "\\u0000\\ud800"}}'
    hostile = Origin.create(tmp_path / "hostile.git", {"a.json": text})

    promotion = promoted(world, clone(hostile.url), parse("a.json"))

    assert promotion.phase == "Succeeded", promotion.message
    assert promotion.state["json-parse"] == {"found": {"a\ufffdb": "\ufffd\ufffd"}}


@pytest.mark.parametrize(
    "failing",
    [
        step("fail", message="${{ fromJSON('\"a\\\\u0000b\"') }}"),
        step(
            "yaml-update",
            path="${{ fromJSON('\"a\\\\u0000b\"') }}",
            updates=[{"key": "a", "value": 1}],
        ),
        step("file-write", path="${{ fromJSON('\"a\\\\u0000b\"') }}", contents="x"),
    ],
    ids=["fail", "yaml-update", "file-write"],
)
def test_a_message_with_any_character_is_stored(world: World, failing: JSONObject) -> None:
    promotion = promoted(world, failing)

    assert promotion.phase in {"Failed", "Errored"}
    assert "a\ufffdb" in promotion.message
    (row,) = StepExecution.objects.filter(promotion=promotion)
    assert "a\ufffdb" in row.message
