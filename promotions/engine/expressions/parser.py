"""Turns the text of an expression into nodes, by precedence climbing.

Source: https://github.com/expr-lang/expr ``parser``.
"""

from collections.abc import Callable, Collection

from promotions.engine.expressions.cursor import Cursor
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.lexer import NEGATABLE, Token, TokenKind, tokenise
from promotions.engine.expressions.literals import (
    read_bytes,
    read_number,
    read_raw_string,
    read_string,
)
from promotions.engine.expressions.nodes import (
    ArrayLiteral,
    Binary,
    Builtin,
    Call,
    Chain,
    Conditional,
    Constant,
    Identifier,
    Let,
    MapLiteral,
    Member,
    Nil,
    Node,
    Pointer,
    Predicate,
    Sequence,
    Slice,
    Unary,
)
from promotions.engine.expressions.predicate_arguments import PREDICATE_ARGUMENTS

DEEPEST = 60
LONGEST = 65_536
MOST_TOKENS = 20_000

_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_BINARY = {
    **dict.fromkeys(("|",), 0),
    **dict.fromkeys(("||", "or"), 10),
    **dict.fromkeys(("&&", "and"), 15),
    **dict.fromkeys(("==", "!=", "<", ">", ">=", "<=", *NEGATABLE), 20),
    "..": 25,
    "+": 30,
    "-": 30,
    **dict.fromkeys(("*", "/", "%"), 60),
    **dict.fromkeys(("**", "^"), 100),
    "??": 500,
}
_RIGHT_ASSOCIATIVE = frozenset({"**", "^"})
_COMPARISONS = frozenset({"<", ">", "<=", ">="})
_WORDS = {"true": True, "false": False}
_NILS = frozenset({"nil", "null"})


def parse(text: str, *, builtins: Collection[str]) -> Node:
    """Return the syntax tree of ``text``.

    Args:
        text: The expression.
        builtins: Names that call a function of the language.

    Raises:
        ExpressionError: The text is not an expression, or is too long or too deeply nested.
    """
    if len(text) > LONGEST:
        raise ExpressionError("the expression is too long")
    tokens = tokenise(text)
    if len(tokens) > MOST_TOKENS:
        raise ExpressionError("the expression is too long")
    return _Parser(text, tokens, builtins).parse()


