"""Does what a delivery to a webhook receiver asks for, and says what to answer.

Source: Kargo ``pkg/webhook/external``.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar, assert_never

from django.db import DatabaseError

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.webhooks import generic
from promotions.engine.webhooks.decisions import (
    RefreshPromotions,
    RefreshWarehouses,
    RefusedError,
    Reply,
    refreshed_reply,
)
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.generic_targets import Target, TargetIndex, TargetKind
from promotions.engine.webhooks.receivers import GENERIC, decide
from promotions.engine.webhooks.warehouse_matching import is_concerned, subscribed_urls
from promotions.models import Promotion, Warehouse, WebhookReceiver
from promotions.selectors import webhooks
from promotions.services.promotions import refresh_promotion
from promotions.services.warehouses import refresh_warehouse
from promotions.services.webhook_receivers import digest_of
from rbac.actors import Actor, ActorKind

logger = logging.getLogger(__name__)

MOST_QUALIFIERS = 1_000
MOST_CHANGED_FILES = 10_000
"""Of longer lists nothing is made: the push counts as one that does not say what it touched."""

_RowT = TypeVar("_RowT", Warehouse, Promotion)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived.

    Attributes:
        headers: Values in order, by name.
        query: Values in order, by name.
        address: Where it came from.
    """

    body: bytes
    headers: Mapping[str, Sequence[str]]
    query: Mapping[str, Sequence[str]]
    address: str = ""


def receive_delivery(
    receiver: WebhookReceiver, received: Received, *, now: datetime
) -> Reply | None:
    """Refresh what a delivery is about; ``None`` if the receiver listens there no more.

    Raises:
        RefusedError: The delivery is refused; the error holds the answer.
    """
    secret, spec = _secret_of(receiver), webhooks.receiver_spec(receiver)
    if secret is None or spec is None:
        raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR)
    if not _listens(receiver, secret):
        return None
    act = _Act(receiver, actor_of(receiver, address=received.address), now)
    if receiver.kind == GENERIC:
        return act.run_actions(as_list(spec.get("actions")), received)
    delivery = Delivery(
        headers={name: values[0] for name, values in received.headers.items() if values},
        body=received.body,
        secret=secret,
        virtual_repo_name=as_text(spec.get("virtualRepoName")),
    )
    decision = decide(receiver.kind, delivery)
    match decision:
        case Reply():
            return decision
        case RefreshWarehouses():
            return act.refresh_warehouses(decision)
        case RefreshPromotions():
            return act.refresh_promotions(decision)
        case _:
            assert_never(decision)


def actor_of(receiver: WebhookReceiver, *, address: str) -> Actor:
    """Return who acts when a receiver does."""
    owner = "webhook-receiver" if receiver.project is not None else "cluster-webhook-receiver"
    return Actor(
        kind=ActorKind.SYSTEM,
        name=f"{owner}:{receiver.name}",
        tenant_uid=receiver.tenant.uid,
        address=address,
    )


def _secret_of(receiver: WebhookReceiver) -> dict[str, bytes] | None:
    try:
        return webhooks.receiver_secret(
            receiver.secret_name, tenant=receiver.tenant, project=receiver.project
        )
    except PlatformError as error:
        facts = {"receiver": receiver.name, "problem": error.message}
        logger.warning("webhook receiver's secret cannot be read", extra=facts)
        raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR) from error


def _listens(receiver: WebhookReceiver, secret: Mapping[str, bytes]) -> bool:
    """Return whether the receiver's address is still the one that its Secret makes."""
    try:
        current = digest_of(receiver.name, receiver.kind, secret, project=receiver.project)
    except InvalidError as error:
        raise RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR) from error
    return current == receiver.digest


@dataclass(frozen=True, slots=True)
class _Act:
    """Refreshes on behalf of one receiver."""

    receiver: WebhookReceiver
    actor: Actor
    now: datetime

    def refresh_warehouses(self, decision: RefreshWarehouses) -> Reply:
        wanted = _bounded(decision)
        total = failures = 0
        for warehouse in webhooks.subscribers_to(self.receiver, wanted.repo_urls):
            try:
                is_meant = is_concerned(_subscriptions(warehouse), wanted)
            except InvalidError as error:
                self._note_failure(warehouse, error)
                total, failures = total + 1, failures + 1
                continue
            if is_meant:
                total += 1
                failures += not self._refresh(refresh_warehouse, warehouse)
        return self._replied("warehouse", total=total, failures=failures)

    def refresh_promotions(self, decision: RefreshPromotions) -> Reply:
        found = webhooks.awaiting(self.receiver, decision.pull_request_url)
        results = [self._refresh(refresh_promotion, promotion) for promotion in found]
        return self._replied("promotion", total=len(results), failures=results.count(False))

    def run_actions(self, actions: Sequence[JSONValue], received: Received) -> Reply:
        request = generic.read_request(
            received.body, headers=received.headers, query=received.query
        )
        plans = generic.plan_actions(
            request,
            actions=[as_object(it) for it in actions],
            path=f'webhookReceivers["{self.receiver.name}"].generic.actions',
        )
        return generic.reply_to([self._run(plan) for plan in plans])

    def _run(self, plan: generic.ActionPlan) -> generic.ActionOutcome:
        if plan.problem:
            facts = {"receiver": self.receiver.name, "problem": plan.problem}
            logger.warning("webhook action cannot be decided", extra=facts)
        rows = {
            (row.project.name, row.name): row
            for row in webhooks.possible_targets(self.receiver, plan.criteria)
        }
        selected = plan.select([_target(row) for row in rows.values()])
        return generic.ActionOutcome(
            plan,
            tuple(
                (target, self._refresh(refresh_warehouse, rows[target.namespace, target.name]))
                for target in selected
            ),
        )

    def _refresh(self, service: Callable[..., None], row: _RowT) -> bool:
        """Return whether one object could be refreshed; one that cannot stops no other."""
        try:
            service(row, actor=self.actor, now=self.now)
        except (PlatformError, DatabaseError) as error:
            self._note_failure(row, error)
            return False
        return True

    def _note_failure(self, row: Warehouse | Promotion, error: Exception) -> None:
        facts = {"receiver": self.receiver.name, "object": row.name, "project": row.project.name}
        logger.warning("webhook could not refresh", extra=facts, exc_info=error)

    def _replied(self, noun: str, *, total: int, failures: int) -> Reply:
        facts = {"receiver": self.receiver.name, "noun": noun, "total": total, "failures": failures}
        logger.info("webhook delivered", extra=facts)
        return refreshed_reply(noun, total=total, failures=failures)


def _bounded(decision: RefreshWarehouses) -> RefreshWarehouses:
    """Return the decision without lists that would take long to match."""
    if len(decision.qualifiers) > MOST_QUALIFIERS:
        return replace(decision, qualifiers=(), changed_files=())
    if len(decision.changed_files) > MOST_CHANGED_FILES:
        return replace(decision, changed_files=())
    return decision


def _subscriptions(warehouse: Warehouse) -> list[JSONObject]:
    return [as_object(it) for it in as_list(warehouse.spec.get("subscriptions"))]


def _target(warehouse: Warehouse) -> Target:
    return Target(
        kind=TargetKind.WAREHOUSE,
        namespace=warehouse.project.name,
        name=warehouse.name,
        labels=warehouse.labels,
        indices={TargetIndex.SUBSCRIBED_URLS: subscribed_urls(_subscriptions(warehouse))},
    )
