"""How key paths split."""

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine.documents.keypaths import (
    KeyPart,
    index_in,
    split_json_key,
    split_key,
    split_last,
)


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("image.tag", ("image", "tag")),
        (r"annotations.example\.com/rev", ("annotations", "example.com/rev")),
        (r"ports.http\:80", ("ports", "http:80")),
        ("users.:2313.name", ("users", "2313", "name")),
        ("::a", ("a",)),
        (" \u00a0a.b\n", ("a", "b")),
        ("a. .b", ("a", " ", "b")),
        ("\x1ca", ("\x1ca",)),
        ("a.b\\", ("a", "b")),
        ("list.-1", ("list", "-1")),
    ],
)
def test_a_path_splits_at_dots_that_are_not_escaped(key: str, parts: tuple[str, ...]) -> None:
    assert split_key(key) == parts


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "empty key"),
        (" \t", "empty key"),
        (".a", "empty key part"),
        ("a..b", "empty key part"),
        ("a.", "empty key part"),
        (":", "empty key part"),
        ("\\", "empty key part"),
        ("a:b", "unexpected colon"),
        (r"a\b", "invalid escape sequence"),
        (r"a\\b", "invalid escape sequence"),
        (".".join("a" * 201), "more than 200 parts"),
    ],
)
def test_a_malformed_path_is_an_error(key: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        split_key(key)


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        ("a.:0", (KeyPart("a"), KeyPart("0", is_key=True))),
        (r"a\*b.c\\d", (KeyPart("a*b"), KeyPart("c\\d"))),
        ("npm:left-pad", (KeyPart("npm:left-pad"),)),
        ("::a", (KeyPart(":a", is_key=True),)),
    ],
)
def test_a_path_into_json_has_more_escapes(key: str, parts: tuple[KeyPart, ...]) -> None:
    assert split_json_key(key) == parts


@pytest.mark.parametrize("key", ["a.*", "a.#", "a|b", "@this", "a?", "", "a..b"])
def test_a_path_into_json_is_no_query(key: str) -> None:
    with pytest.raises(InvalidError):
        split_json_key(key)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_escaped_parts_come_back(parts: list[str]) -> None:
    written = [part.replace("\\", "").strip() or "x" for part in parts]

    key = ".".join(part.replace(".", "\\.").replace(":", "\\:") for part in written)

    assert split_key(key) == tuple(written)


@given(st.text(alphabet=".:\\ a0*é"))
def test_every_path_splits_or_is_an_error(key: str) -> None:
    for split in (split_key, split_json_key):
        try:
            assert split(key)
        except InvalidError:
            continue


def test_an_index_is_a_number_within_the_sequence() -> None:
    assert [index_in(part, length=12) for part in ("0", "11", "+1", "007")] == [0, 11, 1, 7]
    for part in ("12", "-1", "x", "", "1.0", "٣", "9" * 5000):
        with pytest.raises(InvalidError):
            index_in(part, length=12)


def test_text_splits_at_its_last_separator() -> None:
    assert split_last("a/b/c", "/") == ("a/b", "c")
    assert split_last("a::b", "::") == ("a", ":b")
    for text, separator in (("a", ""), ("a", "/"), ("", "/")):
        with pytest.raises(InvalidError):
            split_last(text, separator)
