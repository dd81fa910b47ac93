"""What is to be found once all is done: in the branches, in the records, on the disk."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from promotions.models import (
    FreightCollection,
    Promotion,
    Stage,
    StepExecution,
    Verification,
    Work,
    WorkKind,
)
from tests.functional.chaos.pipeline import STAGES, STEPS, Pipeline, Repositories

_SHORT = 7
_REPEATABLE = "git-commit"
"""Skipped when it is repeated, for what it would commit is committed."""


def phases() -> dict[str, int]:
    """Count promotions by phase."""
    return dict(Counter(Promotion.objects.values_list("phase", flat=True)))


def problems(pipeline: Pipeline, repositories: Repositories) -> list[str]:
    """Return in words whatever was lost, doubled or disordered."""
    wanted = pipeline.commit_ids()
    found: list[str] = []
    for stage in STAGES:
        found += _problems_in_branch(stage, wanted, repositories)
        rows = list(Promotion.objects.filter(stage__name=stage).order_by("name"))
        found += _problems_in_queue(stage, rows)
        for row in rows:
            found += [f"{stage} {row.name}: {it}" for it in _problems_in_steps(row)]
        found += _problems_in_history(stage, rows)
    return found


def stuck() -> dict[str, object]:
    """Return what is not done, and what the work loop knows of it."""
    promotions = Promotion.objects.exclude(phase="Succeeded").select_related("stage")
    waiting = Counter(row.stage.name for row in promotions if not row.started_at)
    begun = [
        f"{row.stage.name} {row.name}: {row.phase} at step {row.current_step} {row.message} "
        f"{_steps_of(row)} {_work_of(WorkKind.PROMOTION, row)}"
        for row in promotions
        if row.started_at
    ]
    rows = {row.stage.name: row.stage for row in promotions}
    stages = {name: _work_of(WorkKind.STAGE, stage) for name, stage in rows.items()}
    return {"waiting": dict(waiting), "begun": begun, "stages": stages}


def _problems_in_branch(stage: str, wanted: list[str], origins: Repositories) -> Iterator[str]:
    released = origins.released(stage)
    subjects = [subject for _, subject, _ in released]
    if subjects != wanted:
        shown = [subject[:_SHORT] for subject in subjects]
        lost = [it[:_SHORT] for it in wanted if it not in subjects]
        doubled = [it[:_SHORT] for it, times in Counter(subjects).items() if times > 1]
        yield f"branch of {stage}: lost {lost}, doubled {doubled}, order {shown}"
    yield from (
        f"branch of {stage}: {commit[:_SHORT]} says {revision}, not {subject}"
        for commit, subject, revision in released
        if revision != subject
    )
    pushed = list(
        Promotion.objects.filter(stage__name=stage)
        .order_by("name")
        .values_list("state__push__commit", flat=True)
    )
    if pushed != [commit for commit, _, _ in released]:
        yield f"branch of {stage}: the promotions' outputs name other commits: {pushed}"


def _problems_in_queue(stage: str, rows: list[Promotion]) -> Iterator[str]:
    for row in rows:
        if row.phase != "Succeeded" or row.started_at is None or row.finished_at is None:
            yield f"{stage} {row.name}: {row.phase} {row.message}"
    for earlier, later in pairwise(rows):
        if earlier.finished_at and later.started_at and later.started_at < earlier.finished_at:
            yield f"{stage} {later.name}: started before {earlier.name} had finished"


def _problems_in_steps(promotion: Promotion) -> Iterator[str]:
    steps = list(StepExecution.objects.filter(promotion=promotion).order_by("index"))
    if [(it.index, it.kind) for it in steps] != list(enumerate(STEPS)):
        yield f"steps are {_steps_of(promotion)}"
        return
    for step in steps:
        allowed = {"Succeeded", "Skipped"} if step.kind == _REPEATABLE else {"Succeeded"}
        if step.status not in allowed or step.error_count:
            yield f"{step.kind} is {step.status} {step.message} ({step.error_count} errors)"
    times = [at for step in steps for at in (step.started_at, step.finished_at) if at]
    if len(times) < 2 * len(STEPS) or times != sorted(times):
        yield f"times of the steps are missing or out of order: {times}"
    state = promotion.state
    if state.get("commit") != {"commit": state.get("push", {}).get("commit")}:
        yield f"outputs disagree: {state}"


def _problems_in_history(stage: str, rows: list[Promotion]) -> Iterator[str]:
    """The Stage must have held every promotion's Freight once, verified once, in order."""
    history = FreightCollection.objects.filter(stage__name=stage).order_by("pk")
    held = list(history.values_list("promotion", flat=True))
    if held != [row.pk for row in rows]:
        yield f"history of {stage}: {len(held)} entries for {len(rows)} promotions"
    verified = Counter(
        Verification.objects.filter(collection__stage__name=stage).values_list(
            "collection", flat=True
        )
    )
    if len(verified) != len(held) or set(verified.values()) - {1}:
        yield f"history of {stage}: verifications of {len(verified)} of {len(held)}, {verified}"


def _steps_of(promotion: Promotion) -> list[str]:
    rows = StepExecution.objects.filter(promotion=promotion).order_by("index")
    return [f"{row.index} {row.kind} {row.status} {row.message}".strip() for row in rows]


def _work_of(kind: WorkKind, row: Promotion | Stage) -> str:
    work = Work.objects.filter(kind=kind, uid=row.uid).first()
    if work is None:
        return "no work"
    return (
        f"due {work.due_at} lease {work.lease_owner} until {work.lease_until} "
        f"failures {work.failures} {work.last_error}"
    )