class _Parser(Cursor):
    def __init__(self, text: str, tokens: list[Token], builtins: Collection[str]) -> None:
        super().__init__(text, tokens)
        self.builtins = builtins
        self.nesting = 0
        self.predicate_depth = 0

    def parse(self) -> Node:
        node = self._sequence()
        if self.current.kind is not TokenKind.END:
            raise self.unexpected()
        return node

    # Expressions, from the loosest binding to the tightest.

    def _sequence(self) -> Node:
        start = self.current.offset
        items = [self._expression()]
        while self.accept_operator(";"):
            if self.current.kind is TokenKind.END:
                break
            items.append(self._expression())
        return items[0] if len(items) == 1 else Sequence(tuple(items), start)

    def _expression(self, precedence: int = 0) -> Node:
        self.nesting += 1
        if self.nesting > DEEPEST:
            raise self.error(self.current, "the expression is nested too deeply")
        if precedence == 0 and self.current.is_operator("let"):
            node = self._let()
        elif precedence == 0 and self.current.is_operator("if"):
            node = self._if()
        else:
            node = self._operators(self._primary(), precedence)
            if precedence == 0:
                node = self._ternary(node)
        self.nesting -= 1
        return node

    def _operators(self, left: Node, precedence: int) -> Node:
        previous = ""
        while (operator := self._next_operator(precedence)) is not None:
            negated = self.tokens[self.position - 1].is_operator("not")
            self.advance()
            if previous == "??" and operator.text not in ("??", "|"):
                raise self.error(operator, "?? and other operators need parentheses when mixed")
            if operator.text == "|":
                left = self._postfix(self._call(self.expect_identifier(), (left,)))
            elif operator.text in _COMPARISONS:
                left = self._comparison(left, operator)
            else:
                left = self._binary(left, operator)
                left = Unary("not", left, operator.offset) if negated else left
            previous = operator.text
        return left

    def _next_operator(self, precedence: int) -> Token | None:
        """Return the operator to apply next, with ``not`` of ``not in`` already passed."""
        token = self.current
        if token.is_operator("not"):
            after = self.tokens[self.position + 1]
            if not after.is_operator(*NEGATABLE):
                self.advance()
                raise self.unexpected()
            if _BINARY[after.text] < precedence:
                return None
            self.advance()
            return after
        if token.kind is not TokenKind.OPERATOR or _BINARY.get(token.text, -1) < precedence:
            return None
        return token

    def _binary(self, left: Node, operator: Token) -> Node:
        precedence = _BINARY[operator.text]
        tighter = precedence if operator.text in _RIGHT_ASSOCIATIVE else precedence + 1
        return Binary(operator.text, left, self._expression(tighter), operator.offset)

    def _comparison(self, left: Node, operator: Token) -> Node:
        """Parse ``a < b < c`` as ``a < b && b < c``."""
        root: Node | None = None
        while True:
            right = self._expression(_BINARY[operator.text] + 1)
            one = Binary(operator.text, left, right, operator.offset)
            root = one if root is None else Binary("&&", root, one, operator.offset)
            if not self.current.is_operator(*_COMPARISONS):
                return root
            left, operator = right, self.advance()

    def _ternary(self, node: Node) -> Node:
        while self.current.is_operator("?"):
            offset = self.advance().offset
            if self.accept_operator(":"):
                node = Conditional(node, node, self._expression(), offset)
                continue
            positive = self._expression()
            self.expect_operator(":")
            node = Conditional(node, positive, self._expression(), offset)
        return node

    def _if(self) -> Node:
        offset = self.advance().offset
        condition = self._expression()
        positive = self._block()
        self.expect_operator("else")
        negative = self._if() if self.current.is_operator("if") else self._block()
        return Conditional(condition, positive, negative, offset)

    def _block(self) -> Node:
        self.expect_bracket("{")
        node = self._sequence()
        self.expect_bracket("}")
        return node

    def _let(self) -> Node:
        self.advance()
        name = self.expect_identifier()
        self.expect_operator("=")
        value = self._expression()
        self.expect_operator(";")
        return Let(name.text, value, self._sequence(), name.offset)

    def _primary(self) -> Node:
        token = self.current
        if token.kind is TokenKind.OPERATOR and token.text in _UNARY:
            self.advance()
            return self._postfix(
                Unary(token.text, self._expression(_UNARY[token.text]), token.offset)
            )
        if self.accept_bracket("("):
            node = self._sequence()
            self.expect_bracket(")")
            return self._postfix(node)
        if self.predicate_depth and token.is_operator("#", "."):
            return self._postfix(self._pointer())
        if self.accept_operator("::"):
            return self._postfix(self._call(self.expect_identifier(), ()))
        return self._postfix(self._operand())

    def _pointer(self) -> Node:
        offset = self.current.offset
        name = ""
        if self.accept_operator("#") and self.current.kind is TokenKind.IDENTIFIER:
            name = self.advance().text
        return Pointer(name, offset)

    def _operand(self) -> Node:
        token = self.current
        if token.is_bracket("["):
            return self._array()
        if token.is_bracket("{"):
            return self._map()
        if token.kind is TokenKind.IDENTIFIER:
            return self._word()
        read = _READERS.get(token.kind)
        if read is None:
            raise self.unexpected()
        self.advance()
        try:
            return Constant(read(token.text), token.offset)
        except (ValueError, OverflowError) as error:
            raise self.error(token, f"{token.text} is not valid: {error}") from error

    def _word(self) -> Node:
        token = self.advance()
        if token.text in _WORDS:
            return Constant(_WORDS[token.text], token.offset)
        if token.text in _NILS:
            return Nil(token.offset)
        if self.current.is_bracket("("):
            return self._call(token, ())
        return Identifier(token.text, token.offset)

    # Calls and predicates.

    def _call(self, name: Token, piped: tuple[Node, ...]) -> Node:
        if name.text in PREDICATE_ARGUMENTS:
            return Builtin(name.text, self._predicate_arguments(name.text, piped), name.offset)
        arguments = self._arguments(piped)
        if name.text in self.builtins:
            return Builtin(name.text, arguments, name.offset)
        return Call(Identifier(name.text, name.offset), arguments, name.offset)

    def _arguments(self, piped: tuple[Node, ...] = ()) -> tuple[Node, ...]:
        self.expect_bracket("(")
        arguments: list[Node] = []
        while not self.current.is_bracket(")"):
            if arguments:
                self.expect_operator(",")
                if self.current.is_bracket(")"):
                    break
            arguments.append(self._expression())
        self.expect_bracket(")")
        return (*piped, *arguments)

    def _predicate_arguments(self, name: str, piped: tuple[Node, ...]) -> tuple[Node, ...]:
        kinds = PREDICATE_ARGUMENTS[name][len(piped) :]
        self.expect_bracket("(")
        arguments = list(piped)
        for index, kind in enumerate(kinds):
            if self.current.is_bracket(")"):
                if kind.endswith("?"):
                    break
                raise self.error(self.current, f"{name} needs more arguments")
            if index > 0:
                self.expect_operator(",")
            is_predicate = kind.startswith("predicate")
            arguments.append(self._predicate() if is_predicate else self._expression())
        self.accept_operator(",")
        self.expect_bracket(")")
        return tuple(arguments)

    def _predicate(self) -> Node:
        start = self.current
        self.predicate_depth += 1
        if self.accept_bracket("{"):
            body = self._sequence()
            self.expect_bracket("}")
        else:
            body = self._expression()
            if self.current.is_operator(";"):
                raise self.error(self.current, "wrap predicate with brackets { and }")
        self.predicate_depth -= 1
        return Predicate(body, start.offset)

    # Literals of collections.

    def _array(self) -> Node:
        offset = self.advance().offset
        items: list[Node] = []
        while not self.current.is_bracket("]"):
            if items:
                self.expect_operator(",")
                if self.current.is_bracket("]"):
                    break
            items.append(self._expression())
        self.expect_bracket("]")
        return ArrayLiteral(tuple(items), offset)

    def _map(self) -> Node:
        offset = self.advance().offset
        entries: list[tuple[Node, Node]] = []
        while not self.current.is_bracket("}"):
            if entries:
                self.expect_operator(",")
                if self.current.is_bracket("}"):
                    break
            key = self._map_key()
            self.expect_operator(":")
            entries.append((key, self._expression()))
        self.expect_bracket("}")
        return MapLiteral(tuple(entries), offset)

    def _map_key(self) -> Node:
        token = self.current
        if token.kind in (TokenKind.NUMBER, TokenKind.IDENTIFIER):
            self.advance()
            return Constant(token.text, token.offset)
        if token.kind in (TokenKind.STRING, TokenKind.RAW_STRING):
            return self._operand()
        if token.is_bracket("("):
            return self._expression()
        raise self.error(
            token, "a map key is a string, a number, a name or an expression in parentheses"
        )

    # What follows an operand.

    def _postfix(self, node: Node) -> Node:
        while True:
            if self.current.is_operator(".", "?."):
                node = self._member(node)
            elif self.current.is_bracket("["):
                node = self._subscript(node, optional=False)
            else:
                return node

    def _member(self, node: Node) -> Node:
        optional = self.advance().text == "?."
        token = self.current
        if optional and token.is_bracket("["):
            return self._subscript(node, optional=True)
        is_word = token.kind is TokenKind.IDENTIFIER or (
            token.kind is TokenKind.OPERATOR and token.text.isidentifier()
        )
        if not is_word:
            raise self.error(token, "expected name")
        self.advance()
        target, chained = _unchained(node)
        member: Node = Member(target, Constant(token.text, token.offset), optional, token.offset)
        if self.current.is_bracket("("):
            member = Call(member, self._arguments(), token.offset)
        return Chain(member, token.offset) if optional or chained else member

    def _subscript(self, node: Node, *, optional: bool) -> Node:
        offset = self.advance().offset
        start = None if self.current.is_operator(":") else self._expression()
        if self.accept_operator(":"):
            stop = None if self.current.is_bracket("]") else self._expression()
            self.expect_bracket("]")
            return Slice(node, start, stop, offset)
        self.expect_bracket("]")
        if start is None:
            raise self.unexpected()
        target, chained = _unchained(node)
        member = Member(target, start, optional, offset)
        return Chain(member, offset) if optional or chained else member


def _unchained(node: Node) -> tuple[Node, bool]:
    return (node.body, True) if isinstance(node, Chain) else (node, False)


_READERS: dict[TokenKind, Callable[[str], bool | int | float | str | bytes]] = {
    TokenKind.NUMBER: read_number,
    TokenKind.STRING: read_string,
    TokenKind.RAW_STRING: read_raw_string,
    TokenKind.BYTES: read_bytes,
}
