"""Whether promotion windows let Stages promote, as their project and tenant configure them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from projects.models import Project
from projects.selectors import project_spec, tenant_spec
from promotions.engine.eligibility import Reason
from promotions.engine.windows.schedule import (
    WindowStatus,
    why_closed,
    window_status,
    windows_for,
    windows_from,
)
from promotions.engine.windows.windows import Window
from promotions.models import Stage


def window_status_of(stage: Stage, *, now: datetime) -> WindowStatus | None:
    """Return what a Stage's windows say now; ``None`` if none is for it."""
    return window_status(_for_stage(stage, _all_windows(stage.project)), at=now)


def closed_reason(stage: Stage, *, now: datetime) -> Reason | None:
    """Return why a Stage's windows let no promotion in now; ``None`` if they do."""
    return why_closed(window_status_of(stage, now=now))


def window_reasons(stages: Sequence[Stage], now: datetime) -> dict[int, list[Reason]]:
    """Return why windows keep promotions from Stages of one project, by their primary keys."""
    windows = _all_windows(stages[0].project) if stages else ()
    if not windows:
        return {}
    found = {it.pk: why_closed(window_status(_for_stage(it, windows), at=now)) for it in stages}
    return {pk: [reason] for pk, reason in found.items() if reason is not None}


def next_look(status: WindowStatus | None, *, now: datetime) -> timedelta | None:
    """Return how long it is until a Stage opens or closes; ``None`` if that is not known."""
    at = status.changes_at if status is not None else None
    return max(at - now, timedelta(0)) if at is not None else None


def _all_windows(project: Project) -> tuple[Window, ...]:
    return (
        *windows_from(tenant_spec(project.tenant), is_tenant_wide=True),
        *windows_from(project_spec(project), is_tenant_wide=False),
    )


def _for_stage(stage: Stage, windows: tuple[Window, ...]) -> tuple[Window, ...]:
    return windows_for(
        windows,
        stage=stage.name,
        stage_labels=stage.labels,
        project=stage.project.name,
        project_labels=stage.project.labels,
    )
