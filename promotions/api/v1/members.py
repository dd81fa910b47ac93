"""What the views of members share: whose they are, and how they are written."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.http import QueryDict

from common.jsontypes import JSONObject
from common.rest.requests import bad_request, count_of, text_of
from projects.models import Project, Tenant
from projects.selectors import members_of
from promotions.manifests.metadata import timestamp
from rbac.models import Membership, User

PAGE, LARGEST_PAGE = 100, 1000


def members_page(tenant: Tenant, project: Project | None, query: QueryDict) -> Mapping[str, Any]:
    """Return a page of people with their roles, by username.

    Raises:
        InvalidError: The query makes no sense.
    """
    limit = count_of(query, "limit") or PAGE
    if limit > LARGEST_PAGE:
        raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
    rows = members_of(tenant, project).filter(user__username__gt=query.get("after", ""))
    names = rows.order_by("user__username").values_list("user__username", flat=True).distinct()
    shown = list(names[: limit + 1])
    wanted = rows.filter(user__username__in=shown[:limit])
    items = [_member_to(user, list(held)) for user, held in groupby(wanted, lambda it: it.user)]
    return {"items": items, "after": shown[limit - 1] if shown[limit:] else None}


def grant_from(body: JSONObject) -> tuple[str, str]:
    """Return whom a body names, and the role.

    Raises:
        InvalidError: One of them is missing, or something else is there.
    """
    unknown = sorted(body.keys() - {"person", "role"})
    if unknown:
        raise bad_request(f'"{unknown[0]}" is not known; known are "person" and "role"')
    person, role = text_of(body, "person"), text_of(body, "role")
    if not person or not role:
        raise bad_request('"person" (a username or an e-mail address) and "role" are required')
    return person, role


def membership_to(membership: Membership) -> dict[str, Any]:
    """Return one role that somebody holds."""
    return {**_person_to(membership.user), "role": membership.role}


def _member_to(user: User, held: list[Membership]) -> dict[str, Any]:
    roles = [{"role": it.role, "since": timestamp(it.created_at)} for it in held]
    return {**_person_to(user), "roles": roles}


def _person_to(user: User) -> dict[str, Any]:
    return {"username": user.username, "email": user.email, "name": user.get_full_name()}
