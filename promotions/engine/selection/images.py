"""Selects the images that a subscription wants, by SemVer, Lexical, NewestBuild or Digest.

Source: Kargo ``pkg/image``.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from common.errors import InvalidError
from promotions.engine import gostrings
from promotions.engine.selection.tagnames import TagRules, names_last_first, versions_newest_first

_PLATFORM_PARTS = (2, 3)


class ImageStrategy(StrEnum):
    """How image tags are put in order; Digest follows one mutable tag."""

    SEMVER = "SemVer"
    LEXICAL = "Lexical"
    NEWEST_BUILD = "NewestBuild"
    DIGEST = "Digest"


@dataclass(frozen=True, slots=True)
class ImageDetails:
    """What a registry's manifest says of one tag.

    Attributes:
        platforms: ``os/arch[/variant]`` of each entry of an index; empty for a single manifest.
    """

    tag: str
    digest: str
    created_at: datetime
    platforms: frozenset[str] = frozenset()


DescribeImage = Callable[[str], ImageDetails | None]
"""Fetches a tag's manifest; ``None`` if the registry has no such tag."""


def select_images(
    tags: Iterable[str],
    *,
    strategy: ImageStrategy,
    rules: TagRules,
    describe: DescribeImage,
    limit: int = 0,
    platform: str = "",
) -> list[ImageDetails]:
    """Return at most ``limit`` images that pass, best first; no limit if it is 0.

    SemVer and Lexical fetch manifests one by one until there are enough, Digest only that of the
    tag its constraint names, NewestBuild all of them.

    Raises:
        InvalidError: A pattern, the constraint or the platform is malformed.
    """
    check_platform(platform)
    names = candidate_tags(tags, strategy=strategy, rules=rules)
    found = (image for name in names if (image := describe(name)) is not None)
    fitting: Iterator[ImageDetails] = (
        image for image in found if not platform or platform in image.platforms
    )
    if strategy is ImageStrategy.NEWEST_BUILD:
        fitting = iter(newest_builds_first(fitting))
    return list(islice(fitting, limit or None))


def candidate_tags(tags: Iterable[str], *, strategy: ImageStrategy, rules: TagRules) -> list[str]:
    """Return the tags whose names pass, in the order of preference that names alone give.

    Raises:
        InvalidError: A pattern or the constraint is malformed.
    """
    accepts_name = rules.name_test()
    if strategy is ImageStrategy.DIGEST:
        return [rules.constraint] if rules.constraint else []
    named = filter(accepts_name, tags)
    if strategy is ImageStrategy.SEMVER:
        return versions_newest_first(named, rules)
    return names_last_first(named)


def newest_builds_first(images: Iterable[ImageDetails]) -> list[ImageDetails]:
    """Return the images by time of creation, newest first; equals by tag, last first."""
    by_tag = sorted(images, key=lambda image: gostrings.utf8(image.tag), reverse=True)
    return sorted(by_tag, key=lambda image: image.created_at, reverse=True)


def check_platform(platform: str) -> None:
    """Raise unless ``platform`` is empty or of the form ``os/arch[/variant]``.

    Raises:
        InvalidError: It is neither.
    """
    parts = platform.split("/")
    if platform and (len(parts) not in _PLATFORM_PARTS or not all(parts)):
        raise InvalidError(f"{platform!r} is not a platform; write one such as linux/amd64.")
