"""Keeps what webhooks look Warehouses and Promotions up by."""

from django.db import transaction

from common.jsontypes import JSONObject, as_list, as_object
from promotions.engine.webhooks.pull_requests import awaited_pull_requests
from promotions.engine.webhooks.warehouse_matching import subscribed_urls
from promotions.models import AwaitedPullRequest, Promotion, SubscribedUrl, Warehouse
from promotions.selectors.webhooks import key_of

_WAITING_STEP = "git-wait-for-pr"


@transaction.atomic
def index_subscriptions(warehouse: Warehouse) -> None:
    """Have a Warehouse found by what it subscribes to now; costs one query if it is already."""
    if _indexed(warehouse) == _subscribed(warehouse):
        return
    # What it subscribes to may have changed since it was read.
    current = Warehouse.objects.select_for_update().filter(pk=warehouse.pk).first()
    wanted = _subscribed(current) if current is not None else set()
    known = _indexed(warehouse)
    rows = SubscribedUrl.objects.filter(warehouse=warehouse)
    rows.filter(key__in=known - wanted).delete()
    tenant_uid = warehouse.project.tenant.uid
    SubscribedUrl.objects.bulk_create(
        SubscribedUrl(tenant_uid=tenant_uid, warehouse=warehouse, key=key)
        for key in sorted(wanted - known)
    )


def forget_subscriptions(warehouse: Warehouse) -> None:
    """Have a Warehouse found by nothing any more."""
    SubscribedUrl.objects.filter(warehouse=warehouse).delete()


def index_pull_requests(promotion: Promotion, state: JSONObject) -> None:
    """Have a running Promotion found by the pull requests it waits for.

    Call it in the transaction that stores its progress.

    Args:
        promotion: At the step that runs.
        state: The outputs of its steps by alias, as they are.
    """
    steps = _steps(promotion)
    if not _waits(steps):
        return
    urls = awaited_pull_requests(steps, current_step=promotion.current_step, state=state)
    wanted = {key_of(it) for it in urls}
    rows = AwaitedPullRequest.objects.filter(promotion=promotion)
    known = set(rows.values_list("key", flat=True))
    rows.filter(key__in=known - wanted).delete()
    tenant_uid = promotion.project.tenant.uid
    AwaitedPullRequest.objects.bulk_create(
        AwaitedPullRequest(tenant_uid=tenant_uid, promotion=promotion, key=key)
        for key in sorted(wanted - known)
    )


def forget_pull_requests(promotion: Promotion) -> None:
    """Have a Promotion that has ended found by no pull request any more."""
    if _waits(_steps(promotion)):
        AwaitedPullRequest.objects.filter(promotion=promotion).delete()


def _indexed(warehouse: Warehouse) -> set[str]:
    rows = SubscribedUrl.objects.filter(warehouse=warehouse)
    return set(rows.values_list("key", flat=True))


def _subscribed(warehouse: Warehouse) -> set[str]:
    subscriptions = as_list(warehouse.spec.get("subscriptions"))
    return {key_of(it) for it in subscribed_urls(map(as_object, subscriptions))}


def _steps(promotion: Promotion) -> list[JSONObject]:
    return [as_object(it) for it in as_list(promotion.spec.get("steps"))]


def _waits(steps: list[JSONObject]) -> bool:
    return any(it.get("uses") == _WAITING_STEP for it in steps)
