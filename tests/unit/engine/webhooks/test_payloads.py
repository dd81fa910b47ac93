from collections.abc import Callable

import pytest

from promotions.engine.webhooks.decisions import RefusedError
from promotions.engine.webhooks.payloads import Fields, parse_json, parse_payload


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"]", b"nope", b"{} {}", b'{"a":1,}', b"{'a':1}", b"\xef\xbb\xbf{}"),
        *(
            b'{"a":NaN}',
            b'{"a":Infinity}',
            b'{"a":01}',
            b'{"a":"\t"}',
            b"\x0b{}",
            b"\xff\xfe{\0}\0",
        ),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_what_is_not_json_or_too_deep_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError, match="invalid request body"):
        parse_json(body)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"true"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError):
        parse_payload(body)


def test_null_is_an_object_without_fields() -> None:
    assert parse_payload(b" null\n").text("anything") == ""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"a":"caf\xc3\xa9"}', "café"),
        (b'{"a":"\\ud83d\\udd11"}', "🔑"),
        (b'{"a":"\xe2\x82x"}', "\ufffd\ufffdx"),
        (b'{"a":"\\ud800x\\udc00"}', "\ufffdx\ufffd"),
        (b'{"a":"\xed\xa0\x80"}', "\ufffd\ufffd\ufffd"),
        (b'{"a":"x\\u0000y"}', "x\0y"),
    ],
)
def test_text_is_unicode_whatever_was_sent(body: bytes, text: str) -> None:
    assert parse_payload(body).text("a") == text


def test_text_is_mended_at_every_depth() -> None:
    body = b'{"\\ud800": [{"a": ["\\ud800", null, 1]}]}'

    assert parse_json(body) == {"\ufffd": [{"a": ["\ufffd", None, 1]}]}


def test_a_number_of_a_million_digits_costs_nothing() -> None:
    fields = parse_payload(b'{"a": ' + b"9" * 1_000_000 + b"}")

    with pytest.raises(RefusedError):
        fields.integer("a")


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("null", 0),
    ],
)
def test_integers_have_64_bits(number: str, value: int) -> None:
    assert parse_payload(f'{{"a":{number}}}'.encode()).integer("a") == value


@pytest.mark.parametrize("number", ["1.0", "1e2", "9223372036854775808", "true", '"1"', "[]", "{}"])
def test_what_is_no_such_integer_is_refused(number: str) -> None:
    with pytest.raises(RefusedError):
        parse_payload(f'{{"a":{number}}}'.encode()).integer("a")


def test_absent_and_null_fields_are_empty() -> None:
    for fields in (Fields({}), Fields({"a": None})):
        assert fields.text("a") == ""
        assert fields.integer("a") == 0
        assert fields.texts("a") == []
        assert fields.each("a") == []
        assert fields.fields("a") == Fields({})
        assert fields.optional_fields("a") is None


def test_null_entries_of_lists_are_empty() -> None:
    fields = Fields({"texts": [None, "x"], "objects": [None, {"a": "x"}]})

    assert fields.texts("texts") == ["", "x"]
    assert [it.text("a") for it in fields.each("objects")] == ["", "x"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"REF":"a"}', "a"),
        ('{"Ref":"a","ref":"b"}', "b"),
        ('{"ref":"a","Ref":"b"}', "b"),
        ('{"ref":"a","ref":"b"}', "b"),
        ('{"re\\u017f":"a"}', ""),
        ('{"reff":"a"}', ""),
    ],
)
def test_names_match_in_any_case_and_the_last_one_counts(text: str, value: str) -> None:
    assert parse_payload(text.encode()).text("ref") == value


def test_names_with_capitals_match_in_any_case_too() -> None:
    assert Fields({"mediatype": "x"}).text("mediaType") == "x"
    assert Fields({"pre\ufb03x": "x"}).text("preffix") == ""


@pytest.mark.parametrize(
    ("read", "wrong"),
    [(Fields.text, "nlo"), (Fields.texts, "ntlo"), (Fields.each, "ntlo"), (Fields.fields, "ntl")],
)
def test_wrong_types_are_refused(read: Callable[[Fields, str], object], wrong: str) -> None:
    fields = Fields({"n": 1, "t": "x", "l": [1], "o": {}})

    for name in wrong:
        with pytest.raises(RefusedError):
            read(fields, name)
