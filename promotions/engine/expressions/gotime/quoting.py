"""Quotes text in messages the way Go's package time does."""


def quote(text: str) -> str:
    """Return the text in double quotes, with what is not printable ASCII in hexadecimal."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if " " <= char < "\x80":
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode(errors="surrogateescape"))
