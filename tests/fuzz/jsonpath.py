"""Fuzzes JSONPath templates on JSON documents."""

from random import Random

from promotions.engine.jsonpath.evaluator import find_values
from promotions.engine.jsonpath.parser import parse
from promotions.engine.jsonpath.printing import execute
from tests.fuzz.trial import try_all

_KEYS = ("a", "b", "items", "name", "k8s.io/x", "é", "0", "")
_SCALARS = (None, True, False, 0.0, 1.0, -2.5, 1e21, "", "x", "a b", "é", "\udcff")
_INDICES = (
    *("0", "1", "-1", "-2", "*", ":", "0:2", "1:", "::2", ":1", "5:5", "3:1", "-9", "::-1", ""),
    *("-", "9" * 30, "'a'", "'items'", '"a"', "'a.b'", r"'k8s\.io/x'", "'x}'", "0,1", "'a','b'"),
    *("-1, 0", "a", "1:2:3:4", "*,*", "0,"),
)
_WORDS = (
    *(
        "@",
        "$",
        " ",
        "1",
        "-2.5",
        "1.2.3",
        "true",
        "range ",
        "end",
        "foo",
        "'q'",
        r'"q\n"',
        r"'\''",
    ),
    *(r'"\x41\u00e9\377"', r"'\8'", "'", "#", "*", "\t", "\n", "..", "....", "9" * 400, "~", "\0"),
)
_SIDES = ("@", "@.a", "@..a", "@[0]", "@['b']", "@.*", "1", "1.0", "'x'", "foo", "range", "", '"("')
_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "=", "<>", "=~", "!", " == ")
_DEEPEST = 4


def run(seconds: float, seed: int) -> list[str]:
    """Return the findings."""
    return try_all(_case, _attempt, seconds=seconds, seed=seed)


def _case(random: Random) -> object:
    parts = random.choices((_action, _action, _range, _text), k=random.randint(1, 4))
    path = "".join(part(random) for part in parts) * random.choice((1, 1, 1, 1, 30))
    if random.random() < 0.2:
        place = random.randint(0, len(path))
        path = path[:place] + random.choice("{}[]().'\"?@*:,\\ =<") + path[place:]
    return path, _document(random, 0)


def _attempt(made: object) -> None:
    assert isinstance(made, tuple)
    path, document = made
    text = execute(path, document)
    assert isinstance(text, str)
    assert find_values(parse(path), document) == find_values(parse(path), document)


def _document(random: Random, depth: int) -> object:
    kind = random.random()
    if depth > _DEEPEST or (depth and kind < 0.35):
        return random.choice(_SCALARS)
    size = random.randint(0, 3)
    if kind < 0.7:
        return [_document(random, depth + 1) for _ in range(size)]
    return {random.choice(_KEYS): _document(random, depth + 1) for _ in range(size)}


def _action(random: Random) -> str:
    nodes = (_node(random) for _ in range(random.randint(0, 5)))
    return f"{{{''.join(nodes)}{random.choice(('}', '}', '}', '}', ''))}"


def _range(random: Random) -> str:
    inside = "".join(
        random.choice((_action, _text, _range))(random) for _ in range(random.randint(0, 2))
    )
    return f"{{range {_node(random)}}}{inside}{random.choice(('{end}', '{end}', '', '{end}{end}'))}"


def _text(random: Random) -> str:
    return random.choice((" ", "text", "}", "é", "[x]", "\n"))


def _node(random: Random) -> str:
    match random.randrange(5):
        case 0:
            return f".{random.choice((*_KEYS, '*', chr(92)))}"
        case 1:
            return f"[{random.choice(_INDICES)}]"
        case 2:
            return f"..{random.choice((*_KEYS, '[0]', '_'))}"
        case 3:
            return _filter(random)
        case _:
            return random.choice(_WORDS)


def _filter(random: Random) -> str:
    left = random.choice(_SIDES)
    if random.random() < 0.3:
        return f"[?({left})]"
    return f"[?({left}{random.choice(_OPERATORS)}{random.choice(_SIDES)})]"
