"""Decides which tags a subscription accepts by name, and in which order it prefers them.

The same rules serve Git tags and image tags.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from promotions.engine.regexes import compile_regex
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import parse_tag, sort_newest_first


@dataclass(frozen=True, slots=True)
class TagRules:
    """What a subscription says about tag names; every expression may match anywhere in one.

    Attributes:
        allow: A tag must match one of these, if there are any.
        ignore: A tag that matches one of these is dropped, allowed or not.
        constraint: Semantic version constraint; empty accepts any version, pre-releases too.
        strict: A version must have all three numbers.
    """

    allow: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    constraint: str = ""
    strict: bool = False

    def accepts_name(self, tag: str) -> bool:
        """Return whether the allow and ignore lists accept the tag.

        Raises:
            InvalidError: An expression is malformed.
        """
        allow, ignore = ([compile_regex(it) for it in side] for side in (self.allow, self.ignore))
        if any(pattern.search(tag) for pattern in ignore):
            return False
        return not allow or any(pattern.search(tag) for pattern in allow)

    def accepts_version(self, tag: str) -> bool:
        """Return whether the tag is a version that satisfies the constraint.

        Raises:
            InvalidError: The constraint is malformed.
        """
        version = parse_tag(tag, strict=self.strict)
        if version is None:
            return False
        return not self.constraint or parse_constraint(self.constraint).allows(version)

    def check(self) -> None:
        """Raise if any expression or the constraint is malformed, whatever the tags are.

        Raises:
            InvalidError: One is.
        """
        self.accepts_name("")
        if self.constraint:
            parse_constraint(self.constraint)


def versions_newest_first(tags: Iterable[str], rules: TagRules) -> list[str]:
    """Return the tags that are acceptable versions, greatest first.

    Raises:
        InvalidError: The constraint is malformed.
    """
    return sort_newest_first(filter(rules.accepts_version, tags), strict=rules.strict)


def names_last_first(tags: Iterable[str]) -> list[str]:
    """Return the tags in reverse lexical order of their bytes."""
    return sorted(tags, key=lambda tag: tag.encode(), reverse=True)
