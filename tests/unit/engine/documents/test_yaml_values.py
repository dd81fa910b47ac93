"""Reading YAML as plain values."""

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.yaml_values import load_document

LAUGHS = "a0: &a0 x\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
CHAIN = "- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 400))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# only\n", None),
        ("a: 1\n---\nb: 2\n", {"a": 1}),
        ("a: [1, 1.5, true, ~, '1', x]\n", {"a": [1, 1.5, True, None, "1", "x"]}),
        ("1: a\ntrue: b\n1.5: c\n~: d\n", {"1": "a", "true": "b", "1.5": "c", "null": "d"}),
        ("at: 2024-01-15 10:00:00\n", {"at": "2024-01-15 10:00:00"}),
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}),
        ("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 3}}),
        ("<<: [{a: 1}, {a: 2, b: 2}]\n", {"a": 1, "b": 2}),
        ("a: !!str 1\nb: !!int '2'\nc: =\n", {"a": "1", "b": 2, "c": "="}),
    ],
)
def test_a_document_is_read_as_json_values(text: str, value: JSONValue) -> None:
    assert load_document(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1\na: 2\n", "1: a\n0x1: b\n", "? [a]\n: b\n", "<<: 1\n", "a: .inf\n", "a: !foo x\n"),
        *("a: !!binary aGk=\n", "a: &x [*x]\n", "a: *x\n", "a: !!int x\n", f"a: {'9' * 5000}\n"),
        *(LAUGHS, CHAIN, "[" * 100_000, "- " * 100_000),
    ],
)
def test_what_json_has_no_word_for_and_what_is_too_large_is_an_error(text: str) -> None:
    with pytest.raises(InvalidError):
        load_document(text)
