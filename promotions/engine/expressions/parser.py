"""Turns the text of an expression into nodes, by precedence climbing.

Source: https://github.com/expr-lang/expr ``parser``.
"""

from collections.abc import Callable, Collection

from promotions.engine.expressions import nodes
from promotions.engine.expressions.cursor import Cursor
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.lexer import NEGATABLE, Token, TokenKind, tokenise
from promotions.engine.expressions.literals import (
    read_bytes,
    read_number,
    read_raw_string,
    read_string,
)
from promotions.engine.expressions.nodes import Node

DEEPEST = 100
LONGEST = 1_000_000
MOST_NODES = 10_000

PREDICATE_ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("all", "none", "any", "one", "filter", "map", "groupBy"), ("value", "predicate")
    ),
    **dict.fromkeys(("find", "findIndex", "findLast", "findLastIndex"), ("value", "predicate")),
    **dict.fromkeys(("count", "sum"), ("value", "predicate?")),
    **dict.fromkeys(("sortBy", "reduce"), ("value", "predicate", "value?")),
}
"""What the builtins that take a predicate expect; ``?`` if it may be left out."""

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
_KEYS = (TokenKind.NUMBER, TokenKind.IDENTIFIER)


def parse(
    text: str, *, builtins: Collection[str], overridden: Collection[str] = frozenset()
) -> Node:
    """Return the syntax tree of ``text``.

    Args:
        text: The expression.
        builtins: Names that call a function of the language.
        overridden: Names that call a function of the environment nevertheless.

    Raises:
        ExpressionError: The text is not an expression, or is too long or too deeply nested.
    """
    if len(text) > LONGEST:
        raise ExpressionError.at(LONGEST, text, "the expression is too long")
    root = _Parser(text, frozenset(builtins) - frozenset(overridden), frozenset(builtins)).parse()
    if sum(1 for _ in nodes.walk(root)) > MOST_NODES:
        raise ExpressionError.at(0, text, "the expression exceeds the maximum allowed nodes")
    return root


