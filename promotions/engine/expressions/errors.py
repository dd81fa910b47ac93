"""What can be wrong with an expression, and where in its text.

::

    InvalidError
    └── ExpressionError            syntax, types or evaluation; never retryable as it is
        └── FieldExpressionError   the same, with its place in a manifest: see ``fields``
"""

from common.errors import InvalidError
from promotions.engine import gostrings

_LONGEST_SNIPPET = 200


class ExpressionError(InvalidError):
    """An expression cannot be compiled or evaluated.

    Attributes:
        reason: What is wrong, without the place.
        line: From 1.
        column: From 1, in characters; 0 if the place is not known.
        snippet: The line of the text, and under it a pointer to the place; empty if not known.
    """

    code = "invalid_expression"

    def __init__(self, message: str, *, line: int = 1, column: int = 0, snippet: str = "") -> None:
        place = f" (line {line}, column {column})" if column else ""
        reason = gostrings.valid(message)
        super().__init__(f"{reason}{place}")
        self.reason = reason
        self.line = line
        self.column = column
        self.snippet = snippet

    @classmethod
    def at(cls, offset: int, text: str, message: str) -> "ExpressionError":
        """Return the error for the character at ``offset`` of ``text``."""
        start = text.rfind("\n", 0, offset) + 1
        line, column = text.count("\n", 0, offset) + 1, offset - start
        source = text[start:].partition("\n")[0]
        if len(source) > _LONGEST_SNIPPET:
            first = max(0, column - _LONGEST_SNIPPET // 2)
            source, pointer = source[first : first + _LONGEST_SNIPPET], column - first
        else:
            pointer = column
        snippet = f" | {source}\n | {'.' * pointer}^"
        return cls(message, line=line, column=column + 1, snippet=snippet)


class OperandError(Exception):
    """A value is not one that an operation can take; the evaluation adds the place."""
