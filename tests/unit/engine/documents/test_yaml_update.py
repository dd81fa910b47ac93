"""Edits of YAML text."""

import json

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.yaml_nodes import MAX_VALUES
from promotions.engine.documents.yaml_update import update_yaml

LAYOUT = """\
# head
a:   one   # gone
"b c": 'two' # gone too

# kept
list:
- x
-   - y   # nested
    - z
deep:
      er: {p: 1, q: [2, 3]} # kept
empty:
é: ü
"""


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("a", "a:   one   # gone", "a:   v"),
        ("b c", "\"b c\": 'two' # gone too", '"b c": v'),
        ("list.0", "- x", "- v"),
        ("list.1.0", "-   - y   # nested", "-   - v"),
        ("deep.er.p", "{p: 1, q: [2, 3]} # kept", "{p: v, q: [2, 3]} # kept"),
        ("deep.er.q.1", "{p: 1, q: [2, 3]} # kept", "{p: 1, q: [2, v]} # kept"),
        ("empty", "empty:", "empty: v"),
        ("é", "é: ü", "é: v"),
    ],
)
def test_only_the_addressed_value_changes(key: str, old: str, new: str) -> None:
    assert update_yaml(LAYOUT, [Update(key, "v")]) == LAYOUT.replace(old, new)


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        ("a: {x: 1, y: 2} # c\n", "a.x", "v", "a: {x: v, y: 2} # c\n"),
        ("a: {x: 1, y: 2}\n", "a.x", "p, q", 'a: {x: "p, q", y: 2}\n'),
        ('{"a":1,"b":2}\n', "a", 3, '{"a": 3,"b":2}\n'),
        ("a: [1, 2]\n", "a.1", "", 'a: [1, ""]\n'),
        ("a: |\n  one\n  two\n\n# c\nb: 1\n", "a", "v", "a: v\n\n# c\nb: 1\n"),
        ("a: > # why\n  one\n  two  \nb: 1\n", "a", "v", "a: v\nb: 1\n"),
        ("a: one\n  two # c\nb: 1\n", "a", "v", "a: v\nb: 1\n"),
        ("a: 'one\n\n  two'   # c\nb: 1\n", "a", "v", "a: v\nb: 1\n"),
        ("a: &x one\nb: *x\n", "a", "v", "a: &x v\nb: *x\n"),
        ("a: &x !!str one\nb: &x two\nc: *x\n", "a", "v", "a: &x v\nb: &x two\nc: *x\n"),
        ("a: !!str 5\n", "a", "6", 'a: "6"\n'),
        ("a: 1\n", "a", "x\ny", 'a: "x\\ny"\n'),
        ("a: 1\n", "a", "x\u0085\U0001f600", 'a: "x\\u0085\U0001f600"\n'),
        ("a: é # c\nb: 1\n", "b", None, "a: é # c\nb: null\n"),
        ("\ufeffa: 1\n", "a", 2, "\ufeffa: 2\n"),
        ("a: 1\r\nb: |\r\n  x\r\n", "a", 2, "a: 2\nb: |\n  x\n"),
        ("a: 1\rb: 2", "a", 2, "a: 2\rb: 2\n"),
        ("a: 1\n---\na: 1\n", "a", 2, "a: 2\n---\na: 1\n"),
        ("--- # c\na: 1\n...\n", "a", 2, "--- # c\na: 2\n...\n"),
        ("a:  # c\n", "a", "", "a:  # c\n"),
        ("? a\n: 1\n", "a", 2, "? a\n: 2\n"),
        ("- 1\n-\n- 3\n", "1", 2, "- 1\n- 2\n- 3\n"),
    ],
)
def test_values_of_every_form_are_replaced_without_harm(
    text: str, key: str, value: JSONValue, expected: str
) -> None:
    updated = update_yaml(text, [Update(key, value)])

    assert updated == expected
    assert update_yaml(updated, [Update(key, value)]) == updated


def test_the_last_update_of_a_value_wins() -> None:
    updates = [Update("a.0", 1), Update("b", 2), Update("a.:0", 3)]

    assert update_yaml("a: [x]\nb: y\n", updates) == "a: [3]\nb: 2\n"


@pytest.mark.parametrize("text", ["", "# only\n", "a: 1\r\n"])
def test_without_updates_only_line_ends_change(text: str) -> None:
    assert update_yaml(text, []) == text.replace("\r", "")


