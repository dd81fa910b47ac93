"""Gives webhook receivers their addresses, and says in conditions why one has none.

An address follows from what the receiver's Secret holds, so it moves when the configuration or
the Secret changes. Kargo finds out within minutes; here both write it in their own transaction.

Source: Kargo ``pkg/controller/management`` projectconfigs and clusterconfigs reconcilers.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import ChangeType, ClusterConfig, Project, ProjectConfig, Tenant
from projects.services.changes import kind_of, record_change
from promotions.engine.conditions import Condition, ConditionStatus, set_condition
from promotions.engine.webhooks.receiver_paths import receiver_address
from promotions.engine.webhooks.receivers import secret_values
from promotions.manifests.conditions import conditions_from, conditions_to
from promotions.models import WebhookReceiver
from promotions.selectors.webhooks import receiver_secret, secrets_namespace

logger = logging.getLogger(__name__)

Config: TypeAlias = ProjectConfig | ClusterConfig
_Row: TypeAlias = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose receivers: a project's or, without one, the tenant's."""

    tenant: Tenant
    project: Project | None


def digest_of(name: str, kind: str, secret: Mapping[str, bytes], *, project: Project | None) -> str:
    """Return the last part of a receiver's address.

    Raises:
        InvalidError: The Secret lacks what a receiver of this kind needs.
    """
    address = receiver_address(
        "",
        kind=kind,
        project=project.name if project is not None else "",
        name=name,
        secret_values=secret_values(kind, secret),
    )
    return address.path.rpartition("/")[2]


def sync_receivers(config: Config, *, now: datetime) -> bool:
    """Give a configuration's receivers the addresses that their Secrets make now.

    Call it in the transaction of what may have changed them, after that was audited, with the
    configuration's row held: so of two transactions the later one has the last word. A receiver
    without an address stops no other; the configuration's condition ``Ready`` says what it lacks.

    Returns:
        Whether anything that readers see has changed.
    """
    place = _place_of(config)
    entries = [as_object(it) for it in as_list(config.spec.get("webhookReceivers"))]
    rows: dict[str, _Row] = {}
    problems: list[str] = []
    for position, entry in enumerate(entries):
        row = _row_of(entry, position)
        digest = ""
        try:
            digest = _address(row, place)
        except PlatformError as error:
            problems.append(f'receiver "{row["name"]}": {error.message}')
        rows[str(row["name"])] = row | {"digest": digest}
    has_moved = _store_rows(rows, place)
    return _store_conditions(config, problems, now=now) or has_moved


def hold_configs_using(tenant: Tenant, project: Project | None, secret: str) -> None:
    """Hold the configurations with receivers that a Secret decides, until commit.

    Call it before anything else of the Secret's transaction is written: whoever saves a
    configuration takes its row first too. A Secret of no project may be the tenant's own, or
    replicated into projects.
    """
    _configs_using(tenant, project, secret, skips_locked=False)


def sync_configs_using(
    tenant: Tenant, project: Project | None, secret: str, *, now: datetime
) -> None:
    """As :func:`sync_receivers` for all that a Secret decides, now that it has changed.

    Whoever watches them is told. One that came to use the Secret since
    :func:`hold_configs_using`, and is held by somebody, is left to them: they look at the Secret
    once their turn in the tenant's audit comes, which is after ours.
    """
    for config in _configs_using(tenant, project, secret, skips_locked=True):
        if sync_receivers(config, now=now):
            place = _place_of(config)
            record_change(
                config,
                change_type=ChangeType.MODIFIED,
                tenant_uid=place.tenant.uid,
                project_uid=place.project.uid if place.project else None,
            )


def remove_receivers(tenant: Tenant, project: Project | None) -> None:
    """Take the addresses of a project's receivers away or, without one, of the tenant's."""
    WebhookReceiver.objects.filter(tenant=tenant, project=project).delete()


