"""Watches one Warehouse's repositories and packages what is new as Freight.

Observe: every subscription, through the ports. Decide: is there anything to make Freight of?
Act: store what was found, create the Freight, wake the Stages that take it directly.
Source: Kargo ``pkg/controller/warehouses``.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from common.clock import now as read_clock
from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from common.redaction import redact
from promotions.engine.conditions import (
    Condition,
    ConditionStatus,
    find_condition,
    set_condition,
    without_condition,
)
from promotions.engine.expressions.criteria import freight_may_be_created
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.outputs import plain_output
from promotions.manifests.conditions import conditions_from, time_to
from promotions.manifests.promotion_steps import duration_from
from promotions.models import Warehouse
from promotions.ports.charts import ChartRepositories
from promotions.ports.credentials import Credential, CredentialStore, CredentialType
from promotions.ports.git import GitRepositories, Remote
from promotions.ports.oci import ImageRegistry
from promotions.reconcilers.discovery.charts import discover_charts
from promotions.reconcilers.discovery.contents import (
    missing_artifacts,
    newest_contents,
)
from promotions.reconcilers.discovery.git import discover_commits
from promotions.reconcilers.discovery.images import discover_images
from promotions.reconcilers.loop import Lease, LeaseLostError
from promotions.reconcilers.requests import is_asked_again
from promotions.selectors.warehouses import warehouse_by_uid
from promotions.services.discovery_status import store_discovery
from promotions.services.freight import create_freight
from promotions.services.webhook_index import index_subscriptions
from rbac.actors import controller

logger = logging.getLogger(__name__)

DEFAULT_INTERVAL = timedelta(minutes=5)
SOON = timedelta(milliseconds=100)
LARGEST_TOLERANCE = timedelta(seconds=10)

_TRUE, _FALSE, _UNKNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN


@dataclass(slots=True)
class _View:
    """What a pass knows of its Warehouse so far; columns are written together with conditions."""

    warehouse: Warehouse
    conditions: tuple[Condition, ...]
    now: datetime
    is_asked: bool = False
    tolerance: timedelta = timedelta(0)
    columns: dict[str, object] = field(default_factory=dict)

    def set(self, kind: str, status: ConditionStatus, reason: str, message: str) -> None:
        condition = Condition(kind, status, reason, message, self.warehouse.generation)
        self.conditions = set_condition(self.conditions, condition, now=self.now)

    def clear(self, *kinds: str) -> None:
        for kind in kinds:
            self.conditions = without_condition(self.conditions, kind)

    def store(self, lease: Lease) -> None:
        with lease.transaction():
            store_discovery(
                self.warehouse, conditions=self.conditions, now=self.now, **self.columns
            )


@dataclass(frozen=True, slots=True)
class WarehouseReconciler:
    """Reconciles Warehouses.

    Attributes:
        minimum_interval: No Warehouse is looked at more often, whatever its manifest says.
    """

    repositories: GitRepositories
    registry: ImageRegistry
    charts: ChartRepositories
    credentials: CredentialStore
    minimum_interval: timedelta = timedelta(0)

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Reconcile the Warehouse with this uid and return when to look again."""
        warehouse = warehouse_by_uid(uid)
        if warehouse is None:
            return None
        view = _View(warehouse, conditions_from(warehouse.conditions), now)
        view.is_asked = _is_asked(view)
        view.tolerance = _tolerance(view)
        if warehouse.refresh_token:
            view.columns["handled_refresh"] = warehouse.refresh_token
        try:
            if _should_discover(view):
                self._discover(view, lease=lease)
            _package(view, lease=lease)
        except LeaseLostError:
            raise
        except PlatformError:
            if not is_asked_again(warehouse):
                raise
            logger.info("failed, but asked again", extra={"warehouse": warehouse.name})
            return SOON
        return self._next(warehouse)

    def _discover(self, view: _View, *, lease: Lease) -> None:
        warehouse = view.warehouse
        subscriptions = [as_object(it) for it in as_list(warehouse.spec.get("subscriptions"))]
        count = len(subscriptions)
        words = f"discovering artifacts of {count} subscription{'s' if count != 1 else ''}"
        view.set("Reconciling", _TRUE, "ScheduledDiscovery", words)
        view.set("Ready", _FALSE, "DiscoveryInProgress", words)
        if warehouse.discovered is None:
            view.set("Healthy", _UNKNOWN, "Pending", "no discovery has finished yet")
        view.clear("FreightCreationCriteriaSatisfied", "FreightCreated")
        view.store(lease)
        index_subscriptions(warehouse)
        prior = _prior(warehouse)
        discovered: dict[str, list[JSONValue]] = {}
        for index, document in enumerate(subscriptions):
            try:
                key, result = self._discover_one(view, document, prior)
            except PlatformError as error:
                message = _told(document, _placed(error, index))
                view.set("Healthy", _FALSE, "DiscoveryFailed", message)
                view.set("Ready", _FALSE, "DiscoveryFailure", message)
                view.store(lease)
                raise
            # Registries and charts may hold characters that the database cannot.
            discovered.setdefault(key, []).append(plain_output(result))
        view.now = read_clock()
        view.columns.update(
            discovered={"discoveredAt": time_to(view.now), **discovered},
            discovered_at=view.now,
            observed_generation=warehouse.generation,
        )

    def _discover_one(
        self, view: _View, document: JSONObject, prior: list[JSONObject]
    ) -> tuple[str, JSONValue]:
        warehouse, name = view.warehouse, as_text(document.get("name"))
        git, image = as_object(document.get("git")), as_object(document.get("image"))
        chart = as_object(document.get("chart"))
        if git:
            url = as_text(git.get("repoURL"))
            credential = self._credential(warehouse, CredentialType.GIT, url)
            remote = Remote(
                url=url,
                credential=credential,
                credential_name=credential.name if credential else "",
                insecure_skip_tls_verify=git.get("insecureSkipTLSVerify") is True,
                tenant_uid=str(warehouse.project.tenant.uid),
            )
            same = next((it for it in prior if it.get("repoURL") == url), None)
            found = discover_commits(
                git,
                name=name,
                repositories=self.repositories,
                remote=remote,
                prior=same,
                now=view.now,
                max_age=view.tolerance,
            )
            return "git", found
        if image:
            url = as_text(image.get("repoURL"))
            credential = self._credential(warehouse, CredentialType.IMAGE, url)
            return "images", discover_images(
                image, name=name, registry=self.registry, credential=credential
            )
        if chart:
            url = as_text(chart.get("repoURL"))
            credential = self._credential(warehouse, CredentialType.HELM, url)
            return "charts", discover_charts(
                chart, name=name, charts=self.charts, credential=credential
            )
        kinds = ", ".join(sorted(set(document) - {"name"}))
        raise InvalidError(
            f"Subscriptions of the kind {kinds} cannot be discovered; only git, image and chart.",
            code="unsupported_subscription",
        )

    def _credential(
        self, warehouse: Warehouse, kind: CredentialType, url: str
    ) -> Credential | None:
        project = warehouse.project
        return self.credentials.find(
            tenant_uid=str(project.tenant.uid), project=project.name, kind=kind, repo_url=url
        )

    def _next(self, warehouse: Warehouse) -> timedelta:
        interval = max(_interval(warehouse), self.minimum_interval)
        if warehouse.discovered_at is None:
            return interval
        return max(warehouse.discovered_at + interval - read_clock(), SOON)


