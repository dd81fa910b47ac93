"""Which step of which promotion asks?"""

from dataclasses import dataclass

from promotions.engine.runner import StepContext


@dataclass(frozen=True, slots=True)
class StepOrigin:
    """One step of one promotion: the key of what it leaves behind outside its work directory."""

    tenant_uid: str
    project: str
    promotion_uid: str
    alias: str


def origin_of(context: StepContext) -> StepOrigin:
    """Return the origin of what a step does in this invocation."""
    return StepOrigin(context.tenant_uid, context.project, context.promotion_uid, context.alias)
