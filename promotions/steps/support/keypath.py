"""Into which parts does a key path such as ``image.tag`` split?

Source: Kargo's YAML and TOML updaters, after the syntax of ``tidwall/sjson``.
"""

from common.errors import InvalidError

_ESCAPABLE = frozenset(".:")


def split_key(key: str) -> tuple[str, ...]:
    r"""Return the parts of a key path, at least one, none empty.

    Parts are separated by ``.``; ``\.`` and ``\:`` are literal; a leading ``:`` says that the
    part is a key even though it looks like a number.

    Raises:
        InvalidError: A part is empty, a colon is out of place or an escape is unknown.
    """
    trimmed = key.strip()
    if not trimmed:
        raise InvalidError("empty key")
    return tuple(_unescaped(part, key=key) for part in _raw_parts(trimmed))


def _raw_parts(key: str) -> list[str]:
    """Split at the dots that no backslash precedes; escapes stay."""
    parts = [""]
    escaped = False
    for char in key:
        if char == "." and not escaped:
            parts.append("")
            continue
        parts[-1] += char
        escaped = char == "\\" and not escaped
    return parts


def _unescaped(part: str, *, key: str) -> str:
    text = ""
    chars = iter(part.removeprefix(":"))
    for char in chars:
        if char == ":":
            raise InvalidError(f'unexpected colon in key "{key}"')
        if char != "\\":
            text += char
            continue
        escaped = next(chars, "")
        if escaped not in _ESCAPABLE:
            raise InvalidError(f'invalid escape sequence in key "{key}"')
        text += escaped
    if not text.strip():
        raise InvalidError(f'empty key part in key "{key}"')
    return text
