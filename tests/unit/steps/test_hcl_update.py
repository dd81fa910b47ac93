"""The ``hcl-update`` step."""

import stat
from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult, StepRunner
from promotions.engine.schema import ConfigSchema
from promotions.steps.hcl_update import SCHEMA, HclUpdate
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = HclUpdate()


def update(workdir: Path, path: str, **values: JSONValue) -> StepResult:
    updates: list[JSONObject] = [
        {"key": key.replace("__", "."), "value": value} for key, value in values.items()
    ]
    return STEP.run(context(workdir, {"path": path, "updates": updates}))


def test_values_are_set_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "env.auto.tfvars"
    file.write_bytes(b'# env\r\nimage_uri = "app:v1" # tag\r\nreplica_count=1\r\non = false\r\n')
    file.chmod(0o640)

    values: dict[str, JSONValue] = {"image_uri": "app:${v2}", "replica_count": 3, "on": True}
    results = [update(tmp_path, "env.auto.tfvars", **values) for _ in range(2)]

    assert file.read_bytes() == (
        b'# env\r\nimage_uri = "app:$${v2}" # tag\r\nreplica_count=3\r\non = true\r\n'
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    message = 'Updated env.auto.tfvars\n\n- image_uri: "app:${v2}"\n- replica_count: 3\n- on: true'
    assert [it.output for it in results] == [{"commitMessage": message}] * 2


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("none.tf", "a = 1", "no such file"),
        ("a.tf", "a =", "error parsing HCL: line 1"),
        ("a.tf", "b = 1", 'error updating key "a": key path not found'),
        ("a.tf", "a {\n}", "key path addresses a block instead of a value"),
    ],
)
def test_trouble_is_an_ordinary_error_and_the_file_stays(
    tmp_path: Path, path: str, content: str, message: str
) -> None:
    (tmp_path / "a.tf").write_text(content)

    with pytest.raises(StepError, match=f"(?i)HCL file update failed: .*{message}") as caught:
        update(tmp_path, path, a="x")

    assert (tmp_path / "a.tf").read_text() == content
    assert (caught.value.failed, caught.value.terminal) == (False, False)


@pytest.mark.parametrize("path", ["../outside/file", "/etc/passwd", "escape/file", "in/no/file"])
def test_a_path_never_leads_outside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path), pytest.raises(StepError):
        update(workdir, path, a=1)


@pytest.mark.parametrize("value", [None, [1], {}])
def test_only_scalars_are_values(value: JSONValue) -> None:
    config: JSONObject = {"path": "a", "updates": [{"key": "a", "value": value}]}

    assert ConfigSchema("hcl-update", SCHEMA).problems(config)
