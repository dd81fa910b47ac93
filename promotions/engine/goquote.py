"""Writes a string as Go's ``%q`` does: between double quotes, with what cannot be seen escaped."""

import re
import unicodedata

_SHORT_ESCAPES = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}
_SUSPECT = re.compile(r"[^ !#-\[\]-~]")
_RAW_BYTES = range(0xDC80, 0xDD00)
_PICTOGRAPHS = range(0x1F000, 0x1FC00)


def go_quote(text: str) -> str:
    r"""Return the string as Go source, such as ``"a\tb"``; bytes that are not UTF-8 as ``\xff``.

    Source: Go ``strconv.Quote``.
    """
    return f'"{_SUSPECT.sub(lambda found: _escape(found[0]), text)}"'


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if _is_printable(character):
        return character
    code = ord(character)
    if code in _RAW_BYTES:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:  # noqa: PLR2004  the end of ASCII
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  16 bits


def _is_printable(character: str) -> bool:
    """Return whether Go prints it; its tables know newer pictographs than ours."""
    is_newer = ord(character) in _PICTOGRAPHS and unicodedata.category(character) == "Cn"
    return character.isprintable() or is_newer
