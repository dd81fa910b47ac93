import math

import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.coercion import coerce, parse_bool


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-0.5e-3", -0.0005),
        (".5", 0.5),
        ("5.", 5.0),
        ("+7", 7.0),
        ("1_000", 1000.0),
        ("0x1p-2", 0.25),
        ("0X_1_2p0", 18.0),
        ("007", 7.0),
        ("12e4", 120000.0),
        ("0." + "0" * 500 + "1", 0.0),
        ("0" * 900 + "7", 7.0),
        ("12345678901234567890", 12345678901234567890.0),
    ],
)
def test_what_go_reads_as_a_number_is_one(text: str, value: float) -> None:
    assert repr(coerce(text)) == repr(value)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "1__0", "_1", "1_", "1_e5", "1e_5", "1_.5", "0x10", "0x1", "0b11", "0o17"),
        *("1.2.3", " 1.", "1e400", "+-1", "1e", "infinit", "+nan", "٣", "v1", "1,5"),
        *("[1,]", "{'a':1}", "nul", "True ", "yes", "[01]", "[NaN]", '["\x01"]', "[" * 3),
    ],
)
def test_what_go_does_not_read_stays_text(text: str) -> None:
    assert coerce(text) == text


@pytest.mark.parametrize("text", ["inf", "+Inf", "Infinity", "iNfInItY"])
def test_infinity_is_a_number(text: str) -> None:
    assert coerce(text) == math.inf
    assert coerce(f"-{text.lstrip('+')}") == -math.inf


def test_not_a_number_is_one() -> None:
    value = coerce("NaN")

    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize("text", ["t", "T", "true", "TRUE", "True"])
def test_go_reads_these_as_true(text: str) -> None:
    assert coerce(text) is parse_bool(text) is True


@pytest.mark.parametrize("text", ["f", "F", "false", "FALSE", "False"])
def test_go_reads_these_as_false(text: str) -> None:
    assert coerce(text) is parse_bool(text) is False


@pytest.mark.parametrize(("text", "verdict"), [("1", True), ("0", False), ("yes", None)])
def test_numbers_come_before_booleans(text: str, verdict: bool | None) -> None:  # noqa: FBT001  a column
    assert parse_bool(text) is verdict
    assert not isinstance(coerce(text), bool)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, null]}', {"a": [1.0, None]}),
        (" [1] \t", [1.0]),
        ("null", None),
        ('["\\ud800x"]', ["\ufffdx"]),
        ('{"a": 1, "a": 2}', {"a": 2.0}),
    ],
)
def test_json_is_read(text: str, value: object) -> None:
    assert coerce(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"1"', "1"),
        ('""', ""),
        ('"', '"'),
        ('"a"b"', 'a"b'),
        ('"a"\n', "a\n"),
        ('"a\n"', "a\n"),
        ("x\n", "x\n"),
        ("x\n\n", "x\n\n"),
        ("1\n", 1.0),
        ("1\n\n", 1.0),
        ("a\n\n\n", "a\n\n\n"),
        ("true\n", True),
        ("\n", "\n"),
    ],
)
def test_quotes_and_one_trailing_newline_are_taken_off(text: str, value: object) -> None:
    assert coerce(text) == value


@given(st.text())
def test_text_in_quotes_is_always_what_stands_between_them(text: str) -> None:
    assert coerce(f'"{text}"') == text


@given(st.text())
def test_a_string_that_comes_out_comes_out_again(text: str) -> None:
    once = coerce(text)
    is_bare = not (text.startswith('"') and text.removesuffix("\n").endswith('"'))

    if isinstance(once, str) and is_bare:
        assert coerce(once) == once == text
