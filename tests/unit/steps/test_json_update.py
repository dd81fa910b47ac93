"""The ``json-update`` step."""

import stat
from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult, StepRunner
from promotions.steps.json_update import JsonUpdate
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = JsonUpdate()


def update(workdir: Path, path: str, **values: JSONValue) -> StepResult:
    updates: list[JSONObject] = [
        {"key": key.replace("__", "."), "value": value} for key, value in values.items()
    ]
    return STEP.run(context(workdir, {"path": path, "updates": updates}))


def test_values_are_set_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b'\xef\xbb\xbf{"image": {"tag": "v1"},\r\n  "on": true}')
    file.chmod(0o640)

    results = [update(tmp_path, "./a.json", image__tag="v2", on=False, n=42) for _ in range(2)]

    assert file.read_bytes() == (
        b'\xef\xbb\xbf{"image": {"tag": "v2"},\r\n  "on": false,\r\n  "n": 42}'
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    message = 'Updated ./a.json\n\n- image.tag: "v2"\n- on: false\n- n: 42'
    assert [it.output for it in results] == [{"commitMessage": message}] * 2


def test_an_empty_file_gains_structure(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch()

    update(tmp_path, "a.json", a__b=1)

    assert (tmp_path / "a.json").read_text() == '{"a":{"b":1}}'


@pytest.mark.parametrize(
    ("path", "content", "value", "message"),
    [
        ("none.json", "{}", 1, "no such file"),
        ("a.json", "{", 1, "unexpected end"),
        ("a.json", "\udcff", 1, "utf-8"),
        ("a.json", "{}", None, 'value for key "a" is not a scalar type'),
        ("a.json", "{}", [1], 'value for key "a" is not a scalar type'),
        (".", "{}", 1, "not a regular file"),
        ("a.json/b", "{}", 1, "not a directory"),
        ("a\0b", "{}", 1, "NUL"),
    ],
)
def test_trouble_is_an_ordinary_error_and_the_file_stays(
    tmp_path: Path, path: str, content: str, value: JSONValue, message: str
) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(StepError, match=f"(?i)JSON file update failed: .*{message}") as caught:
        update(tmp_path, path, b=1, a=value)

    assert file.read_bytes() == content.encode(errors="surrogateescape")
    assert [it.name for it in tmp_path.iterdir()] == ["a.json"]
    assert str(tmp_path) not in caught.value.message
    assert (caught.value.failed, caught.value.terminal) == (False, False)


@pytest.mark.parametrize("path", ["../outside/file", "/etc/passwd", "escape/file", "in/no/file"])
def test_a_path_never_leads_outside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path), pytest.raises(StepError):
        update(workdir, path, a=1)


def test_a_link_inside_is_followed(tmp_path: Path) -> None:
    workdir = trapped(tmp_path)
    (workdir / "in/a.json").write_text("{}")

    update(workdir, "inner/a.json", a=1)

    assert (workdir / "in/a.json").read_text() == '{"a":1}'
