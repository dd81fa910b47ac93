"""Reads version constraints such as ``^1.2 || >=3, <4`` and checks versions against them.

Source: Masterminds/semver v3 ``constraints.go``, quirks included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from common.errors import InvalidError
from promotions.engine.regexes import Match, compile_regex
from promotions.engine.semver.versions import Version, compare, compare_prereleases, parse_version

_IDENTIFIERS = r"[0-9A-Za-z\-]+(?:\.[0-9A-Za-z\-]+)*"
_VERSION = (
    r"v?(?:[0-9|xX*]+)(?:\.[0-9|xX*]+)?(?:\.[0-9|xX*]+)?"
    rf"(?:-{_IDENTIFIERS})?(?:\+{_IDENTIFIERS})?"
)
_OPERATOR = r"(?:>=|=>|<=|=<|~>|!=|=|>|<|~|\^)?"
_ONE = (
    rf"\s*({_OPERATOR})\s*(v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?"
    rf"(-{_IDENTIFIERS})?(\+{_IDENTIFIERS})?)\s*"
)
_FIRST = rf"{_OPERATOR}\s*{_VERSION}"
_GROUP = rf"\s*{_FIRST}\s*(?:(?:\s+|,\s*){_FIRST}\s*)*"
_RANGE = rf"\s*({_VERSION})\s+-\s+({_VERSION})\s*"
_WILDCARDS = frozenset({"", "x", "X", "*"})
_LONGEST = 512
_MOST_ALTERNATIVES = 32


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operator and one version, with what of the version was left open.

    Attributes:
        open: Something was a wildcard or missing.
        open_minor: The minor number was.
        open_patch: The minor number was given and the patch number was not.
    """

    operator: str
    version: Version
    open: bool = False
    open_minor: bool = False
    open_patch: bool = False


@dataclass(frozen=True, slots=True)
class Alternative:
    """Comparisons that must all hold.

    Attributes:
        names_prerelease: One of them names a pre-release, so pre-releases can satisfy them all.
    """

    comparisons: tuple[Comparison, ...]
    names_prerelease: bool

    def allows(self, version: Version, *, include_prerelease: bool) -> bool:
        """Return whether the version satisfies every comparison."""
        if version.prerelease and not (include_prerelease or self.names_prerelease):
            return False
        return all(_CHECKS[it.operator](it, version) for it in self.comparisons)


@dataclass(frozen=True, slots=True)
class Constraint:
    """Alternatives, of which one must hold."""

    alternatives: tuple[Alternative, ...]

    def allows(self, version: Version, *, include_prerelease: bool = False) -> bool:
        """Return whether the version satisfies any alternative.

        A pre-release satisfies only an alternative that names a pre-release itself, unless
        ``include_prerelease``.
        """
        return any(
            it.allows(version, include_prerelease=include_prerelease) for it in self.alternatives
        )


@lru_cache(maxsize=1024)
def parse_constraint(text: str) -> Constraint:
    """Return the constraint that ``text`` states.

    Raises:
        InvalidError: It is not a constraint.
    """
    if len(text) > _LONGEST:
        raise InvalidError("The version constraint is too long.")
    alternatives = _without_ranges(text).split("||")
    if len(alternatives) > _MOST_ALTERNATIVES:
        raise InvalidError("The version constraint has too many alternatives.")
    return Constraint(tuple(map(_parse_group, alternatives)))


def _without_ranges(text: str) -> str:
    pattern = compile_regex(_RANGE)
    done = ""
    while (match := pattern.search(text)) is not None:
        start, end = match.span(0)
        done += f"{text[:start]}>= {match.group(1)}, <= {match.group(2)} "
        text = text[end:]
    return done + text


def _parse_group(text: str) -> Alternative:
    if compile_regex(_GROUP).fullmatch(text) is None:
        raise _improper(text)
    pattern = compile_regex(_FIRST)
    comparisons = []
    rest = text
    while (match := pattern.search(rest)) is not None:
        comparisons.append(_parse_comparison(match.group(0) or ""))
        rest = rest[match.span(0)[1] :]
    return Alternative(tuple(comparisons), any(it.version.prerelease for it in comparisons))


def _parse_comparison(text: str) -> Comparison:
    match = compile_regex(_ONE).fullmatch(text)
    if match is None:
        raise _improper(text)
    operator, whole, major, minor, patch, prerelease = (_text(match, n) for n in range(1, 7))
    if major in _WILDCARDS:
        return Comparison(operator, _version(f"0.0.0{prerelease}", text), open=True)
    if minor.removeprefix(".") in _WILDCARDS:
        version = _version(f"{major}.0.0{prerelease}", text)
        return Comparison(operator, version, open=True, open_minor=True)
    if patch.removeprefix(".") in _WILDCARDS:
        version = _version(f"{major}{minor}.0{prerelease}", text)
        return Comparison(operator, version, open=True, open_patch=True)
    return Comparison(operator, _version(whole, text))


def _text(match: Match, group: int) -> str:
    return match.group(group) or ""


def _version(text: str, constraint: str) -> Version:
    try:
        return parse_version(text)
    except InvalidError as error:
        raise _improper(constraint) from error


def _improper(text: str) -> InvalidError:
    return InvalidError(f"{text!r} is not a version constraint; write one such as ^1.2.0.")


def _is_equal(rule: Comparison, version: Version) -> bool:
    return _is_about(rule, version) if rule.open else version == rule.version


def _is_different(rule: Comparison, version: Version) -> bool:
    if not rule.open or version.major != rule.version.major:
        return version != rule.version
    if rule.open_minor:
        return False
    if version.minor != rule.version.minor:
        return True
    if rule.open_patch:
        return compare_prereleases(version.prerelease, rule.version.prerelease) != 0
    return version != rule.version


def _is_greater(rule: Comparison, version: Version) -> bool:
    if rule.open and version.major == rule.version.major:
        if rule.open_minor:
            return False
        if rule.open_patch:
            return version.minor > rule.version.minor
    return compare(version, rule.version) > 0


def _is_less(rule: Comparison, version: Version) -> bool:
    return compare(version, rule.version) < 0


def _is_at_least(rule: Comparison, version: Version) -> bool:
    return compare(version, rule.version) >= 0


def _is_at_most(rule: Comparison, version: Version) -> bool:
    if not rule.open:
        return compare(version, rule.version) <= 0
    if version.major != rule.version.major:
        return version.major < rule.version.major
    return rule.open_minor or version.minor <= rule.version.minor


def _is_about(rule: Comparison, version: Version) -> bool:
    wanted = rule.version
    if version < wanted:
        return False
    anything = (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0)
    if anything and not rule.open_minor and not rule.open_patch:
        return True
    return version.major == wanted.major and (rule.open_minor or version.minor == wanted.minor)


def _is_compatible(rule: Comparison, version: Version) -> bool:
    wanted = rule.version
    if version < wanted:
        return False
    if wanted.major > 0 or rule.open_minor or version.major > 0:
        return version.major == wanted.major
    if wanted.minor > 0 or rule.open_patch or version.minor > 0:
        return version.minor == wanted.minor
    return version.patch == wanted.patch


_CHECKS: dict[str, Callable[[Comparison, Version], bool]] = {
    "": _is_equal,
    "=": _is_equal,
    "!=": _is_different,
    ">": _is_greater,
    "<": _is_less,
    ">=": _is_at_least,
    "=>": _is_at_least,
    "<=": _is_at_most,
    "=<": _is_at_most,
    "~": _is_about,
    "~>": _is_about,
    "^": _is_compatible,
}
