"""Saves and deletes ServiceAccounts, as manifests have them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from common.errors import InvalidError
from projects.models import Tenant
from promotions.manifests.service_account import ServiceAccountManifest
from promotions.services.access_objects import audit_access
from promotions.services.access_places import access_place, place_of_manifest
from promotions.services.saving import Outcome, Saved
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.claims import ClaimMap, annotation_of, claims_in, without_claims
from rbac.defaults import DESCRIPTIONS
from rbac.labels import DESCRIPTION, MANAGED, SYSTEM_ROLE, TRUE
from rbac.models import ServiceAccount
from rbac.selectors.roles import default_roles_at, in_namespace, service_account
from rbac.services.escalation import require_holds_what_claims_give
from rbac.services.role_parts import DEFAULT_ROLE, save_new
from rbac.services.roles import forget_account
from rbac.services.service_accounts import audited, store_account


@transaction.atomic
def save_service_account(
    tenant: Tenant, manifest: ServiceAccountManifest, *, actor: Actor, now: datetime
) -> Saved[Any]:
    """Create or update a ServiceAccount; claims of the older form are stored in the newer.

    Raises:
        NotFoundError: Its namespace is neither a project nor the tenant's own.
        ForbiddenError: Its claims would give people what ``actor`` does not hold.
        InvalidError: Its claims are too long or too many.
    """
    metadata = manifest.metadata
    where = place_of_manifest(tenant, manifest)
    claims = claims_in(metadata.annotations)
    given = {"labels": metadata.own_labels(), "annotations": metadata.own_annotations()}
    wanted = _with_defaults(given, claims, where=where, name=metadata.name)
    rows = ServiceAccount.objects.select_for_update().filter(in_namespace(where))
    stored = rows.filter(name=metadata.name).first()
    account = stored or _blank(where, metadata.name, now=now)
    before = audited(account) if stored else None
    is_same = all(getattr(account, key) == value for key, value in wanted.items())
    if stored and is_same:
        outcome = Outcome.UNCHANGED
    else:
        outcome = Outcome.UPDATED if stored else Outcome.CREATED
        _write(account, wanted, claims, is_new=stored is None)
        verb = "update" if stored else "create"
        audit_access(account, verb, before=before, after=audited(account), actor=actor, now=now)
    if claims:
        require_holds_what_claims_give(actor, account)
    return Saved(account, outcome)


@transaction.atomic
def delete_service_account(account: ServiceAccount, *, actor: Actor, now: datetime) -> None:
    """Delete a ServiceAccount, and with it the role's tokens and who was made a member of it.

    Raises:
        InvalidError: It is one of the platform's own.
    """
    if account.is_default:
        raise InvalidError(
            f'ServiceAccount "{account.name}" is one of the platform\'s own and cannot be '
            "deleted; its claims may be changed",
            code=DEFAULT_ROLE,
        )
    before = audited(account)
    uid = account.uid
    lost = forget_account(account)
    account.uid = uid
    audit_access(account, "delete", before={**before, **lost}, actor=actor, now=now)


def service_account_named(tenant: Tenant, namespace: str, name: str) -> ServiceAccount:
    """Return a ServiceAccount.

    Raises:
        NotFoundError: There is none.
    """
    return service_account(access_place(tenant, namespace), name)


def _blank(where: Scope, name: str, *, now: datetime) -> ServiceAccount:
    return ServiceAccount(
        tenant_uid=where.tenant_uid,
        project_uid=where.project_uid,
        namespace=where.namespace,
        name=name,
        is_default=name in default_roles_at(where),
        created_at=now,
    )


def _with_defaults(
    given: Mapping[str, Mapping[str, str]], claims: ClaimMap, *, where: Scope, name: str
) -> dict[str, dict[str, str]]:
    """Return the labels and annotations to store; default roles keep what marks them as such."""
    labels = dict(given["labels"])
    annotations = {**without_claims(given["annotations"]), **annotation_of(claims)}
    if name in default_roles_at(where):
        annotations = {DESCRIPTION: DESCRIPTIONS[name], **annotations, MANAGED: TRUE}
        if where.project_uid is None:
            labels[SYSTEM_ROLE] = TRUE
    return {"labels": labels, "annotations": annotations}


def _write(
    account: ServiceAccount,
    wanted: Mapping[str, dict[str, str]],
    claims: ClaimMap,
    *,
    is_new: object,
) -> None:
    account.labels, account.annotations = wanted["labels"], wanted["annotations"]
    if is_new:
        save_new(account, noun="serviceaccounts")
    store_account(account, claims=claims)
