"""The ``json-parse`` step, and what it shares with its siblings."""

from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.json_parse import JsonParse
from tests.unit.steps.contexts import NOW, context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = JsonParse()


def parse(workdir: Path, *expressions: str, path: str = "a.json") -> JSONObject:
    outputs: list[JSONObject] = [
        {"name": f"o{index}", "fromExpression": text} for index, text in enumerate(expressions)
    ]
    return STEP.run(context(workdir, {"path": path, "outputs": outputs})).output or {}


def value(workdir: Path, text: str, expression: str) -> JSONValue:
    (workdir / "a.json").write_text(text)
    return parse(workdir, expression)["o0"]


@pytest.mark.parametrize(
    ("text", "expression", "expected"),
    [
        ('{"image": {"tag": "latest"}}', "image.tag", "latest"),
        ('{"a": 1}', "missing", None),
        ('{"a": 1}', "a", 1),
        ('{"a": 1.5}', "a", 1.5),
        ('{"a": 1}', "type(a)", "float"),
        ('{"a": [1, {"b": null}]}', "a", [1, {"b": None}]),
        ('{"a": [1, 2, 3]}', "filter(a, # > 1)", [2, 3]),
        ('{"a": 1}', "$env", {"a": 1}),
        ('[{"b": 1}, 2]', "$env[0].b", 1),
        ("[1, 2]", "len($env)", 2),
        ("[]", "$env", []),
        ('"text"', "$env", "text"),
        ("null", "$env == nil", True),
        ("7", "$env + 1", 8),
        ('\ufeff{"a": 1}', "a", 1),
        ('{"now": 1}', "now", 1),
        ('{"a": 1}', "now().Year()", NOW.year),
    ],
)
def test_the_root_of_the_document_is_what_an_expression_sees(
    tmp_path: Path, text: str, expression: str, expected: JSONValue
) -> None:
    found = value(tmp_path, text, expression)

    assert found == expected
    assert type(found) is type(expected)


def test_there_is_an_output_for_each_expression(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a": 1, "b": true}')

    assert parse(tmp_path, "a", "b") == {"o0": 1, "o1": True}


@pytest.mark.parametrize(
    ("text", "expression", "message"),
    [
        ("", "a", 'could not parse empty JSON file: "a.json"'),
        ("{", "a", "could not parse JSON file"),
        ("{'a': 1}", "a", "could not parse JSON file"),
        ('{"a": NaN}', "a", "could not parse JSON file"),
        ("[" * 100_000, "a", "could not parse JSON file"),
        ('{"a": 1e999}', "a", "could not parse JSON file"),
        ("{}", "a.b", 'failed to extract outputs: error evaluating expression "a.b"'),
        ("[1]", "a", "cannot fetch a from"),
        ("null", "a", "cannot fetch a from"),
        ("{}", "missing()", "error evaluating expression"),
        ("{}", "0 / 0", "error evaluating expression"),
        ("{}", "1..100000000", "error evaluating expression"),
    ],
)
def test_trouble_with_a_file_is_an_ordinary_error(
    tmp_path: Path, text: str, expression: str, message: str
) -> None:
    with pytest.raises(StepError) as caught:
        value(tmp_path, text, expression)

    assert message in caught.value.message
    assert (caught.value.failed, caught.value.terminal) == (False, False)


@pytest.mark.parametrize("expression", ["a ==", "((", "1 + 'a'", "len()"])
def test_an_expression_that_does_not_compile_ends_the_step(tmp_path: Path, expression: str) -> None:
    with pytest.raises(StepError, match="failed to extract outputs: error compiling") as caught:
        value(tmp_path, "{}", expression)

    assert caught.value.terminal


@pytest.mark.parametrize(
    "path", ["../outside/file", "/etc/passwd", "escape/file", "in/no/file", "in", "a\0b"]
)
def test_a_path_never_leads_outside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)

    with nothing_outside(tmp_path), pytest.raises(StepError, match="error reading JSON file"):
        parse(workdir, "a", path=path)


def test_a_link_inside_is_followed(tmp_path: Path) -> None:
    workdir = trapped(tmp_path)
    (workdir / "in/a.json").write_text('{"a": 1}')

    assert parse(workdir, "a", path="inner/a.json") == {"o0": 1}
