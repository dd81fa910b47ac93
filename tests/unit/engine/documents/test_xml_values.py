import pytest

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.xml_values import load_xml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a/>", ""),
        ("<a> x </a>", "x"),
        ("<a><b>1</b></a>", {"b": "1"}),
        ("<a><b>1</b><b>2</b><b>3</b></a>", {"b": ["1", "2", "3"]}),
        ("<a><b><c>x</c></b></a>", {"b": {"c": "x"}}),
        ('<a b="1"><c/></a>', {"b": "1", "c": ""}),
        ("<?xml version='1.0'?><!-- x --><a>&lt;&#65;<![CDATA[<b>]]></a>", "<A<b>"),
    ],
)
def test_elements_become_values(text: str, value: JSONValue) -> None:
    assert load_xml(text) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not XML"),
        ("x", "not XML"),
        ("<a>", "not XML"),
        ("<a/><b/>", "not XML"),
        ("<a>&nbsp;</a>", "not XML"),
        ("\ud800", "not XML"),
        ("<a>" * 60 + "</a>" * 60, "nested deeper"),
        (f"<a>{'x' * 1_100_000}</a>", "longer than"),
        ("<!DOCTYPE a [<!ENTITY b 'x'>]><a>&b;</a>", "document type"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "document type"),
    ],
)
def test_what_is_no_plain_xml_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidError, match=reason):
        load_xml(text)
