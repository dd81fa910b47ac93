"""Takes in people whom identity providers vouch for, and sends them away with their provider."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import IntegrityError, transaction
from django.db.models import Q

from common.errors import ForbiddenError
from common.jsontypes import JSONValue
from rbac.actors import Actor, ActorKind
from rbac.audit import PLATFORM, Act, record
from rbac.models import Identity, User
from rbac.oidc.people import Person
from rbac.oidc.providers import Provider
from rbac.selectors.identities import identity_named

_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_PREFIX = "sso-"
_LONGEST_EMAIL = 254
_LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Sighting:
    """A person whom a provider has just vouched for, when it said so, and from where they came."""

    person: Person
    provider: Provider
    said_at: datetime
    address: str = ""


def recognise_person(sighting: Sighting, *, now: datetime) -> Identity:
    """Return the identity of somebody whom a provider vouches for, with their account.

    They are known by issuer and subject. Newcomers get an account without a password; if the
    provider is trusted with addresses, the account that has theirs. What is claimed of them is
    kept if it is newer than what is known.

    Raises:
        ForbiddenError: Their account is switched off, or is an operator's and the provider a
            tenant's.
    """
    provider, person = sighting.provider, sighting.person
    identity = identity_named(provider.issuer, person.subject, tenant_uid=provider.tenant_uid)
    if identity is None:
        identity = _introduced(sighting, now=now)
    if not identity.user.is_active:
        raise ForbiddenError("This account is switched off.")
    if identity.user.is_superuser and provider.tenant_uid is not None:
        raise ForbiddenError("Operators do not sign in with a tenant's provider.")
    _note(identity, sighting, now=now)
    return identity


def revoke_identities(*, provider_uid: UUID, now: datetime) -> None:
    """End the sessions of all people whom a provider vouched for."""
    rows = Identity.objects.filter(provider_uid=provider_uid, revoked_at__isnull=True)
    rows.update(revoked_at=now)


def remove_people(*, tenant_uid: UUID, limit: int) -> int:
    """Remove up to ``limit`` accounts that a tenant's own providers led to; return how many.

    They are nobody elsewhere. For a tenant that is going.
    """
    people = User.objects.filter(identities__tenant_uid=tenant_uid, username__startswith=_PREFIX)
    pks = list(people.distinct().order_by("pk").values_list("pk", flat=True)[:limit])
    User.objects.filter(pk__in=pks).delete()
    return len(pks)


def said_at(claims: Mapping[str, JSONValue]) -> datetime:
    """Return when a provider made these claims, by their ``iat``."""
    issued = claims["iat"]
    return datetime.fromtimestamp(float(str(issued)), tz=UTC)


def _introduced(sighting: Sighting, *, now: datetime) -> Identity:
    """Return a new identity; or the one that another request has made at the same time."""
    provider, person = sighting.provider, sighting.person
    try:
        with transaction.atomic():
            identity = Identity.objects.create(
                user=_account_of(sighting, now=now),
                tenant_uid=provider.tenant_uid,
                provider_uid=provider.uid,
                issuer=provider.issuer,
                subject=person.subject,
                actor_name=person.actor_name,
                claims=dict(person.claims),
                claims_at=sighting.said_at,
                created_at=now,
                last_login=now,
            )
            _record(identity, sighting, at=now)
    except IntegrityError:
        known = identity_named(provider.issuer, person.subject, tenant_uid=provider.tenant_uid)
        if known is None:
            raise
        return known
    return identity


def _account_of(sighting: Sighting, *, now: datetime) -> User:
    person = sighting.person
    known = _account_with_address(person.email) if _is_believed(sighting) else None
    if known is not None:
        return known
    user = User(
        username=_username(sighting),
        email=person.email[:_LONGEST_EMAIL],
        first_name=person.text("given_name")[:_LONGEST_NAME],
        last_name=person.text("family_name")[:_LONGEST_NAME],
        date_joined=now,
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    return user


def _is_believed(sighting: Sighting) -> bool:
    """Return whether an address leads to an account: never when one tenant's provider says it."""
    provider, person = sighting.provider, sighting.person
    is_platforms = provider.tenant_uid is None
    return is_platforms and provider.trusts_email and person.has_verified_email


def _account_with_address(email: str) -> User | None:
    """Return the only account that an operator made with an address, unless it is an operator's.

    Those that providers have led to have the addresses that providers said.
    """
    if not email:
        return None
    made_here = Q(identities__isnull=True) | ~Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    accounts = User.objects.filter(
        made_here, email__iexact=email, is_active=True, is_superuser=False, is_staff=False
    )
    accounts = accounts.exclude(identities__tenant_uid__isnull=False)
    found = list(accounts.distinct().order_by("pk")[:2])
    return found[0] if len(found) == 1 else None


def _username(sighting: Sighting) -> str:
    """Return a name that nobody chose, the same for the same person."""
    provider = sighting.provider
    facts = (str(provider.tenant_uid), provider.issuer, sighting.person.subject)
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()
    return f"{_PREFIX}{digest[:32]}"


def _note(identity: Identity, sighting: Sighting, *, now: datetime) -> None:
    """Keep what is newer than what is known; a person who is busy costs one write a minute."""
    is_newer = sighting.said_at > identity.claims_at
    stale = now - _USE_IS_NOTED_EVERY
    if not is_newer and identity.revoked_at is None and identity.last_login > stale:
        return
    changes: dict[str, object] = {
        "last_login": now,
        "revoked_at": None,
        "provider_uid": sighting.provider.uid,
    }
    if is_newer:
        changes |= {
            "claims": dict(sighting.person.claims),
            "claims_at": sighting.said_at,
            "actor_name": sighting.person.actor_name,
        }
    unless_newer = Q(claims_at__lte=sighting.said_at) if is_newer else Q()
    Identity.objects.filter(unless_newer, pk=identity.pk).update(**changes)
    for name, value in changes.items():
        setattr(identity, name, value)
    _keep_address(identity.user, sighting.person)


def _keep_address(user: User, person: Person) -> None:
    """Follow the address of an account that only providers open.

    Accounts with a password keep theirs: it is claimed of them in every tenant.
    """
    email = person.email[:_LONGEST_EMAIL]
    if email and email != user.email and not user.has_usable_password():
        User.objects.filter(pk=user.pk).update(email=email)
        user.email = email


def _record(identity: Identity, sighting: Sighting, *, at: datetime) -> None:
    actor = Actor(kind=ActorKind.USER, name=sighting.person.actor_name, address=sighting.address)
    act = Act(
        action="identity.create",
        kind="Identity",
        tenant_uid=identity.tenant_uid or PLATFORM,
        object_uid=identity.uid,
        object_name=identity.actor_name,
        after={
            "user": identity.user.username,
            "issuer": identity.issuer,
            "subject": identity.subject,
            "provider": sighting.provider.name,
        },
    )
    record(act, actor=actor, at=at)
