"""Builds step contexts, for tests that run one step."""

from datetime import UTC, datetime
from pathlib import Path

from common.jsontypes import JSONObject
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.runner import FreightRequest, StepContext

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def context(
    workdir: Path,
    config: JSONObject,
    *,
    freight: tuple[FreightReference, ...] = (),
    requests: tuple[FreightRequest, ...] = (),
) -> StepContext:
    """Return the context of a step in a promotion to the stage ``test``."""
    return StepContext(
        workdir=str(workdir),
        alias="step-1",
        config=config,
        tenant_uid="tenant",
        project="shop",
        stage="test",
        promotion="test.01",
        promotion_uid="uid",
        target_freight=FreightReference("f1", FreightOrigin("main")),
        now=NOW,
        freight={str(it.origin): it for it in freight},
        freight_requests=requests,
    )
