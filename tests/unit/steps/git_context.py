"""A step's context for the tests of the Git steps."""

from datetime import UTC, datetime

from common.jsontypes import JSONObject
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.runner import StepContext

WORKDIR = "/nonexistent/work"


def context(config: JSONObject) -> StepContext:
    return StepContext(
        workdir=WORKDIR,
        alias="step-1",
        config=config,
        tenant_uid="tenant",
        project="demo",
        stage="test",
        promotion="test.01.abc",
        promotion_uid="uid",
        target_freight=FreightReference(name="f", origin=FreightOrigin(name="w")),
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
