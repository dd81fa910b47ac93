"""What can be wrong with an expression, and where in its text.

::

    InvalidError
    └── ExpressionError    syntax, types or evaluation; never retryable without a change of input
"""

from common.errors import InvalidError


class ExpressionError(InvalidError):
    """An expression cannot be compiled or evaluated.

    Attributes:
        line: From 1.
        column: From 1, in characters; 0 if the place is not known.
    """

    code = "invalid_expression"

    def __init__(self, message: str, *, line: int = 1, column: int = 0) -> None:
        place = f" (line {line}, column {column})" if column else ""
        super().__init__(f"{message}{place}")
        self.reason = message
        self.line = line
        self.column = column

    @classmethod
    def at(cls, offset: int, text: str, message: str) -> "ExpressionError":
        """Return the error for the character at ``offset`` of ``text``."""
        before = text[:offset]
        line = before.count("\n") + 1
        return cls(message, line=line, column=offset - (before.rfind("\n") + 1) + 1)


class OperandError(Exception):
    """A value is not one that an operation can take; the evaluator adds the place."""
