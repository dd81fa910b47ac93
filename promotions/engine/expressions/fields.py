"""Says in which field of a manifest an expression failed, and where in the field's text.

A path is written as Kubernetes does: ``spec.steps[2].config.images[0].tag``; a key that is no
plain word stands in quotes, as in ``config.labels["app.kubernetes.io/name"]``.
"""

import json
import re

from common.errors import PlatformError
from promotions.engine.expressions.errors import ExpressionError

LONGEST_SHOWN = 80

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class FieldExpressionError(ExpressionError):
    """An expression in a field of a manifest cannot be compiled or evaluated.

    Attributes:
        path: The field, from the document's root as far as it is known; may be empty.
        expression: The part of the field's text that failed, with its delimiters if it has any.
        line: From 1, in the field's text.
        column: From 1, in characters, in the field's text; 0 if the place is not known.
        reason: What went wrong, without the rest.
    """

    def __init__(
        self, reason: str, *, path: str = "", expression: str = "", line: int = 1, column: int = 0
    ) -> None:
        field = f"{path}: " if path else ""
        shown = f' in "{_shortened(expression)}"' if expression else ""
        super().__init__(f"{field}{reason}{shown}", line=line, column=column)
        self.reason = reason
        self.path = path
        self.expression = expression

    def under(self, path: str) -> "FieldExpressionError":
        """Return the same error for a field of the object at ``path``, with the same cause."""
        return self._like(path=joined(path, self.path), reason=self.reason)

    def about(self, subject: str) -> "FieldExpressionError":
        """Return the same error with words before the reason that say what it was about."""
        return self._like(path=self.path, reason=f"{subject}: {self.reason}")

    def _like(self, *, path: str, reason: str) -> "FieldExpressionError":
        error = FieldExpressionError(
            reason, path=path, expression=self.expression, line=self.line, column=self.column
        )
        error.__cause__ = self.__cause__
        return error


def located(error: PlatformError, *, expression: str, before: str = "") -> FieldExpressionError:
    """Return the error for an expression that stands behind ``before`` in its field's text.

    Args:
        error: What compiling or evaluating it raised; it becomes the cause.
        expression: The expression as shown to a person, with delimiters if it has any.
        before: The field's text up to where the positions in ``error`` count from.
    """
    if not isinstance(error, ExpressionError):
        found = FieldExpressionError(error.message, expression=expression)
    else:
        column = max(error.column, 1)
        start = len(before) - (before.rfind("\n") + 1) if error.line == 1 else 0
        found = FieldExpressionError(
            error.reason,
            expression=expression,
            line=before.count("\n") + error.line,
            column=start + column,
        )
    found.__cause__ = error
    return found


def joined(parent: str, child: str) -> str:
    """Return the path of ``child`` within ``parent``; either may be empty."""
    if not parent or not child or child.startswith("["):
        return f"{parent}{child}"
    return f"{parent}.{child}"


def key_path(parent: str, key: str) -> str:
    """Return the path of the value that an object at ``parent`` has under ``key``."""
    if _PLAIN_KEY.fullmatch(key):
        return joined(parent, key)
    return f"{parent}[{json.dumps(key, ensure_ascii=False)}]"


def _shortened(expression: str) -> str:
    text = " ".join(expression.split())
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
