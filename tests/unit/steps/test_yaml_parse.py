"""The ``yaml-parse`` step."""

from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.yaml_parse import YamlParse
from tests.unit.steps.contexts import context

STEP: StepRunner = YamlParse()


def value(workdir: Path, text: str, expression: str) -> JSONValue:
    (workdir / "a.yaml").write_text(text)
    outputs: list[JSONObject] = [{"name": "o", "fromExpression": expression}]
    output = STEP.run(context(workdir, {"path": "a.yaml", "outputs": outputs})).output or {}
    return output["o"]


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        ("image:\n  tag: latest\n", "image.tag", "latest"),
        ("a: 1\n", "b", None),
        ("a: 7\n", "type(a)", "float"),
        ("a: 7\n", "a", 7),
        ("a: 2024-01-01\n", "a", "2024-01-01"),
        ("a: '7'\n", "a", "7"),
        ("a: yes\n", "a", True),
        ("- 1\n- b: x\n", "$env[1].b", "x"),
        ("a: &x [1, 2]\nb: *x\n", "b", [1, 2]),
        ("a: 1\n---\na: 2\n", "a", 1),
        ("# nothing\n", "$env", None),
        ("1: x\ntrue: y\n", "$env['1'] + $env['true']", "xy"),
    ],
)
def test_the_first_document_is_what_an_expression_sees(
    tmp_path: Path, text: str, expression: str, expected: JSONValue
) -> None:
    assert value(tmp_path, text, expression) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: [",
        "a: 1\na: 2\n",
        "a: .nan\n",
        f"a: {'9' * 400}\n",
        "[" * 100_000,
        "a: &a [*a]\n",
        "a: &a [x, x]\nb: &b [" + ", ".join(["*a"] * 99) + "]\nc: [" + "*b, " * 9999 + "]\n",
    ],
)
def test_what_cannot_be_read_is_an_ordinary_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(StepError, match="could not parse") as caught:
        value(tmp_path, text, "a")

    assert (caught.value.failed, caught.value.terminal) == (False, False)