def _placed(error: PlatformError, index: int) -> PlatformError:
    """Return the error of a subscription with its place in the manifest, if it is about a field."""
    if isinstance(error, FieldExpressionError):
        return error.under(f"spec.subscriptions[{index}].git")
    return error


def _told(subscription: JSONObject, error: PlatformError) -> str:
    """Return what went wrong with a subscription, with the repository that it is about."""
    kinds = [as_object(subscription.get(kind)) for kind in ("git", "image", "chart")]
    url = next((as_text(it["repoURL"]) for it in kinds if "repoURL" in it), "")
    return redact(error.message if url in error.message else f"{url}: {error.message}")


def _interval(warehouse: Warehouse) -> timedelta:
    text = as_text(warehouse.spec.get("interval"))
    return duration_from(text) if text else DEFAULT_INTERVAL


def _tolerance(view: _View) -> timedelta:
    """Return how old a shared listing of refs may be.

    Somebody who asked wants it no older than the asking: one webhook that refreshes two hundred
    Warehouses then costs a few listings, not two hundred.
    """
    warehouse = view.warehouse
    if not view.is_asked:
        return min(_interval(warehouse) / 30, LARGEST_TOLERANCE)
    try:
        asked_at = datetime.fromisoformat(warehouse.refresh_token)
        since = view.now - asked_at
    except (TypeError, ValueError):  # it is free text in a manifest
        return timedelta(0)
    is_new = warehouse.refresh_token != warehouse.handled_refresh
    return min(max(since, timedelta(0)), LARGEST_TOLERANCE) if is_new else timedelta(0)


