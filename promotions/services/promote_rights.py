"""Who may promote to a Stage.

Source: Kargo's REST server. The verb ``promote`` on the Stage is asked for first, then the right
to create the Promotion, or the PromotionRequest of a Stage that selects Targets.
"""

from projects.services.access import scope_of
from promotions.models import Stage
from promotions.selectors.targets import is_target_aware
from rbac.actors import Actor
from rbac.services import require_at


def require_promote(actor: Actor, stage: Stage) -> None:
    """Return if ``actor`` holds the verb ``promote`` on ``stage``; needs its tenant at hand.

    Raises:
        ForbiddenError: It does not.
    """
    at = scope_of(stage.project)
    require_at(actor, at, verb="promote", resource="stages", name=stage.name)


def require_may_promote(actor: Actor, stage: Stage) -> None:
    """Return if ``actor`` may have a promotion to ``stage``; needs its project's tenant at hand.

    Raises:
        ForbiddenError: It may not; the message says which right is lacking.
    """
    require_promote(actor, stage)
    resource = "promotionrequests" if is_target_aware(stage) else "promotions"
    require_at(actor, scope_of(stage.project), verb="create", resource=resource)