def _configs_using(
    tenant: Tenant, project: Project | None, secret: str, *, skips_locked: bool
) -> list[Config]:
    """Return the configurations with receivers that a Secret may decide, with their rows locked."""
    rows = WebhookReceiver.objects.filter(tenant=tenant, secret_name=secret)
    if project is not None:
        rows = rows.filter(project=project)
    users = set(rows.values_list("project", flat=True))
    projects = users - {None}
    found: list[Config] = []
    if None in users:
        tenants = ClusterConfig.objects.filter(tenant=tenant).select_related("tenant")
        found += tenants.select_for_update(of=("self",), skip_locked=skips_locked)
    if projects:
        owned = ProjectConfig.objects.filter(project__in=projects).order_by("pk")
        owned = owned.select_related("project__tenant")
        found += owned.select_for_update(of=("self",), skip_locked=skips_locked)
    return found


def _place_of(config: Config) -> _Place:
    if isinstance(config, ProjectConfig):
        return _Place(config.project.tenant, config.project)
    return _Place(config.tenant, None)


def _row_of(entry: JSONObject, position: int) -> _Row:
    kind, settings = next(_chosen(entry), ("", {}))
    return {
        "name": as_text(entry.get("name")),
        "kind": kind,
        "position": position,
        "secret_name": as_text(as_object(settings.get("secretRef")).get("name")),
    }


def _chosen(entry: JSONObject) -> Iterator[tuple[str, JSONObject]]:
    for key, value in entry.items():
        if key != "name" and value is not None:
            yield key, as_object(value)


def _address(row: _Row, place: _Place) -> str:
    """Return a receiver's digest.

    Raises:
        PlatformError: It can have none; the message says why.
    """
    name, kind, secret_name = str(row["name"]), str(row["kind"]), str(row["secret_name"])
    secret = receiver_secret(secret_name, tenant=place.tenant, project=place.project)
    if secret is None:
        namespace = secrets_namespace(place.project)
        raise InvalidError(f'Secret "{secret_name}" not found in namespace "{namespace}"')
    digest = digest_of(name, kind, secret, project=place.project)
    others = WebhookReceiver.objects.filter(tenant=place.tenant, kind=kind, digest=digest)
    if others.exclude(project=place.project, name=name).exists():
        message = "another receiver has this address already; use a Secret with another value"
        raise InvalidError(message)
    return digest


def _store_rows(rows: Mapping[str, _Row], place: _Place) -> bool:
    """Make the stored receivers be these; return whether they were not."""
    stored = WebhookReceiver.objects.filter(tenant=place.tenant, project=place.project)
    known = {row.name: row for row in stored}
    gone = known.keys() - rows.keys()
    has_changed = bool(gone)
    if gone:
        stored.filter(name__in=gone).delete()
    for name, columns in rows.items():
        row = known.get(name)
        if row is None:
            made = WebhookReceiver(tenant=place.tenant, project=place.project, **columns)
            made.save(force_insert=True)
            has_changed = True
        elif any(getattr(row, column) != value for column, value in columns.items()):
            WebhookReceiver.objects.filter(pk=row.pk).update(**columns)
            has_changed = True
    return has_changed


def _store_conditions(config: Config, problems: Sequence[str], *, now: datetime) -> bool:
    kind = kind_of(config)
    ready = Condition(
        type="Ready",
        status=ConditionStatus.FALSE if problems else ConditionStatus.TRUE,
        reason="SyncWebhookReceiversFailed" if problems else "Synced",
        message="Failed to sync webhook receivers: " + "; ".join(problems)
        if problems
        else f"{kind} is synced and ready for use",
        observed_generation=config.generation,
    )
    conditions = conditions_to(set_condition(conditions_from(config.conditions), ready, now=now))
    if conditions == config.conditions:
        return False
    type(config).everything.filter(pk=config.pk).update(conditions=conditions)
    config.conditions = conditions
    if problems:
        facts = {"config": config.name, "kind": kind, "receivers": len(problems)}
        logger.warning("webhook receivers lack what they need", extra=facts)
    return True
