"""Edits of JSON text."""

import json

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.json_nodes import is_json, read_json_text
from promotions.engine.documents.json_update import update_json
from promotions.engine.documents.keypaths import Update

LAYOUT = '{\n  "a" : 1.50,\n  "b": [ 1,2 ],\n  "c": {"d": null}\n}\n'
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        (LAYOUT, "a", "v", LAYOUT.replace("1.50", '"v"')),
        (LAYOUT, "b.1", 2.5, LAYOUT.replace("1,2", "1,2.5")),
        (LAYOUT, "b.-1", 3, LAYOUT.replace("1,2 ", "1,2,3 ")),
        (LAYOUT, "c.d", False, LAYOUT.replace("null", "false")),
        (LAYOUT, "e", 1, LAYOUT.replace("null}\n", 'null},\n  "e": 1\n')),
        (LAYOUT, "b", "v", LAYOUT.replace("[ 1,2 ]", '"v"')),
        ('{"a": 1}', "b", 2, '{"a": 1, "b": 2}'),
        ('{"a":1}', "b", 2, '{"a":1,"b":2}'),
        ("{ }", "a", 1, '{"a":1}'),
        ("", "a.b", 1, '{"a":{"b":1}}'),
        (" \n", "0.-1.a", 1, '[[{"a":1}]]'),
        ("{}", "a.2", 1, '{"a":[null,null,1]}'),
        ("{}", "a.:2", 1, '{"a":{"2":1}}'),
        ('{"a":"x"}', "a.b", 1, '{"a":{"b":1}}'),
        ('{"2":1}', "2", 3, '{"2":3}'),
        ('{"a.b":1}', r"a\.b", 2, '{"a.b":2}'),
        ('{"\\u0061":1}', "a", 2, '{"\\u0061":2}'),
        ("[1]", "3", 4, "[1,null,null,4]"),
        ("[1]", ":0", 4, "[4]"),
        ('{"a":1}', "a", 1e21, '{"a":1000000000000000000000}'),
        ('{"a":1}', "a", 'q"\n<é', '{"a":"q\\"\\n<é"}'),
        ("\ufeff{}", "a", True, '\ufeff{"a":true}'),
    ],
)
def test_only_what_is_asked_for_changes(
    text: str, key: str, value: JSONValue, expected: str
) -> None:
    assert update_json(text, [Update(key, value)]) == expected


def test_updates_build_on_each_other() -> None:
    updates = [Update("a.b", 1), Update("a.b", 2), Update("l.-1", 1), Update("l.-1", 2)]

    assert update_json("{}", updates) == '{"a":{"b":2},"l":[1,2]}'


def test_without_updates_nothing_changes() -> None:
    assert update_json("not JSON", []) == "not JSON"


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, float("nan"), float("inf"), "\ud800"])
def test_only_scalars_can_be_set(value: JSONValue) -> None:
    with pytest.raises(InvalidError):
        update_json("{}", [Update("a", value)])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[1]", "a"),
        ("[1]", ":1"),
        ("[1]", "-2"),
        ("[1]", "9999"),
        ("[1]", "9" * 5000),
        ('{"a":1,"a":2}', "a"),
        ("{}", "a.*"),
        ("{}", ""),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(text: str, key: str) -> None:
    with pytest.raises(InvalidError):
        update_json(text, [Update(key, 1)])


@pytest.mark.parametrize(
    "text",
    [
        *("{", "}", "[1,]", '{"a"}', '{"a":}', "{a:1}", "01", "1 2", "'a'", '"\t"', '"\\x"', "nul"),
        *('{"a":1}\0', "//\n{}", "+1", "1.", ".5", "-", '"\\u12"', '["a" "b"]', "{,}", '{1:"a"}'),
        *("[" * 100_000, '{"a":' * 100_000, "[" + "1," * 300_001 + "1]", '"' + "a" * 100_000),
    ],
)
def test_what_is_not_json_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidError):
        update_json(text, [Update("a", 1)])


@given(JSON, st.sampled_from([None, 1, "\t"]))
def test_json_is_read_and_written_character_for_character(
    value: JSONValue, indent: int | str | None
) -> None:
    text = json.dumps(value, indent=indent)

    assert str(read_json_text(text)) == text


@given(st.dictionaries(st.sampled_from("abc"), JSON), st.sampled_from("abcd"), st.integers())
def test_an_update_changes_its_value_and_no_other(
    document: dict[str, JSONValue], key: str, value: int
) -> None:
    updated = update_json(json.dumps(document), [Update(key, value)])

    assert json.loads(updated) == {**document, key: value}


@given(st.text(alphabet='[]{}",:\\ 01.-eE+tnulr\n', max_size=12))
def test_what_counts_as_json_is_what_a_parser_takes(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        assert not is_json(text)
    else:
        assert is_json(text)
