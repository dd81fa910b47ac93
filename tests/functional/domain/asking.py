"""Asks why something waits, of rows as they are stored now."""

from common.clock import now as read_clock
from promotions.engine.eligibility import Code, Reason
from promotions.models import Freight, Stage
from promotions.selectors.approvals import Subject
from promotions.selectors.eligibility import reasons_why_not
from promotions.selectors.waiting import waiting_for
from tests.functional.domain.world import World


def why(stage: Stage, freight: Freight) -> tuple[Reason, ...]:
    """Return the reasons, of the rows as they are stored now."""
    rows = Stage.everything.select_related("project__tenant", "current_promotion", "last_promotion")
    found = Freight.everything.select_related("warehouse", "project").get(pk=freight.pk)
    return reasons_why_not(rows.get(pk=stage.pk), found, now=read_clock())


def codes(stage: Stage, freight: Freight) -> list[Code]:
    """Return the codes of the reasons."""
    return [it.code for it in why(stage, freight)]


def waits(subject: Subject) -> tuple[Reason, ...]:
    """Return what a promotion or a promotion request waits for, as it is stored now."""
    rows = type(subject).objects.select_related(
        "project__tenant", "stage__current_promotion", "freight__warehouse"
    )
    return waiting_for(rows.get(pk=subject.pk), now=read_clock())


def arrange(world: World) -> tuple[Stage, Stage]:
    """Return a Stage that takes Freight directly, and one that takes it from there."""
    world.warehouse()
    return world.stage("test"), world.stage("uat", sources={"stages": ["test"]})
