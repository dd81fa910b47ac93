"""What steps of a promotion ask people, and what they answered."""

from typing import Any

from common.errors import NotFoundError
from projects.models import Project
from promotions.engine.approvals import Action, Identity, Response
from promotions.engine.phases import PromotionPhase
from promotions.models import Promotion, PromotionPrompt, PromotionResponse, StepExecution
from rbac.actors import Actor


def prompts_of(promotion: Promotion) -> dict[str, PromotionPrompt]:
    """Return a promotion's prompts by alias, with their responses at hand."""
    rows = PromotionPrompt.objects.filter(promotion=promotion).prefetch_related("responses")
    return {row.alias: row for row in rows.order_by("pk")}


def prompt_named(promotion: Promotion, alias: str) -> PromotionPrompt:
    """Return what one step asks.

    Raises:
        NotFoundError: The step has asked nothing.
    """
    prompt = prompts_of(promotion).get(alias)
    if prompt is None:
        raise NotFoundError(f'The step "{alias}" has not asked anybody anything.')
    return prompt


def responses_to(prompt: PromotionPrompt) -> tuple[Response, ...]:
    """Return the answers as the engine knows them, oldest first."""
    rows = sorted(prompt.responses.all(), key=lambda row: row.pk)
    return tuple(map(_response, rows))


def waiting_alias(promotion: Promotion) -> str:
    """Return the alias of the step that a promotion is at; empty if it is at none."""
    if promotion.phase != PromotionPhase.RUNNING:
        return ""
    steps = StepExecution.objects.filter(promotion=promotion, index=promotion.current_step)
    step = steps.filter(started_at__isnull=False, finished_at__isnull=True).first()
    return step.alias if step else ""


def identity_in(project: Project, actor: Actor) -> Identity:
    """Return who somebody is to a project: what is claimed of them, and their roles in it."""
    roles = {
        grant.role
        for grant in actor.grants
        if grant.tenant_uid == project.tenant.uid and grant.project_uid in {None, project.uid}
    }
    return Identity(actor.claims, frozenset(roles))


def _response(row: PromotionResponse) -> Response:
    matched: list[list[Any]] = row.matched
    return Response(
        user=row.user,
        user_id=str(row.user_uid),
        action=Action(row.action),
        at=row.at,
        message=row.message,
        matched=frozenset((claim, value, role) for claim, value, role in matched),
        values=row.values,
    )
