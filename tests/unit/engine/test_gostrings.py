import pytest

from promotions.engine import gostrings


@pytest.mark.parametrize(
    ("text", "lower"),
    [("ABC", "abc"), ("\u0391\u03a3", "\u03b1\u03c3"), ("\u0130x", "ix"), ("É", "é"), ("", "")],
)
def test_letters_are_lowered_one_by_one(text: str, lower: str) -> None:
    assert gostrings.lower(text) == lower


@pytest.mark.parametrize(
    ("text", "count", "beginning"),
    [("abc", 2, "ab"), ("éé", 2, "é"), ("éé", 3, "é\ufffd"), ("日本", 5, "日\ufffd\ufffd")],
)
def test_a_cut_counts_bytes(text: str, count: int, beginning: str) -> None:
    assert gostrings.first_bytes(text, count) == beginning


def test_the_size_is_in_bytes() -> None:
    assert [gostrings.size(text) for text in ("abc", "é", "日")] == [3, 2, 3]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a", "a"), ("é\U0001f600", "é\U0001f600"), ("a\ud800b", "a\ufffdb"), ("\udcc3", "\ufffd")],
)
def test_what_is_no_unicode_becomes_the_replacement_character(text: str, expected: str) -> None:
    assert gostrings.valid(text) == expected
    assert gostrings.utf8(text) == expected.encode()
