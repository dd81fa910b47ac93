"""The ``yaml-update`` step."""

import stat
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.yaml_update import YamlUpdate
from tests.unit.steps.contexts import context

STEP: StepRunner = YamlUpdate()


def test_the_step_rewrites_the_file_and_puts_out_a_commit_message(tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("image:\n  tag: v1\n")
    file.chmod(0o640)
    config: JSONObject = {"path": "/values.yaml", "updates": [{"key": "image.tag", "value": "v2"}]}

    results = [STEP.run(context(tmp_path, config)) for _ in range(2)]

    assert file.read_text() == "image:\n  tag: v2\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert {str(it.output) for it in results} == {
        str({"commitMessage": "Updated /values.yaml\n\n- image.tag: v2"})
    }


@pytest.mark.parametrize(
    ("path", "key"), [("none.yaml", "a"), ("../../etc/passwd", "a"), ("x.yaml", "b"), (".", "a")]
)
def test_trouble_is_an_ordinary_error_that_leaves_the_file_alone(
    tmp_path: Path, path: str, key: str
) -> None:
    (tmp_path / "x.yaml").write_text("a: 1\n")
    updates: list[JSONObject] = [{"key": "a", "value": 2}, {"key": key, "value": 2}]

    with pytest.raises(StepError) as caught:
        STEP.run(context(tmp_path, {"path": path, "updates": updates}))

    assert (tmp_path / "x.yaml").read_text() == "a: 1\n"
    assert str(tmp_path) not in caught.value.message
    assert not caught.value.terminal
    assert not caught.value.failed
