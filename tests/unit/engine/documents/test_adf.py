"""Plain text as an Atlassian document."""

import pytest

from common.jsontypes import JSONValue
from promotions.engine.documents.adf import adf_document

BREAK = {"type": "hardBreak"}


def text(words: str) -> JSONValue:
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("plain", "paragraphs"),
    [
        ("", []),
        ("\n\n", []),
        ("one", [[text("one")]]),
        ("one\ntwo", [[text("one"), BREAK, text("two")]]),
        ("one\r\n\r\ntwo\n", [[text("one")], [text("two")]]),
        ("one\n\n\n\ntwo", [[text("one")], [text("two")]]),
        ("**x** {y}", [[text("**x** {y}")]]),
    ],
)
def test_text_becomes_paragraphs(plain: str, paragraphs: list[list[JSONValue]]) -> None:
    content = [{"type": "paragraph", "content": it} for it in paragraphs]

    assert adf_document(plain) == {"type": "doc", "version": 1, "content": content}
