"""``argocd-wait``: waits until Argo CD Applications are as they should be."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from common.jsontypes import JSONObject
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.steps.support.argocd import apps_schema

SCHEMA = apps_schema(
    "ArgoCDWaitConfig",
    {
        "waitFor": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "description": "Default: health, sync and operation.",
            "items": {
                "type": "string",
                "enum": ["health", "sync", "operation", "suspended", "degraded"],
            },
        }
    },
)


@dataclass(frozen=True, slots=True)
class ArgoCDWait(StepDefaults):
    """Says that no Argo CD is connected: nothing connects one to the platform yet.

    Source: Kargo's ``argocd-wait`` step without Argo CD integration.
    """

    kind: ClassVar[str] = "argocd-wait"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.READING
    default_timeout: ClassVar[timedelta | None] = timedelta(minutes=5)

    def run(self, _context: StepContext) -> StepResult:
        """Refuse.

        Raises:
            StepError: Always.
        """
        raise StepError(
            "Argo CD integration is disabled on this controller; cannot check Argo CD"
            " Application resources"
        )
