"""The ``toml-update`` step."""

from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult, StepRunner
from promotions.steps.toml_update import TomlUpdate
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = TomlUpdate()


def update(workdir: Path, path: str, **values: JSONValue) -> StepResult:
    updates: list[JSONObject] = [
        {"key": key.replace("__", "."), "value": value} for key, value in values.items()
    ]
    return STEP.run(context(workdir, {"path": path, "updates": updates}))


def test_values_are_set_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b'# about\r\n[image]\r\ntag = "v1" # the tag\r\n\r\n[[apps]]\r\nn = 1\r\n')

    results = [update(tmp_path, "a.toml", image__tag="2.0.0", apps__0__n=7) for _ in range(2)]

    assert file.read_bytes() == (
        b"# about\r\n[image]\r\ntag = '2.0.0' # the tag\r\n\r\n[[apps]]\r\nn = 7\r\n"
    )
    message = "Updated a.toml\n\n- image.tag: '2.0.0'\n- apps.0.n: 7"
    assert [it.output for it in results] == [{"commitMessage": message}] * 2


@pytest.mark.parametrize(
    ("path", "content", "value", "message"),
    [
        ("none.toml", "a = 1", 1, "no such file"),
        ("a.toml", "a =", 1, "error parsing TOML"),
        ("a.toml", "b = 1", 1, 'error updating key "a": key path not found'),
        ("a.toml", "a = []", 1, "addresses an array instead of a scalar node"),
        ("a.toml", "a = 1", None, "value is not a TOML scalar type"),
    ],
)
def test_trouble_is_an_ordinary_error_and_the_file_stays(
    tmp_path: Path, path: str, content: str, value: JSONValue, message: str
) -> None:
    (tmp_path / "a.toml").write_text(content)

    with pytest.raises(StepError, match=f"(?i)TOML file update failed: .*{message}") as caught:
        update(tmp_path, path, a=value)

    assert (tmp_path / "a.toml").read_text() == content
    assert (caught.value.failed, caught.value.terminal) == (False, False)


@pytest.mark.parametrize("path", ["../outside/file", "/etc/passwd", "escape/file", "in/no/file"])
def test_a_path_never_leads_outside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path), pytest.raises(StepError):
        update(workdir, path, a=1)
