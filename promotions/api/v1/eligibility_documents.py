"""How the API shows what may be promoted where, and why not."""

from typing import Any

from django.http import QueryDict

from common.rest.requests import bad_request, count_of
from promotions.engine.eligibility import Reason, refusing
from promotions.manifests.reasons import reasons_to
from promotions.models import Freight, Stage

PAGE, LARGEST_PAGE = 100, 1000


def eligibility_to(stage: Stage, freight: Freight, reasons: tuple[Reason, ...]) -> dict[str, Any]:
    """Write what keeps Freight from a Stage; ``eligible`` says that a person may promote it."""
    return {
        "stage": stage.name,
        "freight": freight.name,
        "alias": freight.alias,
        "eligible": not refusing(reasons),
        "reasons": reasons_to(reasons),
    }


def page_size(query: QueryDict) -> int:
    """Return how many pairs to show.

    Raises:
        InvalidError: ``limit`` is no number, or too large.
    """
    limit = count_of(query, "limit") or PAGE
    if limit > LARGEST_PAGE:
        raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
    return limit
