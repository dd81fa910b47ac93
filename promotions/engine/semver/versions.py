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
_LARGEST = 2**64 - 1
_LONGEST = 256


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
    match = (_STRICT if strict else _LOOSE).fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise InvalidError(f"{text!r} is not a semantic version; write one such as 1.2.3.")
    numbers = [int(match[name] or 0) for name in ("major", "minor", "patch")]
    prerelease = match["prerelease"] or ""
    if max(numbers) > _LARGEST:
        raise InvalidError(f"{text!r} is not a semantic version: a number is too large.")
    if any(_has_leading_zero(part) for part in prerelease.split(".")):
        raise InvalidError(f"{text!r} is not a semantic version: a part begins with a zero.")
    major, minor, patch = numbers
    return Version(major, minor, patch, prerelease, match["metadata"] or "", text)


def parse_tag(text: str, *, strict: bool = False) -> Version | None:
    """Return the version that a tag names, or ``None``; strict drops one leading ``v`` first."""
    try:
        version = parse_version(text.removeprefix("v") if strict else text, strict=strict)
    except InvalidError:
        return None
    return replace(version, original=text)


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


def sort_newest_first(tags: Iterable[str], *, strict: bool = False) -> list[str]:
    """Return the tags that are versions, greatest first; equals by text, greatest first.

    Source: Kargo ``pkg/controller/semver``.
    """
    versions = [version for tag in tags if (version := parse_tag(tag, strict=strict)) is not None]
    versions.sort(key=lambda version: version.original.encode(), reverse=True)
    versions.sort(reverse=True)
    return [version.original for version in versions]


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


def _has_leading_zero(part: str) -> bool:
    return len(part) > 1 and part[0] == "0" and part.isdigit()


def _identifier_key(part: str) -> tuple[int, int, str]:
    if not part:
        return (0, 0, "")
    if part.isdigit() and int(part) <= _LARGEST:
        return (1, int(part), "")
    return (2, 0, part)
