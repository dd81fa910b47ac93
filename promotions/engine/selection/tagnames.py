"""Decides which tags a subscription accepts by name, and in which order it prefers them.

The same rules serve Git tags and image tags.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_text
from promotions.engine import gostrings
from promotions.engine.regexes import compile_test
from promotions.engine.semver.constraints import parse_constraint
from promotions.engine.semver.versions import newest_first, parse_tag


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
        return self.name_test()(tag)

    def name_test(self) -> Callable[[str], bool]:
        """Return :meth:`accepts_name` with its expressions compiled, for many tags.

        Raises:
            InvalidError: An expression is malformed.
        """
        allow = [compile_test(pattern) for pattern in self.allow]
        ignore = [compile_test(pattern) for pattern in self.ignore]

        def accepts(tag: str) -> bool:
            for matches in ignore:
                if matches(tag):
                    return False
            return not allow or any(matches(tag) for matches in allow)

        return accepts

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
        self.name_test()
        if self.constraint:
            parse_constraint(self.constraint)


def versions_newest_first(tags: Iterable[str], rules: TagRules) -> list[str]:
    """Return the tags that are acceptable versions, greatest first.

    Raises:
        InvalidError: The constraint is malformed.
    """
    constraint = parse_constraint(rules.constraint) if rules.constraint else None
    parsed = (parse_tag(tag, strict=rules.strict) for tag in tags)
    versions = (version for version in parsed if version is not None)
    fitting = versions if constraint is None else filter(constraint.allows, versions)
    return [version.original for version in newest_first(fitting)]


def names_last_first(tags: Iterable[str]) -> list[str]:
    """Return the tags in reverse lexical order of their bytes."""
    return sorted(tags, key=gostrings.utf8, reverse=True)


def tag_rules(subscription: JSONObject, *, constraint: str) -> TagRules:
    """Return what a Git or image subscription of a manifest says about tag names.

    Raises:
        InvalidError: It uses ``allowTags`` or ``ignoreTags``, which Kargo has withdrawn.
    """
    for key in ("allowTags", "ignoreTags"):
        if subscription.get(key):
            raise InvalidError(f"{key} is no longer supported; use {key}Regexes, a list.")
    return TagRules(
        allow=tuple(as_text(it) for it in as_list(subscription.get("allowTagsRegexes"))),
        ignore=tuple(as_text(it) for it in as_list(subscription.get("ignoreTagsRegexes"))),
        constraint=constraint,
        strict=subscription.get("strictSemvers") is not False,
    )
