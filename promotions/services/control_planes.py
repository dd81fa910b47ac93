"""Registers, changes and removes the control planes of a tenant; credentials only go in."""

import ipaddress
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from common.errors import ConflictError, FieldProblem, InvalidError
from common.jsontypes import as_list
from common.redaction import note_secrets
from projects.encryption import encrypt
from projects.models import ChangeType, ControlPlane, Tenant
from projects.models.control_plane import ControlPlaneState
from promotions import queue
from promotions.manifests.control_plane import (
    ControlPlaneManifest,
    ControlPlaneSpec,
    Credential,
    credential_problems,
    stored_spec,
)
from promotions.manifests.kubeconfig import read_kubeconfig
from promotions.manifests.secret import REDACTED
from promotions.models import WorkKind
from promotions.selectors.control_planes import plane_shard
from promotions.selectors.plane_access import NEXT, PlaneCredential, reach_of, secret_name
from promotions.services.saving import (
    Saved,
    Write,
    delete,
    open_or_wake,
    owner_of,
    record,
    save,
    tell,
)
from rbac.actors import Actor


@transaction.atomic
def register_control_plane(
    tenant: Tenant, manifest: ControlPlaneManifest, *, actor: Actor, now: datetime
) -> ControlPlane:
    """Add a control plane, which a worker of its shard checks at once.

    Raises:
        InvalidError: Something in the manifest is not usable.
        ConflictError: The name is taken, or another one serves that shard and project already.
    """
    name = manifest.metadata.name
    if ControlPlane.objects.filter(tenant=tenant, name=name).exists():
        raise ConflictError(f'There is a control plane "{name}" already.', code="exists")
    return save_control_plane(tenant, manifest, actor=actor, now=now).resource


@transaction.atomic
def update_control_plane(
    plane: ControlPlane, manifest: ControlPlaneManifest, *, actor: Actor, now: datetime
) -> Saved[ControlPlane]:
    """Change a control plane; a credential that is given takes the place of the current one.

    Raises:
        InvalidError: Something in the manifest is not usable.
        ConflictError: Another one serves that shard and project already.
    """
    return save_control_plane(plane.tenant, manifest, actor=actor, now=now)


@transaction.atomic
def save_control_plane(
    tenant: Tenant, manifest: ControlPlaneManifest, *, actor: Actor, now: datetime
) -> Saved[ControlPlane]:
    """Create or update a control plane; a credential that equals the redaction mark stays.

    Raises:
        InvalidError: Something in the manifest is not usable, or no credential is there to stay.
        ConflictError: Another one serves that shard and project already.
    """
    tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)  # bindings are told apart alone
    name = manifest.metadata.name
    stored = ControlPlane.objects.select_for_update().filter(tenant=tenant, name=name).first()
    plane = stored or ControlPlane(tenant=tenant, name=name)
    spec, credential = _taken_apart(manifest.spec, stored)
    _refuse_plain_http(spec)
    refuse_double(plane, spec)
    columns: dict[str, Any] = {
        "spec": stored_spec(spec),
        "kind": spec.kind,
        "shard": plane_shard(spec.shard or ""),
        "is_enabled": spec.enabled,
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
        **_credential_columns(plane, credential),
    }
    if stored is None or any(getattr(stored, key) != it for key, it in columns.items()):
        columns |= _unchecked(is_enabled=spec.enabled)
    if stored is not None and "encrypted" in columns:
        columns["generation"] = stored.generation + 1  # whoever keeps it open must notice
    write = Write(owner_of(tenant), actor, now)
    saved = save(stored, plane, columns, write=write)
    open_or_wake(WorkKind.CONTROL_PLANE, saved, shard=saved.resource.shard, write=write)
    return saved


def refuse_double(plane: ControlPlane, spec: ControlPlaneSpec) -> None:
    """Return unless another control plane of the shard serves the same projects.

    Raises:
        ConflictError: One does.
    """
    others = ControlPlane.objects.filter(tenant=plane.tenant, shard=plane_shard(spec.shard or ""))
    wanted = frozenset(spec.projects or ())
    for other in others.exclude(uid=plane.uid).order_by("name"):
        theirs = _projects_of(other.spec)
        if wanted & theirs or (not wanted and not theirs):
            of = f"project {min(wanted & theirs)}" if wanted else "all projects"
            shard = f'shard "{other.shard}"' if other.shard else "the default shard"
            raise ConflictError(
                f'The control plane "{other.name}" serves {of} in {shard} already; bind one of '
                "the two to other projects, or to another shard.",
                code="bound",
            )


