import pytest
from hypothesis import given, strategies as st

from promotions.engine.goquote import go_quote


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("\\", '"\\\\"'),
        ("\a\b\f\n\r\t\v", '"\\a\\b\\f\\n\\r\\t\\v"'),
        ("\x00\x1b\x7f", '"\\x00\\x1b\\x7f"'),
        ("\x80\xa0\xad", '"\\u0080\\u00a0\\u00ad"'),
        ("é日😀", '"é日😀"'),
        ("\u200b\u2028\ufeff\ufffd", '"\\u200b\\u2028\\ufeff\ufffd"'),
        ("\U000e0001\U0010ffff", '"\\U000e0001\\U0010ffff"'),
        ("\udcff", '"\\xff"'),
        ("a'b`<>&", '"a\'b`<>&"'),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, quoted: str) -> None:
    assert go_quote(text) == quoted


@given(st.text())
def test_the_result_is_printable(text: str) -> None:
    quoted = go_quote(text)

    assert quoted[0] == quoted[-1] == '"'
    assert "\n" not in quoted
