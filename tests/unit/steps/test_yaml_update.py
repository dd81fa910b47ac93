"""The ``yaml-update`` step, its key paths and its commit messages."""

import stat
from pathlib import Path

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.support.gotext import quoted_if_necessary
from promotions.steps.support.keypath import split_key
from promotions.steps.support.yaml_edit import Update, update_yaml
from promotions.steps.yaml_update import YamlUpdate, commit_message
from tests.conformance.vectors import Case, ids, load
from tests.unit.steps.contexts import context

STEP: StepRunner = YamlUpdate()
KEYS = load("kargo_tables", feature="updates/key-path")
QUOTES = load("kargo_tables", feature="updates/yaml-quote")
DOCUMENTS = load("kargo_tables", feature="documents/yaml-update")
MESSAGES = load("kargo_tables", feature="commit-messages/yaml-update")


def updates_of(case: Case) -> tuple[Update, ...]:
    return tuple(Update(it["key"], it["value"]) for it in case["updates"])


@pytest.mark.parametrize("case", KEYS, ids=ids(KEYS))
def test_key_paths_split_as_in_kargo(case: Case) -> None:
    if case["expect"].get("error"):
        with pytest.raises(InvalidError):
            split_key(case["input"])
    else:
        assert list(split_key(case["input"])) == case["expect"]["value"]


@pytest.mark.parametrize("case", QUOTES, ids=ids(QUOTES))
def test_values_are_quoted_as_in_kargo(case: Case) -> None:
    value, expected = case["value"], case["expect"]["value"]

    assert (quoted_if_necessary(value) if isinstance(value, str) else value) == expected


@pytest.mark.parametrize("case", DOCUMENTS, ids=ids(DOCUMENTS))
def test_documents_are_updated_as_in_kargo(case: Case) -> None:
    if case["expect"].get("error"):
        with pytest.raises(InvalidError):
            update_yaml(case["input"], updates_of(case))
    else:
        updated = update_yaml(case["input"], updates_of(case))
        assert updated == case["expect"]["value"]
        assert update_yaml(updated, updates_of(case)) == updated


@pytest.mark.parametrize("case", MESSAGES, ids=ids(MESSAGES))
def test_commit_messages_are_those_of_kargo(case: Case) -> None:
    assert commit_message(case["path"], updates_of(case)) == case["expect"]["value"]


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        ("a: {x: 1, y: 2} # c\n", "a.x", "v", "a: {x: v, y: 2} # c\n"),
        ("a: {x: 1, y: 2}\n", "a.x", "p, q", 'a: {x: "p, q", y: 2}\n'),
        ("a: [1, 2]\n", "a.1", "", 'a: [1, ""]\n'),
        ("a: |\n  one\n  two\n\n# c\nb: 1\n", "a", "v", "a: v\n\n# c\nb: 1\n"),
        ("a: > # why\n  one\n  two\nb: 1\n", "a", "v", "a: v\nb: 1\n"),
        ("a: one\n  two # c\nb: 1\n", "a", "v", "a: v # c\nb: 1\n"),
        ("a: &x one\nb: *x\n", "a", "v", "a: &x v\nb: *x\n"),
        ("a: 1\n", "a", "yes", 'a: "yes"\n'),
        ("a: 1\n", "a", "b: c", 'a: "b: c"\n'),
        ("a: 1\n", "a", "x # y", 'a: "x # y"\n'),
        ("a: 1\n", "a", "*x", 'a: "*x"\n'),
        ("a: 1\n", "a", "x\ny", 'a: "x\\ny"\n'),
        ("a: 1\n", "a", "x\u0085\U0001f600", 'a: "x\\u0085\U0001f600"\n'),
        ("a: é # c\nb: 1\n", "b", None, "a: é # c\nb: null\n"),
        ("\ufeffa: 1\n", "a", 2, "a: 2\n"),
        ("# c\na:\nb: 1\n", "a", "v", "# c\na: v\nb: 1\n"),
    ],
)
def test_values_of_every_form_are_replaced_without_harm(
    text: str, key: str, value: str | int | None, expected: str
) -> None:
    assert update_yaml(text, [Update(key, value)]) == expected


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("a: &x 1\nb: *x\n", "b", "v"),
        ("a: &x {c: 1}\nb: *x\n", "b.c", "v"),
        ("- &a x\n- *a\n", "1", "v"),
        ("a: [1]\n", "a.1", "v"),
        ("a: [1]\n", "a.-1", "v"),
        ("a:\n  b: 1\n  b: 2\n", "a.b", "v"),
        ("a: {b}\n", "a.b", "v"),
        ("a: 1\n", "a", {"x": 1}),
        ("a: 1\n", "a.b", "v"),
        ("", "a", "v"),
        ("a: [\n", "a", "v"),
        ("[" * 5000, "a", "v"),
    ],
)
def test_what_cannot_be_updated_soundly_is_an_error(
    text: str, key: str, value: str | dict[str, int]
) -> None:
    with pytest.raises(InvalidError):
        update_yaml(text, [Update(key, value)])


def test_a_long_line_passes() -> None:
    text = f"a: {'x' * 900_000}\nb: 1\n"

    assert update_yaml(text, [Update("b", 2)]).endswith("\nb: 2\n")


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
