"""Saves and deletes Secrets; values go in and never come out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from common.errors import FieldProblem, InvalidError
from projects.encryption import decrypt, encrypt
from projects.models import Project, Secret, Tenant
from promotions.manifests.secret import (
    CREDENTIAL_LABEL,
    REDACTED,
    REPO_URL,
    REPO_URL_IS_REGEX,
    SecretManifest,
)
from promotions.models import WorkKind
from promotions.selectors import replicas
from promotions.services.saving import (
    Outcome,
    Saved,
    Write,
    delete,
    owner_of,
    save,
    wake_failed,
)
from promotions.services.webhook_receivers import hold_configs_using, sync_configs_using
from rbac.actors import Actor


@transaction.atomic
def save_secret(
    tenant: Tenant,
    project: Project | None,
    manifest: SecretManifest,
    *,
    actor: Actor,
    now: datetime,
) -> Saved[Secret]:
    """Create or update a Secret of a project or, without one, of a tenant's own namespace.

    A value that equals the redaction mark keeps what is stored under its key.

    Raises:
        InvalidError: Nothing is stored under the key of a redaction mark.
        ConflictError: A replica of a shared Secret has that name.
    """
    metadata = manifest.metadata
    place = {"tenant": tenant, "namespace": metadata.namespace, "name": metadata.name}
    stored = Secret.objects.select_for_update().filter(**place).first()
    if stored is None:
        replicas.refuse_secret_over_replica(tenant.uid, metadata.namespace, metadata.name)
    secret = stored or Secret(**place, project=project)
    old = values_of(stored, tenant_uid=tenant.uid) if stored else {}
    values = _filled_in(manifest.values(), old, name=metadata.name)
    hold_configs_using(tenant, project, metadata.name)
    columns: dict[str, Any] = {
        "type": manifest.type,
        "labels": metadata.own_labels(),
        "annotations": metadata.own_annotations(),
        "credential_type": metadata.labels.get(CREDENTIAL_LABEL, "")[:16],
        "repo_url": values.get(REPO_URL, ""),
        "repo_url_is_regex": values.get(REPO_URL_IS_REGEX) == "true",
        "keys": sorted(values),
    }
    if stored is None or values != old:
        columns["encrypted"] = encrypt(values, tenant_uid=tenant.uid, bound_to=str(secret.uid))
    write = Write(owner_of(project or tenant), actor, now)
    saved = save(stored, secret, columns, write=write)
    if saved.outcome is not Outcome.UNCHANGED:
        sync_configs_using(tenant, project, metadata.name, now=now)
        wake_failed(WorkKind.WAREHOUSE, tenant, now=now)
    return saved


@transaction.atomic
def delete_secret(secret: Secret, *, actor: Actor, now: datetime) -> None:
    """Delete a Secret and its values; that there was one stays known."""
    write = Write(owner_of(secret.project or secret.tenant), actor, now)
    hold_configs_using(secret.tenant, secret.project, secret.name)
    delete(secret, write=write)
    Secret.everything.filter(pk=secret.pk).update(encrypted="", keys=[])
    sync_configs_using(secret.tenant, secret.project, secret.name, now=now)


def values_of(secret: Secret, *, tenant_uid: UUID) -> dict[str, str]:
    """Return what a Secret holds."""
    return decrypt(secret.encrypted, tenant_uid=tenant_uid, bound_to=str(secret.uid))


def _filled_in(given: Mapping[str, str], stored: Mapping[str, str], *, name: str) -> dict[str, str]:
    lacking = [key for key, value in given.items() if value == REDACTED and key not in stored]
    if lacking:
        reason = "is redacted and nothing is stored for it; write the value itself"
        problems = tuple(FieldProblem(f"stringData.{key}", reason) for key in lacking)
        lines = "; ".join(map(str, problems))
        raise InvalidError(f'Secret "{name}" is invalid: {lines}', problems=problems)
    return {key: stored[key] if it == REDACTED else it for key, it in given.items()}
