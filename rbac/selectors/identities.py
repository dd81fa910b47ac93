"""Whom an identity provider has vouched for, as an actor."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from common.jsontypes import JSONValue
from rbac.actors import Actor, ActorKind
from rbac.claims import Claims
from rbac.models import Identity, User
from rbac.selectors.people import actor_for, actor_name
from rbac.selectors.second_factor import SESSION_KEY, owes_second_factor


def actor_of_identity(
    identity: Identity,
    *,
    address: str,
    claims: Mapping[str, JSONValue] | None = None,
    name: str = "",
) -> Actor:
    """Return the actor that somebody is whom a provider vouches for.

    What a tenant's own provider says counts in that tenant alone, and never makes an operator.
    ``claims`` and ``name`` stand for those that are kept, when a token brings its own.
    """
    said = Claims(identity.claims if claims is None else claims, identity.tenant_uid)
    actor = actor_for(identity.user, address=address, claims=said)
    return replace(
        actor,
        name=name or identity.actor_name,
        is_operator=actor.is_operator and identity.tenant_uid is None,
        tenant_uid=identity.tenant_uid,
    )


def actor_in_session(user: User, session: Mapping[str, object], *, address: str) -> Actor:
    """Return the actor that ``user`` is, who has signed in to this session.

    They may do nothing while they owe a second factor, or if a provider vouched for them that does
    not do so any more.
    """
    uid = session.get(SESSION_KEY)
    if owes_second_factor(user, session):
        return Actor(kind=ActorKind.USER, name=actor_name(user), address=address)
    if uid is None:
        return actor_for(user, address=address)
    identity = live_identity(user, UUID(str(uid)))
    if identity is None:
        return Actor(kind=ActorKind.USER, name=actor_name(user), address=address)
    return actor_of_identity(identity, address=address)


def live_identity(user: User, uid: UUID) -> Identity | None:
    """Return an identity of ``user`` that is not revoked."""
    rows = Identity.objects.filter(user=user, uid=uid, revoked_at__isnull=True)
    return rows.select_related("user").first()


def identity_named(issuer: str, subject: str, *, tenant_uid: UUID | None) -> Identity | None:
    """Return somebody as an issuer knows them, in one tenant or (null) everywhere."""
    rows = Identity.objects.filter(issuer=issuer, subject=subject, tenant_uid=tenant_uid)
    return rows.select_related("user").first()
