"""Finds the receiver of a delivery, and the Warehouses and Promotions that it is about.

Nothing is found outside a receiver's tenant, nor outside its project if it has one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from common.jsontypes import JSONObject, as_list, as_object
from projects.encryption import decrypt
from projects.models import ClusterConfig, Project, ProjectConfig, Tenant
from projects.models.secret import SYSTEM_NAMESPACE
from promotions.engine.phases import PromotionPhase
from promotions.engine.webhooks.generic_targets import (
    IndexOperator,
    TargetCriterion,
    TargetIndex,
    TargetKind,
)
from promotions.models import (
    AwaitedPullRequest,
    Promotion,
    SubscribedUrl,
    Warehouse,
    WebhookReceiver,
)
from promotions.selectors import replicas

ModelT = TypeVar("ModelT", bound=Model)

_AT_ONCE = 500
_UNREAD = ("conditions", "discovered")
"""Columns that no webhook asks for and that may be large."""


def key_of(address: str) -> str:
    """Return what the indexes know an address by."""
    return hashlib.sha256(address.encode(errors="surrogatepass")).hexdigest()


def receiver_at(tenant_name: str, *, kind: str, digest: str) -> WebhookReceiver | None:
    """Return the receiver that listens at an address, with its tenant and project, if there is one.

    A tenant that is suspended has none, nor has a project that was deleted.
    """
    rows = WebhookReceiver.objects.filter(
        Q(project__isnull=True) | Q(project__deleted_at__isnull=True),
        tenant__name=tenant_name,
        tenant__suspended_at__isnull=True,
        kind=kind,
        digest=digest,
    )
    return rows.select_related("tenant", "project").first() if digest else None


def receiver_spec(receiver: WebhookReceiver) -> JSONObject | None:
    """Return what the configuration says of a receiver, under its kind; ``None`` if it is gone."""
    config: ProjectConfig | ClusterConfig | None
    if receiver.project is not None:
        config = ProjectConfig.objects.filter(project=receiver.project).first()
    else:
        config = ClusterConfig.objects.filter(tenant=receiver.tenant).first()
    entries = map(as_object, as_list(config.spec.get("webhookReceivers")) if config else ())
    named = next((it for it in entries if it.get("name") == receiver.name), None)
    settings = named.get(receiver.kind) if named is not None else None
    return as_object(settings) if settings is not None else None


def receiver_secret(
    name: str, *, tenant: Tenant, project: Project | None
) -> dict[str, bytes] | None:
    """Return what the Secret of that name holds for a receiver; ``None`` if there is none.

    Raises:
        ConflictError: It cannot be decrypted.
    """
    namespace = secrets_namespace(project)
    row = replicas.secret_in(namespace, name, tenant_uid=tenant.uid)
    if row is None:
        return None
    values = decrypt(row.encrypted, tenant_uid=tenant.uid, bound_to=str(row.uid))
    return {key: value.encode() for key, value in values.items()}


def secrets_namespace(project: Project | None) -> str:
    """Return where the Secrets of a project's receivers are or, without one, of the tenant's."""
    return project.name if project is not None else SYSTEM_NAMESPACE


def subscribers_to(receiver: WebhookReceiver, repo_urls: Sequence[str]) -> list[Warehouse]:
    """Return the Warehouses that subscribe to any of these repositories, by project and name.

    Args:
        receiver: Who asks.
        repo_urls: In their normal forms.
    """
    keys = [key_of(it) for it in repo_urls]
    found: dict[int, Warehouse] = {}
    for start in range(0, len(keys), _AT_ONCE):
        known = _subscribed(receiver, keys[start : start + _AT_ONCE])
        rows = _warehouses(receiver).filter(pk__in=known)
        found |= {row.pk: row for row in rows}
    return sorted(found.values(), key=lambda row: (row.project.name, row.name))


def awaiting(receiver: WebhookReceiver, pull_request_url: str) -> list[Promotion]:
    """Return the running Promotions that wait for a pull request, by project and name."""
    waiting = AwaitedPullRequest.objects.filter(
        tenant_uid=receiver.tenant.uid, key=key_of(pull_request_url)
    )
    rows = Promotion.objects.filter(
        pk__in=waiting.values("promotion"), phase=PromotionPhase.RUNNING.value
    )
    found = _within(rows, receiver).select_related("project__tenant", "stage")
    return list(found.order_by("project__name", "name"))


def possible_targets(
    receiver: WebhookReceiver, criteria: Sequence[TargetCriterion]
) -> list[Warehouse]:
    """Return the Warehouses that may satisfy any of the criteria; the engine has the last word."""
    wanted = [_condition(receiver, it) for it in criteria if it.kind is TargetKind.WAREHOUSE]
    if not wanted:
        return []
    either = wanted[0]
    for condition in wanted[1:]:
        either |= condition
    return list(_warehouses(receiver).filter(either).order_by("project__name", "name"))


def _condition(receiver: WebhookReceiver, criterion: TargetCriterion) -> Q:
    """Return what the database can tell of a criterion."""
    conditions = list(_conditions(receiver, criterion))
    # A condition that is always true, for criteria of which it can tell nothing.
    return Q(*conditions) if conditions else Q(pk__isnull=False)


def _conditions(receiver: WebhookReceiver, criterion: TargetCriterion) -> Iterator[Q]:
    if criterion.name:
        yield Q(name=criterion.name)
    for term in criterion.terms:
        is_equal = term.operator is IndexOperator.EQUALS
        if is_equal and term.index is TargetIndex.SUBSCRIBED_URLS:
            yield Q(pk__in=_subscribed(receiver, [key_of(term.value)]))


def _subscribed(receiver: WebhookReceiver, keys: Sequence[str]) -> QuerySet[SubscribedUrl, int]:
    rows = SubscribedUrl.objects.filter(tenant_uid=receiver.tenant.uid, key__in=keys)
    return rows.values_list("warehouse", flat=True)


def _warehouses(receiver: WebhookReceiver) -> QuerySet[Warehouse]:
    rows = _within(Warehouse.objects.all(), receiver)
    return rows.select_related("project__tenant").defer(*_UNREAD)


def _within(rows: QuerySet[ModelT], receiver: WebhookReceiver) -> QuerySet[ModelT]:
    """Return those of ``rows`` that a receiver may touch."""
    if receiver.project is not None:
        return rows.filter(project=receiver.project)
    return rows.filter(project__tenant=receiver.tenant, project__deleted_at__isnull=True)
