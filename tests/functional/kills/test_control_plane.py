"""What steps write into the platform's own database is written once, whenever their worker dies."""

import pytest

from common.jsontypes import JSONValue
from promotions.models import Freight, Stage
from rbac.audit import first_broken_link
from rbac.models import AuditEvent
from tests.functional.domain.people import step
from tests.functional.kills.fate import Fate

pytestmark = pytest.mark.slow

FREIGHT = "${{ ctx.targetFreight.name }}"


def test_record_audit_event(fate: Fate) -> None:
    event = step("record-audit-event", type="deployed", message="Out")

    promotion = fate.promoted(event, effect=('INSERT INTO "rbac_auditevent"', "deployed"))

    assert promotion.phase == "Succeeded", promotion.message
    assert AuditEvent.objects.filter(action="deployed").count() == 1
    assert first_broken_link(promotion.project.tenant.uid) is None


def test_set_metadata(fate: Fate) -> None:
    updates: JSONValue = [
        {"kind": "Stage", "name": "test", "values": {"version": "v2"}},
        {"kind": "Freight", "name": FREIGHT, "values": {"seen": True}},
    ]

    promotion = fate.promoted(
        step("set-metadata", updates=updates), effect=('UPDATE "promotions_freight"', "seen")
    )

    assert promotion.phase == "Succeeded", promotion.message
    assert Stage.objects.get(name="test").metadata == {"version": "v2"}
    assert Freight.objects.get(pk=promotion.freight_id).metadata == {"seen": True}
    written = AuditEvent.objects.filter(action__endswith=".set_metadata")
    assert sorted(it.action for it in written) == ["freight.set_metadata", "stage.set_metadata"]


def test_set_freight_alias(fate: Fate) -> None:
    promotion = fate.promoted(
        step("set-freight-alias", name=FREIGHT, alias="release-7"),
        effect=('UPDATE "promotions_freight"', "release-7"),
    )

    assert promotion.phase == "Succeeded", promotion.message
    assert Freight.objects.get(pk=promotion.freight_id).alias == "release-7"
    assert AuditEvent.objects.filter(action="freight.update").count() == 1