@transaction.atomic
def rotate_control_plane(
    plane: ControlPlane, credential: Credential, *, actor: Actor, now: datetime
) -> None:
    """Give a control plane its next credential, without downtime.

    Both are kept, and either is used if the other is refused. The check that finds that the next
    one is accepted forgets the current one.

    Raises:
        InvalidError: The credential is not usable.
        ConflictError: The credential is in a Secret, which is to be changed instead.
    """
    plane = (
        ControlPlane.objects.select_for_update(of=("self",))
        .select_related("tenant")
        .get(pk=plane.pk)
    )
    if name := secret_name(plane):
        raise ConflictError(f'Its credential is in the Secret "{name}"; change that instead.')
    found = list(credential_problems(credential, kind=plane.kind))
    given = _ready(credential)
    if credential.secret_ref is not None or not given or REDACTED in credential.given().values():
        found.append(FieldProblem("credential", "must be the next credential itself"))
    if found:
        raise InvalidError("The credential cannot be used", problems=tuple(found))
    current = reach_of(plane).credentials[0] if plane.encrypted else PlaneCredential()
    after = {"next_credential_mark": given.mark(salt=str(plane.uid))}
    _change(
        plane,
        encrypted=_sealed(plane, current, upcoming=given),
        next_credential_mark=after["next_credential_mark"],
        next_expires_at=given.expires_at(),
        now=now,
    )
    write = Write(owner_of(plane.tenant), actor, now)
    tell(plane, ChangeType.MODIFIED, write=write)
    record(plane, "rotate", write=write, after=after)
    queue.wake(kind=WorkKind.CONTROL_PLANE, uid=plane.uid, at=now)


@transaction.atomic
def adopt_credential(plane: ControlPlane, *, actor: Actor, now: datetime) -> None:
    """Forget the current credential of a control plane in favour of the next one, if any."""
    plane = (
        ControlPlane.objects.select_for_update(of=("self",))
        .select_related("tenant")
        .get(pk=plane.pk)
    )
    if not plane.next_credential_mark:
        return
    upcoming = reach_of(plane).credentials[-1]
    before, after = plane.credential_mark, plane.next_credential_mark
    _change(
        plane,
        encrypted=_sealed(plane, upcoming),
        credential_mark=after,
        expires_at=plane.next_expires_at,
        next_credential_mark="",
        next_expires_at=None,
        rotated_at=now,
        now=now,
    )
    write = Write(owner_of(plane.tenant), actor, now)
    tell(plane, ChangeType.MODIFIED, write=write)
    facts = {"before": {"credential_mark": before}, "after": {"credential_mark": after}}
    record(plane, "adopt_credential", write=write, **facts)


@transaction.atomic
def disable_control_plane(plane: ControlPlane, *, actor: Actor, now: datetime) -> None:
    """Switch a control plane off: it is asked nothing until it is enabled again."""
    _switch(plane, on=False, write=Write(owner_of(plane.tenant), actor, now))


@transaction.atomic
def enable_control_plane(plane: ControlPlane, *, actor: Actor, now: datetime) -> None:
    """Switch a control plane on again, and have it checked."""
    _switch(plane, on=True, write=Write(owner_of(plane.tenant), actor, now))


@transaction.atomic
def delete_control_plane(plane: ControlPlane, *, actor: Actor, now: datetime) -> None:
    """Remove a control plane; Stages of its shard can not reach Argo CD any more."""
    write = Write(owner_of(plane.tenant), actor, now)
    delete(plane, write=write)
    ControlPlane.everything.filter(pk=plane.pk).update(encrypted="")
    queue.close_work(kind=WorkKind.CONTROL_PLANE, uid=plane.uid)


def _taken_apart(
    spec: ControlPlaneSpec, stored: ControlPlane | None
) -> tuple[ControlPlaneSpec, PlaneCredential | None]:
    """Return the spec, filled in by its kubeconfig, and its credential; ``None`` keeps it."""
    credential = spec.credential or Credential()
    given = credential.given()
    if credential.secret_ref is not None:
        return spec, PlaneCredential()
    if not given or REDACTED in given.values():
        if stored is None or not stored.encrypted:
            reason = "is required: a token, a kubeconfig, or the name of a Secret"
            problem = FieldProblem("spec.credential", reason)
            raise InvalidError(f"The control plane is not valid: {problem}", problems=(problem,))
        return spec, None
    if "kubeconfig" in given:
        spec = _filled_in(spec, given["kubeconfig"])
    return spec, _ready(credential)


