"""Who may promote to a Stage.

Source: Kargo's REST server. The verb ``promote`` on the Stage is asked for first, then the right
to create the Promotion.
"""

from promotions.models import Stage
from rbac.actors import Actor
from rbac.services import require


def require_may_promote(actor: Actor, stage: Stage) -> None:
    """Return if ``actor`` may have a promotion to ``stage``; needs its project's tenant at hand.

    Raises:
        ForbiddenError: It may not; the message says which right is lacking.
    """
    project = stage.project
    for verb, resource, name in (("promote", "stages", stage.name), ("create", "promotions", "")):
        require(
            actor,
            verb=verb,
            resource=resource,
            tenant_uid=project.tenant.uid,
            project_uid=project.uid,
            name=name,
        )