def _is_asked(view: _View) -> bool:
    """Return whether there is more reason to look at the repositories than that it is time.

    Somebody asked, the spec changed, or the last look did not end well: without that a refresh
    that failed would count as done, and the failure as cured.
    """
    warehouse = view.warehouse
    return (
        warehouse.refresh_token != warehouse.handled_refresh
        or 0 < warehouse.observed_generation < warehouse.generation
        or find_condition(view.conditions, "Reconciling") is not None
    )


def _should_discover(view: _View) -> bool:
    warehouse = view.warehouse
    if warehouse.discovered is None or warehouse.discovered_at is None:
        return True
    return (
        view.is_asked
        or warehouse.generation > warehouse.observed_generation
        or warehouse.discovered_at + _interval(warehouse) <= view.now
    )


def _prior(warehouse: Warehouse) -> list[JSONObject]:
    """Return earlier Git results, if they are for the spec as it is."""
    if warehouse.generation != warehouse.observed_generation or not warehouse.discovered:
        return []
    return [as_object(it) for it in as_list(warehouse.discovered.get("git"))]


def _package(view: _View, *, lease: Lease) -> None:
    """Create Freight of what was discovered, if policy and criteria let us and it is new."""
    warehouse = view.warehouse
    discovered = as_object(view.columns.get("discovered") or warehouse.discovered)  # type: ignore[arg-type] # columns hold what the model's fields take
    gap = missing_artifacts(discovered)
    if gap is not None:
        view.clear("Reconciling")
        view.set("Healthy", _FALSE, gap.health, gap.message)
        view.set("Ready", _FALSE, gap.reason, gap.message)
        view.store(lease)
        return
    if warehouse.spec.get("freightCreationPolicy") != "Manual" and _criteria(view, discovered):
        _create(view, discovered, lease=lease)
    if _failed(view):
        view.store(lease)
        return
    view.clear("Reconciling")
    view.set("Healthy", _TRUE, "ReconciliationSucceeded", "the last discovery succeeded")
    view.set("Ready", _TRUE, "ArtifactsDiscovered", "the newest artifacts are known")
    view.store(lease)


def _criteria(view: _View, discovered: JSONObject) -> bool:
    kind = "FreightCreationCriteriaSatisfied"
    criteria = as_object(view.warehouse.spec.get("freightCreationCriteria"))
    expression = as_text(criteria.get("expression"))
    try:
        satisfied = freight_may_be_created(expression, discovered, now=view.now)
    except InvalidError as error:
        view.clear("Reconciling")
        view.set(kind, _FALSE, "CriteriaEvaluationFailed", error.message)
        view.set("Healthy", _FALSE, "CriteriaEvaluationFailed", error.message)
        view.set("Ready", _FALSE, "CriteriaEvaluationFailed", error.message)
        return False
    if not satisfied:
        view.set(kind, _FALSE, "CriteriaNotSatisfied", "the newest artifacts do not match")
        return False
    view.set(kind, _TRUE, "CriteriaSatisfied", "the newest artifacts may become Freight")
    return True


def _failed(view: _View) -> bool:
    return any(it.reason == "CriteriaEvaluationFailed" for it in view.conditions)


def _create(view: _View, discovered: JSONObject, *, lease: Lease) -> None:
    warehouse = view.warehouse
    try:
        with lease.transaction():
            freight, created = create_freight(
                warehouse,
                newest_contents(discovered),
                discovered_at=view.now,
                actor=controller("warehouse-controller", shard=warehouse.shard),
                now=view.now,
            )
    except LeaseLostError:
        raise
    except PlatformError as error:
        view.set("Reconciling", _TRUE, "FreightCreationInProgress", "Freight is being created")
        view.set("Healthy", _FALSE, "FreightCreationFailure", error.message)
        view.set("Ready", _FALSE, "FreightCreationFailure", error.message)
        view.store(lease)
        raise
    view.columns["last_freight_name"] = freight.name
    if created:
        logger.info("freight created", extra={"warehouse": warehouse.name, "freight": freight.name})
        view.set("FreightCreated", _TRUE, "NewFreight", f'created Freight "{freight.alias}"')
    else:
        view.set("FreightCreated", _FALSE, "AlreadyExists", f'"{freight.alias}" is the newest')