class _Parser(Cursor):
    def __init__(self, text: str, callable_names: frozenset[str], builtins: frozenset[str]) -> None:
        super().__init__(text, tokenise(text))
        self.callable_names = callable_names
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
        return items[0] if len(items) == 1 else nodes.Sequence(items, offset=start)

    def _expression(self, precedence: int = 0) -> Node:
        self._enter()
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

    def _enter(self) -> None:
        self.nesting += 1
        if self.nesting > DEEPEST:
            raise self.error(self.current, "the expression is nested too deeply")

    def _operators(self, left: Node, precedence: int) -> Node:
        previous = ""
        while (operator := self._next_operator(precedence)) is not None:
            negated = self.tokens[self.position - 1].is_operator("not")
            self.advance()
            if operator.text == "|":
                left = self._call(self.expect_identifier(), [left])
            elif previous == "??" and operator.text != "??":
                raise self.error(operator, "?? and other operators need parentheses when mixed")
            elif operator.text in _COMPARISONS:
                left = self._comparison(left, operator)
            else:
                left = self._binary(left, operator)
                left = nodes.Unary("not", left, offset=operator.offset) if negated else left
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
        right = self._expression(tighter)
        return nodes.Binary(operator.text, left, right, offset=operator.offset)

    def _comparison(self, left: Node, operator: Token) -> Node:
        """Parse ``a < b < c`` as ``a < b && b < c``."""
        root: Node | None = None
        while True:
            right = self._expression(_BINARY[operator.text] + 1)
            one = nodes.Binary(operator.text, left, right, offset=operator.offset)
            root = nodes.Binary("&&", root, one, offset=operator.offset) if root else one
            if not self.current.is_operator(*_COMPARISONS):
                return root
            left, operator = right, self.advance()

    def _ternary(self, node: Node) -> Node:
        while self.current.is_operator("?"):
            offset = self.advance().offset
            if self.accept_operator(":"):
                node = nodes.Conditional(node, node, self._expression(), offset=offset)
                continue
            positive = self._expression()
            self.expect_operator(":")
            node = nodes.Conditional(node, positive, self._expression(), offset=offset)
        return node

    def _if(self) -> Node:
        self._enter()
        offset = self.advance().offset
        condition = self._expression()
        positive = self._block()
        self.expect_operator("else")
        negative = self._if() if self.current.is_operator("if") else self._block()
        self.nesting -= 1
        return nodes.Conditional(condition, positive, negative, offset=offset)

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
        return nodes.Let(name.text, value, self._sequence(), offset=name.offset)

    def _primary(self) -> Node:
        token = self.current
        if token.kind is TokenKind.OPERATOR and token.text in _UNARY:
            self.advance()
            operand = self._expression(_UNARY[token.text])
            return self._postfix(nodes.Unary(token.text, operand, offset=token.offset))
        if self.accept_bracket("("):
            node = self._sequence()
            self.expect_bracket(")")
            return self._postfix(node)
        if self.predicate_depth and token.is_operator("#", "."):
            return self._postfix(self._pointer())
        if self.accept_operator("::"):
            return self._postfix(self._call(self.expect_identifier(), [], overridable=False))
        return self._operand()

    def _pointer(self) -> Node:
        offset = self.current.offset
        name = ""
        if self.accept_operator("#") and self.current.kind is TokenKind.IDENTIFIER:
            name = self.advance().text
        return nodes.Pointer(name, offset=offset)

    def _operand(self) -> Node:
        """Parse a literal, a name or a call; members of numbers and words cannot be asked for."""
        token = self.current
        if token.kind is TokenKind.IDENTIFIER:
            return self._word()
        if token.is_bracket("["):
            return self._postfix(self._array())
        if token.is_bracket("{"):
            return self._postfix(self._map())
        literal = self._literal()
        return literal if token.kind is TokenKind.NUMBER else self._postfix(literal)

    def _literal(self) -> Node:
        token = self.current
        read = _READERS.get(token.kind)
        if read is None:
            raise self.unexpected()
        self.advance()
        try:
            return nodes.Constant(read(token.text), offset=token.offset)
        except ValueError as error:
            raise self.error(token, f"invalid literal: {error}") from error

    def _word(self) -> Node:
        token = self.advance()
        if token.text in _WORDS:
            return nodes.Constant(_WORDS[token.text], offset=token.offset)
        if token.text == "nil":
            return nodes.Nil(offset=token.offset)
        if self.current.is_bracket("("):
            return self._postfix(self._call(token, []))
        return self._postfix(nodes.Identifier(token.text, offset=token.offset))

    # Calls and predicates.

    def _call(self, name: Token, piped: list[Node], *, overridable: bool = True) -> Node:
        is_builtin = name.text in (self.callable_names if overridable else self.builtins)
        if is_builtin and name.text in PREDICATE_ARGUMENTS:
            arguments = self._predicate_arguments(name.text, piped)
        else:
            arguments = self._arguments(piped)
        if is_builtin:
            return nodes.Builtin(name.text, arguments, offset=name.offset)
        callee = nodes.Identifier(name.text, offset=name.offset)
        return nodes.Call(callee, arguments, offset=name.offset)

    def _arguments(self, piped: list[Node]) -> list[Node]:
        self.expect_bracket("(")
        return [*piped, *self._items(")")]

    def _items(self, closing: str) -> list[Node]:
        """Parse expressions between commas, of which one may be left over, and a bracket."""
        items: list[Node] = []
        while not self.current.is_bracket(closing):
            if items:
                self.expect_operator(",")
                if self.current.is_bracket(closing):
                    break
            items.append(self._expression())
        self.expect_bracket(closing)
        return items

    def _predicate_arguments(self, name: str, piped: list[Node]) -> list[Node]:
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
        return arguments

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
        return nodes.Predicate(body, offset=start.offset)

    # Literals of collections.

    def _array(self) -> Node:
        offset = self.advance().offset
        return nodes.ArrayLiteral(self._items("]"), offset=offset)

    def _map(self) -> Node:
        offset = self.advance().offset
        pairs: list[Node] = []
        while not self.current.is_bracket("}"):
            if pairs:
                self.expect_operator(",")
                if self.current.is_bracket("}"):
                    break
            key = self._map_key()
            self.expect_operator(":")
            pairs.append(nodes.Pair(key, self._expression(), offset=key.offset))
        self.expect_bracket("}")
        return nodes.MapLiteral(pairs, offset=offset)

    def _map_key(self) -> Node:
        token = self.current
        if token.kind in _KEYS:
            self.advance()
            return nodes.Constant(token.text, offset=token.offset)
        if token.kind in (TokenKind.STRING, TokenKind.RAW_STRING):
            return self._literal()
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
        chained = isinstance(node, nodes.Chain)
        target = node.body if isinstance(node, nodes.Chain) else node
        key = nodes.Constant(token.text, offset=token.offset)
        member: Node = nodes.Member(target, key, optional, offset=token.offset)
        if self.current.is_bracket("("):
            member = nodes.Call(member, self._arguments([]), offset=token.offset)
        return nodes.Chain(member, offset=token.offset) if optional or chained else member

    def _subscript(self, node: Node, *, optional: bool) -> Node:
        offset = self.advance().offset
        start = None if self.current.is_operator(":") else self._expression()
        if self.accept_operator(":"):
            stop = None if self.current.is_bracket("]") else self._expression()
            self.expect_bracket("]")
            return nodes.Slice(node, start, stop, offset=offset)
        if start is None:
            raise self.unexpected()
        self.expect_bracket("]")
        member = nodes.Member(node, start, optional, offset=offset)
        return nodes.Chain(member, offset=offset) if optional else member


_READERS: dict[TokenKind, Callable[[str], int | float | str | bytes]] = {
    TokenKind.NUMBER: read_number,
    TokenKind.STRING: read_string,
    TokenKind.RAW_STRING: read_raw_string,
    TokenKind.BYTES: read_bytes,
}
