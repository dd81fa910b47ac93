"""Pages of objects in the order of their names."""

from typing import TypeVar

from django.db.models import QuerySet
from django.http import QueryDict

from common.models import Resource
from common.rest.requests import bad_request, count_of

PAGE, LARGEST_PAGE = 100, 1000
RowT = TypeVar("RowT", bound=Resource)


def named_page(rows: QuerySet[RowT], query: QueryDict) -> tuple[list[RowT], str | None]:
    """Return some rows, and what ``after`` must be for the next page; ``None`` if there is none.

    Raises:
        InvalidError: The query makes no sense.
    """
    limit = count_of(query, "limit") or PAGE
    if limit > LARGEST_PAGE:
        raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
    found = list(rows.filter(name__gt=query.get("after", "")).order_by("name")[: limit + 1])
    shown = found[:limit]
    return shown, shown[-1].name if len(found) > limit else None
