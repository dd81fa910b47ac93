"""Fuzzes the expression language: lexer, parser, checker and evaluator, and templates around it."""

import json
from random import Random

from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.templates import render_text
from tests.conformance.expr import canonical, tagged
from tests.conformance.vectors import DIRECTORY
from tests.fuzz.trial import try_all

_SMALL = (
    *("nil", "true", "false", "0", "1", "-1", "2.5", "1e308", "9223372036854775807", "0x1F"),
    *('"a"', "'b'", "`c`", '"\\u00e9"', 'b"z"', "[]", "{}", "[1, 2.0, nil]", '{"a": 1, "b": [2]}'),
    *("s", "n", "f", "a", "m", "unknown", "$env", "#", "#index", "#acc", "now()"),
    *('date("2024-02-29T12:00:00Z")', 'duration("1h30m")', 'timezone("Europe/Berlin")'),
)
_BINARY = (
    *("+", "-", "*", "/", "%", "**", "^", "==", "!=", "<", ">", "<=", ">=", "and", "or", "&&"),
    *("||", "??", "in", "not in", "matches", "contains", "startsWith", "endsWith", "..", "|", "|>"),
)
_CALLS = (
    *("len", "type", "abs", "int", "float", "string", "toJSON", "fromJSON", "toBase64", "trim"),
    *("upper", "split", "replace", "repeat", "join", "keys", "values", "sort", "reverse", "uniq"),
    *("concat", "flatten", "min", "max", "sum", "mean", "median", "first", "last", "take", "get"),
    *("toPairs", "fromPairs", "bitand", "bitshl", "bitnot", "date", "duration", "round", "indexOf"),
)
_PREDICATES = (
    *("all", "any", "none", "one", "filter", "map", "count", "find", "findIndex", "findLast"),
    *("groupBy", "sortBy", "reduce", "sum", "findLastIndex"),
)
_CHARACTERS = "()[]{}.,:;?#|&=!<>+-*/%^~@$\\\"'`\n\t 0aZ_é𝄞\0\ud800/**///"
_ENVIRONMENT = {
    "s": "héllo\n",
    "n": 7,
    "f": -0.5,
    "a": [3, 1.5, "x", None, [1], {"k": "v"}],
    "m": {"k": {"deep": [1, 2]}, "é": True, "n": None},
}


def run(seconds: float, seed: int) -> list[str]:
    """Return the findings."""
    corpus = _corpus()
    return try_all(lambda random: _text(random, corpus), _attempt, seconds=seconds, seed=seed)


def _corpus() -> list[str]:
    path = DIRECTORY / "expr.open.json"
    if not path.exists():
        return ["1 + 2"]
    return [case["expr"] for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]


def _text(random: Random, corpus: list[str]) -> str:
    kind = random.random()
    if kind < 0.5:
        return _expression(random, random.randint(1, 5))
    text = random.choice(corpus)
    if kind < 0.7:
        return _spliced(text, random.choice(corpus), random)
    return _mutated(text, random)


def _expression(random: Random, depth: int) -> str:
    if depth == 0:
        return random.choice(_SMALL)
    one, other = (_expression(random, random.randint(0, depth - 1)) for _ in range(2))
    forms = (
        f"({one} {random.choice(_BINARY)} {other})",
        f"{random.choice(_CALLS)}({one})",
        f"{random.choice(_CALLS)}({one}, {other})",
        f"{random.choice(_PREDICATES)}({one}, {other})",
        f"{one}?.{random.choice('kmns')}",
        f"{one}[{other}]",
        f"{one}[{other}:]",
        f"{one} ? {other} : {one}",
        f"let v = {one}; {other} == v",
        f"[{one}, {other}]",
        f'{{"k": {one}, ({other}): 1}}',
        f"{random.choice(('-', 'not ', '!', '+'))}{one}",
        f"{one}.{random.choice(('Year()', 'Hours()', 'Format(s)', 'k', 'String()', 'UTC()'))}",
    )
    return random.choice(forms)


def _spliced(one: str, other: str, random: Random) -> str:
    return one[: random.randint(0, len(one))] + other[random.randint(0, len(other)) :]


def _mutated(text: str, random: Random) -> str:
    characters = list(text)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(characters))
        if random.random() < 0.5:
            characters.insert(at, random.choice(_CHARACTERS))
        else:
            del characters[at : at + random.randint(1, 3)]
    return "".join(characters)


def _attempt(made: object) -> None:
    text = str(made)
    render_text(f"x${{{{ {text} }}}}y", _ENVIRONMENT)
    expression = compile_expression(text)
    first = expression.evaluate(_ENVIRONMENT)
    if "now" not in text:
        assert canonical(tagged(first)) == canonical(tagged(expression.evaluate(_ENVIRONMENT)))
