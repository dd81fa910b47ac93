"""Fuzzes semantic versions and their constraints."""

from random import Random

from common.errors import InvalidError
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import (
    Version,
    compare,
    parse_version,
    sort_newest_first,
)
from tests.fuzz.trial import try_all

_PIECES = (
    *("0", "1", "2", "10", "01", "18446744073709551615", "18446744073709551616", "9" * 300),
    *(".", ".", ".", "-", "+", "v", "V", "x", "X", "*", "alpha", "rc.1", "-0", "-01", "a-b"),
    *(" ", ",", "||", "|", "<", ">", "=", "!=", "~", "^", "~>", "=>", "=<", " - ", "\n", "\t"),
    *("", "é", "\uff11", "\u0663", "\0", "(", ")", "&&"),
)
_MOST_PIECES = 14


def run(seconds: float, seed: int) -> list[str]:
    """Return the findings."""
    return try_all(_texts, _attempt, seconds=seconds, seed=seed)


def _texts(random: Random) -> object:
    return [_text(random) for _ in range(4)]


def _text(random: Random) -> str:
    if random.random() < 0.4:
        numbers = ".".join(str(random.randint(0, 3)) for _ in range(random.randint(1, 4)))
        return random.choice(("", "v", "^", "~", ">=", "<", "=", "!=")) + numbers
    return "".join(random.choices(_PIECES, k=random.randint(0, _MOST_PIECES)))


def _attempt(made: object) -> None:
    assert isinstance(made, list)
    versions = [version for text in made if (version := _parsed(text)) is not None]
    for one in versions:
        assert compare(one, parse_version(str(one))) == 0
        for other in versions:
            assert compare(one, other) == -compare(other, one)
    newest = sort_newest_first(made)
    assert sort_newest_first(reversed(made)) == newest
    for text in made:
        _constrain(text, versions)


def _constrain(text: str, versions: list[Version]) -> None:
    try:
        constraint = parse_constraint(text)
    except InvalidError:
        return
    for version in versions:
        assert constraint.allows(version) in (True, False)


def _parsed(text: str) -> Version | None:
    try:
        return parse_version(text)
    except InvalidError:
        return None