@pytest.mark.parametrize(
    ("text", "key", "value", "message"),
    [
        ("a: 1\n", "b", "v", "key path not found"),
        ("a: 1\n", "a.b", "v", "key path not found"),
        ("", "a", "v", "key path not found"),
        ("a: {b: 1}\n", "a", "v", "does not address a scalar"),
        ("a: &x 1\nb: *x\n", "b", "v", "does not address a scalar"),
        ("a: &x {c: 1}\nb: *x\n", "b.c", "v", "goes through an alias"),
        ("a: [1]\n", "a.1", "v", "index 1 of a sequence of 1"),
        ("a: [1]\n", "a.-1", "v", "not an index"),
        ("a: [1]\n", "a.first", "v", "not an index"),
        ("a:\n  b: 1\n  b: 2\n", "a.b", "v", "more than once"),
        ("a: {b}\n", "a.b", "v", "would change"),
        ("a: 1\n", "a", {"x": 1}, "value is not a scalar"),
        ("a: 1\n", "a", "\ud800", "error unmarshaling YAML"),
        ("a: b: c\n", "a", "v", "line 1"),
        ("a:\n\tb: 1\n", "a.b", "v", "line 2"),
        ("a: [\n", "a", "v", "error unmarshaling YAML"),
        ("a: \0\n", "a", "v", "error unmarshaling YAML"),
        ("a: *b\n", "a", "v", "refers to nothing"),
        ("a: &b [*b]\n", "a", "v", "inside its anchor"),
    ],
)
def test_what_cannot_be_updated_soundly_is_an_error(
    text: str, key: str, value: JSONValue, message: str
) -> None:
    with pytest.raises(InvalidError, match=message):
        update_yaml(text, [Update(key, value)])


@pytest.mark.parametrize("token", ["[", "{a: ", "- ", "? ", ": ", "- ? "])
def test_deep_nesting_is_refused_at_once(token: str) -> None:
    with pytest.raises(InvalidError):
        update_yaml(token * 100_000, [Update("a", "v")])


def test_too_many_values_are_refused() -> None:
    with pytest.raises(InvalidError, match="more than"):
        update_yaml("- a\n" * (2 * MAX_VALUES + 1), [Update("0", "v")])


def test_a_long_line_passes() -> None:
    text = f"a: {'x' * 900_000}\nb: 1\n"

    assert update_yaml(text, [Update("b", 2)]).endswith("\nb: 2\n")


KEYS = st.sampled_from(["a", "b", "c.d", "0", "é", "x y"])
PLAIN = st.sampled_from(
    ["v", "1", "~", "'q'", '"d"', "two words", "", "|\n      block\n", "[1, 2]"]
)
COMMENTS = st.sampled_from(["", " # c", "  # a: b"])
VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    """Return a text with the paths of its values."""
    text, paths = "", []
    for outer in draw(st.lists(KEYS, min_size=1, max_size=3, unique=True)):
        text += f"{outer}:{draw(COMMENTS)}\n"
        for inner in draw(st.lists(KEYS, min_size=1, max_size=3, unique=True)):
            value, comment = draw(PLAIN), draw(COMMENTS)
            text += f"  {inner}: {value}{'' if chr(10) in value else comment}\n"
            paths.append((outer, inner))
    return text, paths


@settings(deadline=None)
@given(documents(), st.data())
def test_an_update_changes_its_value_and_no_other(
    made: tuple[str, list[tuple[str, str]]], data: st.DataObject
) -> None:
    text, paths = made
    outer, inner = data.draw(st.sampled_from(paths))
    value = data.draw(VALUES)
    before = yaml.load(text, yaml.BaseLoader)  # noqa: S506 -- it makes only text
    key = ".".join(part.replace(".", "\\.") for part in (outer, inner))
    try:
        updated = update_yaml(text, [Update(key, value)])
    except InvalidError:
        assert isinstance(before[outer][inner], list)
        return
    after = yaml.load(updated, yaml.BaseLoader)  # noqa: S506 -- it makes only text

    before[outer][inner] = value if isinstance(value, str) else json.dumps(value)
    assert after == before


@given(st.text(alphabet="ab:-?[]{},&*!|>'\"#% \t\n\r\x85\0", max_size=40))
def test_any_text_is_updated_or_refused(text: str) -> None:
    try:
        updated = update_yaml(text, [Update("a", "v")])
    except InvalidError:
        return

    assert yaml.load(updated, yaml.BaseLoader)["a"] == "v"  # noqa: S506 -- it makes only text
