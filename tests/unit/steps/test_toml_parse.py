"""The ``toml-parse`` step."""

from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.toml_parse import TomlParse
from tests.unit.steps.contexts import context

STEP: StepRunner = TomlParse()


def value(workdir: Path, text: str, expression: str) -> JSONValue:
    (workdir / "a.toml").write_text(text)
    outputs: list[JSONObject] = [{"name": "o", "fromExpression": expression}]
    output = STEP.run(context(workdir, {"path": "a.toml", "outputs": outputs})).output or {}
    return output["o"]


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        ("[image]\ntag = 'latest'\n", "image.tag", "latest"),
        ("a = 1\n", "b", None),
        ("a = 7\n", "a % 4", 3),
        ("a = 7.5\n", "a", 7.5),
        ("a = true\n", "a", True),
        ("[[apps]]\nn = 1\n[[apps]]\nn = 2\n", "map(apps, .n)", [1, 2]),
        ("a = 1979-05-27T07:32:00Z\n", "a", "1979-05-27T07:32:00Z"),
        ("a = 1979-05-27T00:32:00.5-07:00\n", "a", "1979-05-27T00:32:00.5-07:00"),
        ("a = 1979-05-27T07:32:00Z\n", "a.Year()", 1979),
        ("a = 1979-05-27T07:32:00\n", "a", "1979-05-27T07:32:00"),
        ("a = 1979-05-27\n", "a", "1979-05-27"),
        ("a = 07:32:00\n", "a", "07:32:00"),
        ("a = [1979-05-27T07:32:00Z]\n", "$env", {"a": ["1979-05-27T07:32:00Z"]}),
    ],
)
def test_the_document_is_what_an_expression_sees(
    tmp_path: Path, text: str, expression: str, expected: JSONValue
) -> None:
    assert value(tmp_path, text, expression) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "could not parse empty TOML file"),
        ("a =", "could not parse TOML file"),
        ("a = 1\na = 2", "could not parse TOML file"),
        ("a = 9223372036854775808", "64 bits"),
        ("a = " + "[" * 100_000, "could not parse TOML file"),
        ("a = nan", "the value cannot be put out"),
    ],
)
def test_what_cannot_be_read_is_an_ordinary_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(StepError, match=message) as caught:
        value(tmp_path, text, "a")

    assert (caught.value.failed, caught.value.terminal) == (False, False)
