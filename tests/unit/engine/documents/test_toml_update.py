"""Edits of TOML text."""

import tomllib

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.keypaths import Update
from promotions.engine.documents.toml_update import (
    MAX_CHARACTERS,
    load_toml,
    toml_scalar,
    toml_text,
    update_toml,
)

LAYOUT = '''\
# head
title = "old" # kept
"example.com/v" = 'x'
a.b = 1   # dotted
when = 1979-05-27 07:32:00
list = [ 1, # one
  [ "x", 2.5 ], # two
]
inline = { name = "api", sub.port = 80 }
text = """
several "lines" \\"
"""""
[ server . "x y" ]
host = \'\'\'it's\'\'\'

[[services]]
name = "api"
  [services.limits]
  cpu = nan
[[services]]
name = "web"
[[services.ports]]
number = 0x1F
'''


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("title", '"old" # kept', "'v' # kept"),
        (r"example\.com/v", "'x'", "'v'"),
        ("a.b", "b = 1   #", "b = 'v'   #"),
        ("when", "1979-05-27 07:32:00", "'v'"),
        ("list.0", "[ 1,", "[ 'v',"),
        ("list.1.1", "2.5", "'v'"),
        ("inline.name", '"api", sub', "'v', sub"),
        ("inline.sub.port", "port = 80", "port = 'v'"),
        ("text", '"""\nseveral "lines" \\"\n"""""', "'v'"),
        ("server.x y.host", "'''it's'''", "'v'"),
        ("services.0.limits.cpu", "nan", "'v'"),
        ("services.1.name", '"web"', "'v'"),
        ("services.1.ports.0.number", "0x1F", "'v'"),
    ],
)
def test_only_the_addressed_value_changes(key: str, old: str, new: str) -> None:
    assert update_toml(LAYOUT, [Update(key, "v")]) == LAYOUT.replace(old, new)


def test_keys_may_be_quoted_and_escaped() -> None:
    text = '"\\u00e9" = {}\n[é-x]\n'.replace("[é-x]", "['é']\nb = 1")

    with pytest.raises(InvalidError):
        update_toml(text, [Update("é.b", 2)])
    assert update_toml('"\\u00e9".b = 1\nc = {}\n', [Update("é.b", 2)]) == (
        '"\\u00e9".b = 2\nc = {}\n'
    )


def test_several_updates_are_made_at_once_and_the_last_of_a_key_wins() -> None:
    updates = [Update("b", 1), Update("a", 10), Update("b", 200)]

    assert update_toml("a=1\r\nb=2", updates) == "a=10\r\nb=200"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", "''"),
        ("a\\b", "'a\\b'"),
        ("tab\tstays", "'tab\tstays'"),
        ("it's", '"it\'s"'),
        ('a\n"b"\\\x01\x7f', r'"a\n\"b\"\\\u0001\u007F"'),
        ("é日", "'é日'"),
        (True, "true"),
        (-3, "-3"),
        (2.0, "2.0"),
        (1.5, "1.5"),
        (1e21, "1000000000000000000000.0"),
        (1e-7, "0.0000001"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_scalars_are_written_as_by_kargo(value: JSONValue, text: str) -> None:
    assert toml_scalar(value) == text


def test_what_is_no_scalar_is_shown_as_go_prints_it() -> None:
    assert toml_text(None) == "<nil>"
    assert toml_text([1, "a"]) == "[1 a]"
    assert toml_text(2**63) == "9223372036854775808"


@pytest.mark.parametrize(
    ("text", "key", "value", "message"),
    [
        ("a = 1\n", "b", 1, "key path not found"),
        ("a = 1\n", "a.b", 1, "key path not found"),
        ("a = [1]\n", "a.1", 1, "key path not found"),
        ("a = [1]\n", "a.-1", 1, "key path not found"),
        ("a = [1]\n", "a.00", 1, "key path not found"),
        ("[a]\nb = 1\n", "a", 1, "addresses a table instead of a scalar"),
        ("[[a]]\nb = 1\n", "a", 1, "addresses an array instead of a scalar"),
        ("[[a]]\nb = 1\n", "a.b", 1, "key path not found"),
        ("a = { b = 1 }\n", "a", 1, "addresses a table"),
        ("a = 1\n", "a", None, "not a TOML scalar"),
        ("a = 1\n", "a", [1], "not a TOML scalar"),
        ("a = 1\n", "a", 2**63, "64-bit"),
        ("a = 1\n", "a", "\ud800", "Unicode"),
        ("a = 1\n", "", 1, "empty key"),
    ],
)
def test_what_cannot_be_updated_is_an_error(
    text: str, key: str, value: JSONValue, message: str
) -> None:
    with pytest.raises(InvalidError, match=message):
        update_toml(text, [Update(key, value)])


@pytest.mark.parametrize(
    "text",
    [
        *("a =\n", "a = 1 b = 2\n", "a = 1\na = 2\n", "[a]\n[a]\n", "a = 1\n[a]\n", "[[a]]\n[a]\n"),
        *("a = [1\n", "a = { b = 1,\n", 'a = "x\n', "a = '''x", "= 1\n", "a.b. = 1\n", "[a\n"),
        *("[a]]\n", "[[a]\n", "a = 01\n", "a = 1979-13-01\n", 'a = "\\q"\n', "a = x\n", "a\n"),
        *(
            "a = 1\n[[a]]\n",
            "a = [ { } , 1\n",
            'a = "\0"\n',
            '"""a""" = 1\n',
            "a = {b = 1, b = 2}\n",
            "a = []\n[[a]]\n",
            '"\\q" = 1\n',
        ),
        *("a = " + "[" * 100_000, "a = " + "{b = " * 100_000, ".".join(["a"] * 100_000) + " = 1"),
        *("a = " + "9" * 100_000, "#" * (MAX_CHARACTERS + 1), 'a = """' + '"" ' * 100_000),
    ],
)
def test_what_is_not_toml_is_refused_at_once(text: str) -> None:
    with pytest.raises(InvalidError):
        update_toml(text, [Update("a", 1)])


def test_a_document_is_read_within_bounds() -> None:
    assert load_toml("\ufeffa = [1.5, true]\n") == {"a": [1.5, True]}
    with pytest.raises(InvalidError):
        load_toml("a = " + "[" * 100_000)


VALUES = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(allow_nan=False)
WRITTEN = st.sampled_from(
    ["1", "'l'", '"b # c"', '"""m\n"""', "[1, [2]]", "{ x = 1 }", "1979-05-27", "1e5", "true"]
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), WRITTEN, min_size=1), st.data(), VALUES)
def test_an_update_changes_its_value_and_no_other(
    pairs: dict[str, str], data: st.DataObject, value: JSONValue
) -> None:
    text = "".join(f"{key} = {written} # {key}\n" for key, written in pairs.items())
    key = data.draw(st.sampled_from(sorted(pairs)))
    before = tomllib.loads(text)
    if isinstance(before[key], dict | list):
        return

    after = tomllib.loads(update_toml(text, [Update(key, value)]))

    assert after == {**before, key: value}


@given(st.text(alphabet="ab=.[]{},#'\" \t\n\r\\01-:", max_size=30))
def test_what_a_parser_takes_is_taken(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(InvalidError):
            load_toml(text)
    else:
        assert load_toml(text) == tomllib.loads(text)
