"""Refuses to let anybody give what they do not hold.

Source: Kargo ``pkg/server/rbac`` (escalation guard). Whoever writes rules, binds a role, leads
people to one or takes a token of one must hold all that comes of it already, where it holds.
"""

from collections.abc import Iterable

from common.errors import ForbiddenError, InvalidError
from rbac.actors import Actor, Grant
from rbac.authorizer import Scope, first_not_held
from rbac.models import ServiceAccount
from rbac.rules import Rule
from rbac.selectors.grants import conferred_by_claims, grants_of_account

MAX_PERMISSIONS = 20_000
"""Rules that come to more single permissions than this are refused unjudged."""


def require_held(actor: Actor, rules: Iterable[Rule], *, at: Scope) -> None:
    """Return if ``actor`` holds every permission in ``rules`` there.

    Raises:
        ForbiddenError: It does not; the message names the first permission that is lacking.
        InvalidError: The rules come to too many permissions to look at.
    """
    given = tuple(rules)
    if sum(map(_size, given)) > MAX_PERMISSIONS:
        raise InvalidError(f"rules: must come to no more than {MAX_PERMISSIONS} permissions")
    lacking = first_not_held(actor, given, at=at)
    if lacking:
        verb, _, resource = lacking.partition(" ")
        raise ForbiddenError(
            f"{resource} is forbidden: requester may not grant permissions it does not hold: "
            f'verb "{verb}" on resource "{resource}"',
            code="escalation",
        )


def require_holds_what_claims_give(actor: Actor, account: ServiceAccount) -> None:
    """Return if ``actor`` holds all that people come to hold who are led to a role by a claim.

    Raises:
        ForbiddenError: It does not.
    """
    _require_all(actor, conferred_by_claims(account))


def require_holds_what_token_gives(actor: Actor, account: ServiceAccount) -> None:
    """Return if ``actor`` holds all that a program holds which has a role's token.

    Raises:
        ForbiddenError: It does not.
    """
    _require_all(actor, grants_of_account(account))


def _require_all(actor: Actor, grants: Iterable[Grant]) -> None:
    for grant in grants:
        at = Scope(grant.tenant_uid, grant.project_uid, grant.namespace)
        require_held(actor, grant.rules, at=at)


def _size(rule: Rule) -> int:
    parts = (rule.groups, rule.resources, rule.names, rule.verbs)
    size = 1
    for part in parts:
        size *= len(part) or 1
    return size