def _filled_in(spec: ControlPlaneSpec, kubeconfig: str) -> ControlPlaneSpec:
    read = read_kubeconfig(kubeconfig)
    said: dict[str, Any] = {**stored_spec(spec)}
    said.setdefault("address", read.server)
    if spec.tls is None and (read.ca_bundle or read.server_name):
        trust = {"mode": "ca", "caBundle": read.ca_bundle} if read.ca_bundle else {}
        named = {"serverName": read.server_name} if read.server_name else {}
        said["tls"] = {**trust, **named}
    try:
        return ControlPlaneSpec.model_validate(said)
    except ValueError as error:
        message = "The kubeconfig names an address or a CA that cannot be used."
        raise InvalidError(message) from error


def _ready(credential: Credential) -> PlaneCredential:
    """Return a credential as it is stored and used: what is in a kubeconfig, not the file."""
    given = credential.given()
    if "kubeconfig" in given:
        read = read_kubeconfig(given["kubeconfig"])
        return PlaneCredential(read.token, read.client_certificate, read.client_key)
    names = ("token", "client_certificate", "client_key")
    return PlaneCredential(*(given.get(name, "").strip() for name in names))


def _credential_columns(plane: ControlPlane, credential: PlaneCredential | None) -> dict[str, Any]:
    """Return the columns of a credential that differs from the one that is there."""
    if credential is None:
        return {}
    mark = credential.mark(salt=str(plane.uid)) if credential else ""
    if mark == plane.credential_mark and not plane.next_credential_mark:
        return {}
    return {
        "encrypted": _sealed(plane, credential) if credential else "",
        "credential_mark": mark,
        "expires_at": credential.expires_at() if credential else None,
        "next_credential_mark": "",
        "next_expires_at": None,
    }


def _sealed(
    plane: ControlPlane, current: PlaneCredential, *, upcoming: PlaneCredential | None = None
) -> str:
    values = _named(current)
    if upcoming is not None:
        values |= {f"{NEXT}{key}": it for key, it in _named(upcoming).items()}
    note_secrets(values.values())
    return encrypt(values, tenant_uid=plane.tenant.uid, bound_to=str(plane.uid))


def _named(credential: PlaneCredential) -> dict[str, str]:
    said = {
        "token": credential.token,
        "client_certificate": credential.client_certificate,
        "client_key": credential.client_key,
    }
    return {key: value for key, value in said.items() if value}


def _unchecked(*, is_enabled: bool) -> dict[str, Any]:
    state = ControlPlaneState.PENDING if is_enabled else ControlPlaneState.DISABLED
    return {"state": state.value, "reason": ""}


def _switch(plane: ControlPlane, *, on: bool, write: Write) -> None:
    plane.refresh_from_db(fields=["spec", "is_enabled", "generation"])
    if plane.is_enabled == on:
        return
    spec = {**plane.spec, "enabled": on}
    _change(plane, spec=spec, is_enabled=on, **_unchecked(is_enabled=on), now=write.now)
    tell(plane, ChangeType.MODIFIED, write=write)
    record(plane, "enable" if on else "disable", write=write)
    queue.wake(kind=WorkKind.CONTROL_PLANE, uid=plane.uid, at=write.now)


def _change(plane: ControlPlane, *, now: datetime, **columns: Any) -> None:
    """Write columns of a control plane, whose gateways are to be opened anew."""
    columns |= {"generation": plane.generation + 1, "updated_at": now}
    ControlPlane.objects.filter(pk=plane.pk).update(**columns)
    for name, value in columns.items():
        setattr(plane, name, value)


def _refuse_plain_http(spec: ControlPlaneSpec) -> None:
    address = urlsplit(spec.address or "")
    if address.scheme != "http" or settings.ALLOW_CREDENTIALS_OVER_HTTP:
        return
    if not _is_loopback(address.hostname or ""):
        reason = "must be an https address: the credential would be sent in the clear"
        problem = FieldProblem("spec.address", reason)
        raise InvalidError(f"The control plane is not valid: {problem}", problems=(problem,))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _projects_of(spec: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(map(str, as_list(spec.get("projects"))))
