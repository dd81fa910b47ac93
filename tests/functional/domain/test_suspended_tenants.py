"""A suspended tenant's promotion ends the step it is at, and starts the next when resumed."""

from uuid import uuid4

from common.clock import now
from projects.services.tenants import resume_tenant, suspend_tenant
from promotions import wiring
from promotions.engine.runner import StepContext
from promotions.models import StepExecution
from promotions.reconcilers.leftovers import remove_leftovers
from rbac.actors import operator_at_console
from tests.functional.domain.test_promotions import OUTPUT, SCRIPTED, promoted, workdir_of
from tests.functional.domain.world import World, steps_of

ROOT = operator_at_console("tests")


def test_a_step_that_runs_ends_and_the_next_does_not_start(world: World) -> None:
    def suspend(_context: StepContext) -> None:
        suspend_tenant(world.project.tenant, actor=ROOT, reason="unpaid", now=now())

    world.steps.during = suspend
    promotion = promoted(world, SCRIPTED, OUTPUT)
    while_suspended, phase = steps_of(promotion), promotion.phase
    started = StepExecution.objects.filter(promotion=promotion, started_at__isnull=False).count()

    resume_tenant(world.project.tenant, actor=ROOT, now=now())
    world.settle()
    promotion.refresh_from_db()

    assert while_suspended == [("it", "Succeeded")]
    assert (phase, started) == ("Running", 1)
    assert promotion.phase == "Succeeded"
    assert steps_of(promotion) == [("it", "Succeeded"), ("after", "Succeeded")]
    assert len(world.steps.contexts) == 1


def test_work_directories_of_promotions_that_are_no_more_are_removed(world: World) -> None:
    promotion = promoted(world, SCRIPTED)
    kept, lost = workdir_of(world, promotion), world.work_dir / f"promotion-{uuid4()}"
    other, preview = world.work_dir / "notes", world.work_dir / f"preview-{uuid4()}"
    for folder in (kept, lost / "deep", other, preview):
        folder.mkdir(parents=True, exist_ok=True)

    removed = remove_leftovers(world.work_dir, wiring.preview_ports().workspaces)

    assert removed == 2
    assert [it.exists() for it in (kept, lost, preview, other)] == [True, False, False, True]
