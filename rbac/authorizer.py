"""Decides whether an actor may do something: asked by every door, in pure functions.

Source: Kubernetes' RBAC and Kargo ``pkg/server/kubernetes`` (which roles count where).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from rbac.actors import Actor, Grant
from rbac.rules import ALL_VERBS, ANY, PROMOTE, RESOURCES, Rule

PUBLIC = "public"
"""Stands for a verb where anybody may come in, signed in or not."""
SIGNED_IN = "signed-in"
"""Stands for a verb where it is enough to be somebody."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where something is asked for: a project, a namespace of the tenant's own, or the tenant."""

    tenant_uid: UUID
    project_uid: UUID | None = None
    namespace: str = ""


def is_allowed(
    actor: Actor,
    *,
    verb: str,
    resource: str,
    tenant_uid: UUID,
    project_uid: UUID | None = None,
    namespace: str = "",
    name: str = "",
) -> bool:
    """Return whether ``actor`` may ``verb`` a ``resource`` (a plural, or a part of one) there.

    Without ``project_uid`` and ``namespace`` the question is about the tenant as a whole, which
    only a grant everywhere covers; without ``name``, about all objects of the kind.
    """
    scope = Scope(tenant_uid, project_uid, namespace)
    return holds(
        actor, verb=verb, group=group_asked(resource), resource=resource, name=name, at=scope
    )


def holds(actor: Actor, *, verb: str, group: str, resource: str, name: str, at: Scope) -> bool:
    """As :func:`is_allowed`, of any API group."""
    if actor.tenant_uid is not None and actor.tenant_uid != at.tenant_uid:
        return False
    if actor.is_operator:
        return True
    return any(
        rule.allows(verb, group=group, resource=resource, name=name)
        for grant in actor.grants
        if _covers(grant, at)
        for rule in grant.rules
    )


def administered_tenants(actor: Actor) -> frozenset[UUID]:
    """Return the tenants in which ``actor``, who is no operator, may do everything."""
    tenants = {grant.tenant_uid for grant in actor.grants}
    return frozenset(
        uid
        for uid in tenants
        if holds(actor, verb=ANY, group=ANY, resource=ANY, name="", at=Scope(uid))
    )


def first_not_held(actor: Actor, rules: Iterable[Rule], *, at: Scope) -> str:
    """Return, in words, the first permission in ``rules`` that ``actor`` lacks; empty if none.

    Nobody may give what they do not have.
    """
    actor = replace(actor, grants=tuple(grant for grant in actor.grants if _covers(grant, at)))
    for rule in rules:
        for group in rule.groups or ("",):
            for resource in rule.resources:
                for name in rule.names or ("",):
                    for verb in rule.verbs:
                        it = {"verb": verb, "group": group, "resource": resource, "name": name}
                        if not _holds_also_any(actor, at=at, **it):
                            return f"{verb} {resource}"
    return ""


def group_asked(resource: str) -> str:
    """Return the API group that is asked about; Kargo's own for what has none in the table."""
    return RESOURCES.get(resource, RESOURCES["stages"])


def _holds_also_any(
    actor: Actor, *, verb: str, group: str, resource: str, name: str, at: Scope
) -> bool:
    """As :func:`holds`; who holds every verb of a kind by name holds ``*`` of it too."""
    if holds(actor, verb=verb, group=group, resource=resource, name=name, at=at):
        return True
    if verb != ANY or ANY in {group, resource}:
        return False
    verbs = (*ALL_VERBS, PROMOTE) if resource == "stages" else ALL_VERBS
    return all(
        holds(actor, verb=it, group=group, resource=resource, name=name, at=at) for it in verbs
    )


def _covers(grant: Grant, at: Scope) -> bool:
    if grant.tenant_uid != at.tenant_uid:
        return False
    if grant.project_uid is not None:
        return grant.project_uid == at.project_uid
    return not grant.namespace or grant.namespace == at.namespace
