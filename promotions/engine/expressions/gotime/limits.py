"""Bounds what is read and written, so that no text costs more time than it is worth."""

from promotions.engine.expressions.errors import OperandError

LONGEST = 16_384
"""How many characters a layout, a time's text or a duration's may have."""


def check_length(text: str) -> None:
    """Raise if the text is longer than any that makes sense.

    Raises:
        OperandError: It is.
    """
    if len(text) > LONGEST:
        raise OperandError("memory budget exceeded")
