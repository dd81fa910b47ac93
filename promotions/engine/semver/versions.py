"""Reads, compares and sorts semantic versions as Masterminds/semver v3 does.

Loose reading accepts ``v1``, ``1.2`` and leading zeros; strict reading is semver.org's grammar.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import total_ordering
from itertools import zip_longest

from common.errors import InvalidError

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_SUFFIXES = rf"(?:-(?P<prerelease>{_IDENTIFIERS}))?(?:\+(?P<metadata>{_IDENTIFIERS}))?"
_LOOSE = re.compile(
    r"v?(?P<major>[0-9]+)(?:\.(?P<minor>[0-9]+))?(?:\.(?P<patch>[0-9]+))?" + _SUFFIXES
)
_NUMBER = r"(?:0|[1-9][0-9]*)"
_STRICT = re.compile(
    rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER})" + _SUFFIXES
)
_LEADING_ZERO = re.compile(r"(?:^|\.)0[0-9]+(?:\.|$)")
_LARGEST = 2**64 - 1
_LONGEST = 256

_Identifier = tuple[int, int, str]


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A semantic version; order and equality ignore build metadata, as the standard says.

    Attributes:
        original: The text it was read from, ``v`` and all.
    """

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: str = ""
    metadata: str = ""
    original: str = field(default="", compare=False)

    def __str__(self) -> str:
        prerelease = f"-{self.prerelease}" if self.prerelease else ""
        metadata = f"+{self.metadata}" if self.metadata else ""
        return f"{self.major}.{self.minor}.{self.patch}{prerelease}{metadata}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and compare(self, other) == 0

    def __lt__(self, other: "Version") -> bool:
        return compare(self, other) < 0

    def __hash__(self) -> int:
        return hash((self.major, self.minor, self.patch, self.prerelease))

    def next_major(self) -> "Version":
        """Return the version with the major number raised and the rest cleared."""
        return self._incremented(Version(self.major + 1))

    def next_minor(self) -> "Version":
        """Return the version with the minor number raised and what follows cleared."""
        return self._incremented(Version(self.major, self.minor + 1))

    def next_patch(self) -> "Version":
        """Return the next patch; of a pre-release that is the release itself."""
        patch = self.patch if self.prerelease else self.patch + 1
        return self._incremented(Version(self.major, self.minor, patch))

    def _incremented(self, version: "Version") -> "Version":
        prefix = "v" if self.original.startswith("v") else ""
        return replace(version, original=f"{prefix}{version}")


def parse_version(text: str, *, strict: bool = False) -> Version:
    """Return the version that ``text`` names.

    Raises:
        InvalidError: It is no version, a number exceeds 64 bits, or a numeric pre-release
            identifier begins with a zero.
    """
    version = _read(text, text, _STRICT if strict else _LOOSE)
    if version is None:
        raise InvalidError(f"{text!r} is not a semantic version; write one such as 1.2.3.")
    return version


def parse_tag(text: str, *, strict: bool = False) -> Version | None:
    """Return the version that a tag names, or ``None``; strict drops one leading ``v`` first."""
    if strict:
        return _read(text.removeprefix("v"), text, _STRICT)
    return _read(text, text, _LOOSE)


def _read(text: str, original: str, pattern: re.Pattern[str]) -> Version | None:
    match = pattern.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    major, minor, patch, prerelease, metadata = match.groups(default="")
    numbers = (int(major), int(minor or 0), int(patch or 0))
    if max(numbers) > _LARGEST or (prerelease and _LEADING_ZERO.search(prerelease)):
        return None
    return Version(*numbers, prerelease, metadata, original)


def compare(left: Version, right: Version) -> int:
    """Return -1, 0 or 1 as ``left`` comes before, with or after ``right``."""
    numbers = (left.major, left.minor, left.patch)
    others = (right.major, right.minor, right.patch)
    if numbers != others:
        return 1 if numbers > others else -1
    return compare_prereleases(left.prerelease, right.prerelease)


def compare_prereleases(left: str, right: str) -> int:
    """Return the order of two pre-release texts; none at all comes last."""
    if left == right:
        return 0
    if not left or not right:
        return -1 if left else 1
    for one, other in zip_longest(left.split("."), right.split("."), fillvalue=""):
        if one != other:
            return 1 if _identifier_key(one) > _identifier_key(other) else -1
    return 0


def newest_first(versions: Iterable[Version]) -> list[Version]:
    """Return the versions, greatest first; equals by their text, greatest first.

    Source: Kargo ``pkg/controller/semver``.
    """
    return sorted(versions, key=_rank, reverse=True)


def sort_newest_first(tags: Iterable[str], *, strict: bool = False) -> list[str]:
    """Return the tags that are versions, in the order of :func:`newest_first`."""
    parsed = (parse_tag(tag, strict=strict) for tag in tags)
    versions = (version for version in parsed if version is not None)
    return [version.original for version in newest_first(versions)]


def difference(left: str, right: str) -> str:
    """Return the greatest part in which two versions differ.

    One of ``Major``, ``Minor``, ``Patch``, ``Metadata``, ``None``, or ``Incomparable`` if either
    is no version. Pre-releases are not looked at.

    Source: Kargo ``semverDiff``.
    """
    try:
        one, other = parse_version(left), parse_version(right)
    except InvalidError:
        return "Incomparable"
    for part in ("major", "minor", "patch", "metadata"):
        if getattr(one, part) != getattr(other, part):
            return part.capitalize()
    return "None"


def _rank(version: Version) -> tuple[int, int, int, bool, tuple[_Identifier, ...], bytes]:
    """Return what sorts as :func:`compare` orders, then by the text."""
    text = version.prerelease
    identifiers = tuple(map(_identifier_key, text.split("."))) if text else ()
    numbers = (version.major, version.minor, version.patch)
    return (*numbers, not text, identifiers, version.original.encode(errors="surrogatepass"))


def _identifier_key(part: str) -> _Identifier:
    if not part:
        return (0, 0, "")
    if part.isdigit() and int(part) <= _LARGEST:
        return (1, int(part), "")
    return (2, 0, part)
