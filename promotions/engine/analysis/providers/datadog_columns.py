"""The columns of Datadog's scalar responses: numbers, and the groups that they are of.

Source: Argo Rollouts ``metricproviders/datadog`` extractValues, groupsMetadata.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.jsontypes import JSONValue
from promotions.engine.analysis.providers.decoding import Decoded, encode
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.goquote import go_quote

COLUMNS = "[]datadog.datadogV2Column"
MOST_GROUPS = 100
_NUMBER_TYPES = frozenset({"", "number"})
_GROUP_TYPE = "group"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a response; its values are numbers, or lists of tags if it is a group."""

    name: str
    type: str
    values: Sequence[JSONValue]


@dataclass(frozen=True, slots=True)
class Group:
    """The value of one combination of tags."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Extracted:
    """The numbers of a response.

    Attributes:
        groups: One for each value, empty unless ``is_grouped``.
        is_grouped: The query was by tags, so that even one value is a list.
    """

    values: tuple[float, ...]
    groups: tuple[Group, ...]
    is_grouped: bool


def read_columns(columns: Decoded) -> list[Column]:
    """Return the columns of a response.

    Raises:
        ResponseError: They are of another shape.
    """
    return [
        Column(
            column.member("name").text(),
            column.member("type").text(),
            [it.value for it in column.member("values", "[]json.RawMessage").items()],
        )
        for column in columns.items()
    ]


def extract_values(columns: Sequence[Column]) -> Extracted:
    """Return the values of the first column of numbers, each with its group.

    A value that is null is left out together with its group.

    Raises:
        ResponseError: A value is no number, or a group has no label.
    """
    group_columns = [it for it in columns if it.type == _GROUP_TYPE]
    numbers = next((it for it in columns if it.type in _NUMBER_TYPES), None)
    groups = tuple(_groups(numbers, group_columns)) if numbers else ()
    return Extracted(
        values=tuple(group.value for group in groups),
        groups=groups if group_columns else (),
        is_grouped=bool(group_columns),
    )


def groups_metadata(groups: Sequence[Group]) -> dict[str, str]:
    """Return the groups for people to read; of too many, those with the extreme values.

    The result has ``groups``, a JSON list, and ``groups_truncated`` if some were left out.
    """
    if len(groups) <= MOST_GROUPS:
        return {"groups": _shown(groups)}
    ordered = sorted(groups, key=lambda group: group.value)
    half = MOST_GROUPS // 2
    kept = [*ordered[:half], *ordered[-(MOST_GROUPS - half) :]]
    return {"groups": _shown(kept), "groups_truncated": "true"}


def _groups(numbers: Column, group_columns: Sequence[Column]) -> Iterator[Group]:
    for index, value in enumerate(numbers.values):
        if value is None:
            continue
        number = _number(value, numbers.name)
        label = _label(group_columns, index)
        if label is None:
            raise ResponseError(f"could not parse group label at index {index}")
        yield Group(label, number)


def _number(value: JSONValue, column: str) -> float:
    try:
        return Decoded(value, "float64").number()
    except ResponseError as error:
        shown = go_quote(encode(value))
        raise ResponseError(
            f"could not parse numeric value {shown} in column {go_quote(column)}: {error}"
        ) from error


def _label(columns: Sequence[Column], index: int) -> str | None:
    """Return the tags of a row, joined over all columns; ``None`` if one has none."""
    tags: list[str] = []
    for column in columns:
        row = column.values[index] if index < len(column.values) else None
        if not isinstance(row, list | tuple) or not row:
            return None
        if not all(isinstance(tag, str | None) for tag in row):
            return None
        tags += [tag or "" for tag in row]
    return ",".join(tags)


def _shown(groups: Sequence[Group]) -> str:
    return encode([{"name": group.name, "value": group.value} for group in groups])
