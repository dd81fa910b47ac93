"""Writes plain text as a document in the Atlassian Document Format.

Source: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

from common.jsontypes import JSONObject, JSONValue


def adf_document(text: str) -> JSONObject:
    """Return the text as a document: a blank line parts paragraphs, others stay line breaks."""
    blocks = text.replace("\r\n", "\n").split("\n\n")
    paragraphs: list[JSONValue] = [
        _paragraph(block.strip("\n")) for block in blocks if block.strip()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _paragraph(text: str) -> JSONObject:
    content: list[JSONValue] = []
    for number, line in enumerate(text.split("\n")):
        if number:
            content.append({"type": "hardBreak"})
        if line:  # a text may not be empty
            content.append({"type": "text", "text": line})
    return {"type": "paragraph", "content": content}
