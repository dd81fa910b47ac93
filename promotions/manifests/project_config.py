"""The manifest of a ProjectConfig: who is promoted by itself, webhooks, windows, links."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from common.errors import FieldProblem, InvalidError
from projects.models import ProjectConfig
from promotions.engine.analysis.timing import duration_of
from promotions.manifests.config_parts import (
    Link,
    Receiver,
    Window,
    receiver_problems,
    window_problems,
)
from promotions.manifests.metadata import (
    REFRESH,
    Manifest,
    config_status,
    manifest_to,
    metadata_to,
)
from promotions.manifests.schema import Duration, Model, ResourceName, Text
from promotions.manifests.selectors import NameSelector, exact_name, selector_problems
from promotions.manifests.webhook_receivers import receivers_to


class AutoRollback(Model):
    """After which outcomes to go back to the last good Freight."""

    on_promotion: list[Literal["Failed", "Errored"]] | None = None
    on_verification: list[Literal["Failed", "Error"]] | None = None


class PromotionPolicy(Model):
    """Whether the Stages it selects promote by themselves; ``stage`` is the old way to select."""

    stage: ResourceName | None = None
    stage_selector: NameSelector | None = None
    auto_promotion_enabled: bool | None = None
    auto_rollback: AutoRollback | None = None


class Approver(Model):
    """Somebody who may approve: by a claim and its value, or by a role in the project."""

    claim: Text | None = None
    value: Text | None = None
    role: ResourceName | None = None
    required: bool | None = None


class ApprovalPolicy(Model):
    """Whose approval promotions to the Stages it selects need. Kargo has no such field."""

    stage_selector: NameSelector
    min_approvals: Annotated[int, Field(ge=1, le=50)] | None = None
    approvers: Annotated[list[Approver], Field(max_length=50)] | None = None
    allow_requester: bool | None = None
    allow_freight_creator: bool | None = None
    expires_after: Duration | None = None


class Limits(Model):
    """How many of the newest are kept, and how old what is deleted is at least."""

    max_retained: Annotated[int, Field(ge=0, le=100_000)] | None = None
    min_age: Duration | None = None


class Retention(Model):
    """What the garbage collector may delete; nothing of what is absent. Kargo has no such field."""

    promotions: Limits | None = None
    promotion_requests: Limits | None = None
    freight: Limits | None = None


class ProjectConfigSpec(Model):
    """Everything a project can configure."""

    promotion_policies: list[PromotionPolicy] | None = None
    webhook_receivers: list[Receiver] | None = None
    promotion_windows: list[Window] | None = None
    approval_policies: Annotated[list[ApprovalPolicy], Field(max_length=100)] | None = None
    retention: Retention | None = None
    freight_links: list[Link] | None = None
    stage_links: list[Link] | None = None


class ProjectConfigManifest(Manifest):
    """A ProjectConfig as somebody wrote it."""

    spec: Annotated[ProjectConfigSpec, Field(default_factory=ProjectConfigSpec)]


def problems(manifest: ProjectConfigManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema; all of it, not only the first."""
    metadata, spec = manifest.metadata, manifest.spec
    if metadata.namespace and metadata.name != metadata.namespace:
        reason = f'must equal the namespace, "{metadata.namespace}", not "{metadata.name}"'
        yield FieldProblem("metadata.name", reason)
    yield from _policy_problems(spec.promotion_policies or [])
    yield from receiver_problems(spec.webhook_receivers or [], path="spec.webhookReceivers")
    yield from window_problems(
        spec.promotion_windows or [], path="spec.promotionWindows", has_projects=False
    )
    yield from _approval_problems(spec.approval_policies or [])


def to_manifest(config: ProjectConfig) -> dict[str, Any]:
    """Write a ProjectConfig as Kargo's JSON; reads ``config.project``."""
    metadata = metadata_to(
        config, namespace=config.project.name, annotations={REFRESH: config.refresh_token}
    )
    status = config_status(
        config.conditions,
        handled_refresh=config.handled_refresh,
        observed_generation=config.generation if config.conditions else 0,
        receivers=receivers_to(config),
    )
    return manifest_to("ProjectConfig", metadata, spec=config.spec, status=status)


def _policy_problems(policies: list[PromotionPolicy]) -> Iterator[FieldProblem]:
    seen: dict[str, int] = {}
    for index, policy in enumerate(policies):
        where = f"spec.promotionPolicies[{index}]"
        if (policy.stage is None) == (policy.stage_selector is None):
            yield FieldProblem(where, "must have exactly one of stage and stageSelector")
        if policy.stage_selector is not None:
            yield from selector_problems(policy.stage_selector, path=f"{where}.stageSelector")
        name = policy.stage or (exact_name(policy.stage_selector) if policy.stage_selector else "")
        if name in seen:
            reason = f'spec.promotionPolicies[{seen[name]}] is already for the Stage "{name}"'
            yield FieldProblem(where, reason)
        elif name:
            seen[name] = index


def _approval_problems(policies: list[ApprovalPolicy]) -> Iterator[FieldProblem]:
    for index, policy in enumerate(policies):
        where = f"spec.approvalPolicies[{index}]"
        yield from selector_problems(policy.stage_selector, path=f"{where}.stageSelector")
        try:
            duration_of(policy.expires_after or "0s")
        except InvalidError as error:
            yield FieldProblem(f"{where}.expiresAfter", error.message)
        for number, approver in enumerate(policy.approvers or []):
            has_claim = approver.claim is not None and approver.value is not None
            is_mixed = approver.role is not None and (approver.claim or approver.value)
            if is_mixed or has_claim is (approver.role is not None):
                reason = "must have either claim and value, or role"
                yield FieldProblem(f"{where}.approvers[{number}]", reason)
