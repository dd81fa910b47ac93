"""Moves along the tokens of an expression and says what was expected where."""

from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.lexer import Token, TokenKind


class Cursor:
    """A place among the tokens of one text."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.position = 0

    @property
    def current(self) -> Token:
        """The token at this place."""
        return self.tokens[self.position]

    def advance(self) -> Token:
        """Return the current token and move past it; the end is never passed."""
        token = self.current
        if token.kind is not TokenKind.END:
            self.position += 1
        return token

    def accept_operator(self, text: str) -> bool:
        """Move past the operator if it is here, and return whether it was."""
        found = self.current.is_operator(text)
        self.position += found
        return found

    def accept_bracket(self, text: str) -> bool:
        """Move past the bracket if it is here, and return whether it was."""
        found = self.current.is_bracket(text)
        self.position += found
        return found

    def expect_operator(self, text: str) -> None:
        """Move past the operator.

        Raises:
            ExpressionError: Something else is here.
        """
        if not self.accept_operator(text):
            raise self.unexpected()

    def expect_bracket(self, text: str) -> None:
        """Move past the bracket.

        Raises:
            ExpressionError: Something else is here.
        """
        if not self.accept_bracket(text):
            raise self.unexpected()

    def expect_identifier(self) -> Token:
        """Return the name that is here and move past it.

        Raises:
            ExpressionError: Something else is here.
        """
        if self.current.kind is not TokenKind.IDENTIFIER:
            raise self.unexpected()
        return self.advance()

    def unexpected(self) -> ExpressionError:
        """Return the error that the current token should not be here."""
        return self.error(self.current, f"unexpected token {self.current}")

    def error(self, token: Token, message: str) -> ExpressionError:
        """Return an error about a token."""
        return ExpressionError.at(token.offset, self.text, message)
