"""Groups and orders Freight as clients ask for it.

Source: Kargo's ``query_freights`` handler.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cmp_to_key
from typing import TypeVar

from django.http import QueryDict

from common.jsontypes import as_text
from common.rest.requests import bad_request, flag_of
from promotions.engine.semver.versions import compare, parse_tag
from promotions.models import Freight, FreightArtifact

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


class GroupBy(StrEnum):
    """What Freight is grouped by; ``NOTHING`` makes one group, with the empty key."""

    NOTHING = ""
    IMAGES = "image_repo"
    COMMITS = "git_repo"
    CHARTS = "chart_repo"


class OrderBy(StrEnum):
    """What orders the Freight of a group; ascending unless reversed."""

    FIRST_SEEN = "first_seen"
    TAG = "tag"


_KINDS = {
    GroupBy.IMAGES: FreightArtifact.Kind.IMAGE,
    GroupBy.COMMITS: FreightArtifact.Kind.COMMIT,
    GroupBy.CHARTS: FreightArtifact.Kind.CHART,
}


@dataclass(frozen=True, slots=True)
class Grouping:
    """How to group and order; ``group`` keeps one group only."""

    group_by: GroupBy
    order_by: OrderBy
    group: str = ""
    is_reversed: bool = False


def grouping_from(query: QueryDict) -> Grouping:
    """Read the query; empty values count as absent.

    Raises:
        InvalidError: A value is unknown, or two do not go together.
    """
    grouping = Grouping(
        group_by=_choice(GroupBy, query.get("groupBy") or "", key="groupBy"),
        order_by=_choice(OrderBy, query.get("orderBy") or "first_seen", key="orderBy"),
        group=query.get("group") or "",
        is_reversed=flag_of(query, "reverse"),
    )
    if grouping.group and grouping.group_by is GroupBy.NOTHING:
        raise bad_request("group needs groupBy")
    by_tag = {GroupBy.IMAGES, GroupBy.CHARTS}
    if grouping.order_by is OrderBy.TAG and grouping.group_by not in by_tag:
        raise bad_request("orderBy=tag needs groupBy=image_repo or groupBy=chart_repo")
    return grouping


def grouped(freight: Iterable[Freight], grouping: Grouping) -> dict[str, list[Freight]]:
    """Return Freight by group, ordered; one with several artifacts is in several groups.

    Reads ``artifacts`` of each: prefetch them.
    """
    members: dict[str, list[tuple[Freight, str]]] = {}
    if grouping.group_by is GroupBy.NOTHING:
        members[""] = [(item, "") for item in freight]
    else:
        for item in freight:
            for key, version in _keys(item, grouping.group_by).items():
                members.setdefault(key, []).append((item, version))
    if grouping.group:
        members = {key: it for key, it in members.items() if key == grouping.group}
    return {key: _ordered(members[key], grouping) for key in sorted(members)}


def _keys(freight: Freight, group_by: GroupBy) -> dict[str, str]:
    kind = _KINDS[group_by]
    rows = [row for row in freight.artifacts.all() if row.kind == kind]
    rows.sort(key=lambda row: row.position, reverse=True)
    return {_key(row): row.version for row in rows}


def _key(row: FreightArtifact) -> str:
    name = as_text(row.document.get("name")) if row.kind == FreightArtifact.Kind.CHART else ""
    return posixpath.join(row.repo_url, name) if name else row.repo_url


def _ordered(members: list[tuple[Freight, str]], grouping: Grouping) -> list[Freight]:
    members = sorted(members, key=lambda it: (it[0].discovered_at, it[0].pk))
    if grouping.order_by is OrderBy.TAG:
        members.sort(key=cmp_to_key(_by_tag))
    freight = [item for item, _ in members]
    return freight[::-1] if grouping.is_reversed else freight


def _by_tag(one: tuple[Freight, str], other: tuple[Freight, str]) -> int:
    left, right = one[1], other[1]
    left_version, right_version = parse_tag(left), parse_tag(right)
    if left_version is not None and right_version is not None:
        return compare(left_version, right_version)
    return (left > right) - (left < right)


def _choice(choices: type[ChoiceT], text: str, *, key: str) -> ChoiceT:
    try:
        return choices(text)
    except ValueError as error:
        known = ", ".join(choice.value for choice in choices if choice.value)
        raise bad_request(f'{key} "{text}" is unknown; it may be {known}') from error
