"""Do promotion windows let a Stage promote now, why not, and when does that change?

A Stage is open while no window that matches it denies, and, if any that matches it allows, one of
those is active. Source: Kargo, ``promotionWindows`` of ProjectConfig and ClusterConfig.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.eligibility import Code, Reason, reason
from promotions.engine.selection.stages import parse_stage_selector
from promotions.engine.windows.windows import Window, WindowKind, parse_span

MOST_STEPS = 500
"""After how many openings and closings of single windows the next change is given up as unknown."""
_SHOWN = "%Y-%m-%d %H:%M:%S UTC"
_CLOSED = "promotions are closed: "
_NAMED = 5


@dataclass(frozen=True, slots=True)
class WindowStatus:
    """Whether the windows of a Stage let promotions in.

    Attributes:
        reason: Why they do not; set whenever ``is_closed`` is.
        next_open: When they will; ``None`` if that is not known or never.
        next_close: While open, when they will not any more.
        next_close_reason: Why not then.
    """

    is_closed: bool
    reason: str = ""
    next_open: datetime | None = None
    next_close: datetime | None = None
    next_close_reason: str = ""

    @property
    def changes_at(self) -> datetime | None:
        """When the Stage opens or closes next, if that is known."""
        return self.next_open if self.is_closed else self.next_close


@dataclass(slots=True)
class _Head:
    """One window at a moment: whether it is active, and when that may change."""

    window: Window
    is_active: bool = False
    changes_at: datetime | None = None

    def move(self, at: datetime) -> None:
        span = self.window.span
        if span is None:
            self.is_active = self.window.kind is WindowKind.DENY
            self.changes_at = None
            return
        started = span.latest_start(at)
        self.is_active = started is not None
        self.changes_at = started + span.length if started else span.next_start(at)


def windows_from(spec: JSONObject, *, is_tenant_wide: bool) -> tuple[Window, ...]:
    """Return the windows of a configuration; one that cannot be read has no span."""
    return tuple(
        _window(as_object(it), is_tenant_wide=is_tenant_wide)
        for it in as_list(spec.get("promotionWindows"))
    )


def windows_for(
    windows: Iterable[Window],
    *,
    stage: str,
    stage_labels: Mapping[str, str],
    project: str,
    project_labels: Mapping[str, str],
) -> tuple[Window, ...]:
    """Return the windows that are for a Stage."""
    return tuple(
        it
        for it in windows
        if it.stages.matches(stage, stage_labels)
        and (not it.is_tenant_wide or it.projects.matches(project, project_labels))
    )


def window_status(windows: Sequence[Window], *, at: datetime) -> WindowStatus | None:
    """Return what a Stage's windows say at a moment; ``None`` if it has none."""
    if not windows:
        return None
    heads = [_Head(window) for window in windows]
    for head in heads:
        head.move(at)
    barrier = _barrier(heads)
    change = _next_change(heads, is_closed=bool(barrier))
    if barrier:
        return WindowStatus(is_closed=True, reason=_explained(barrier, change), next_open=change)
    if change is None:
        return WindowStatus(is_closed=False)
    reason = _barrier(heads)
    return WindowStatus(is_closed=False, next_close=change, next_close_reason=reason)


def why_closed(status: WindowStatus | None) -> Reason | None:
    """Return what keeps promotions out and when it no longer does; ``None`` if nothing does."""
    if status is None or not status.is_closed:
        return None
    return reason(
        Code.WINDOW_CLOSED,
        closed=status.reason.removeprefix(_CLOSED),
        lifted_by=(
            "the next opening of its promotion windows"
            if status.next_open
            else "whoever may edit promotionWindows in the ProjectConfig or ClusterConfig"
        ),
        lifts_at=status.next_open,
    )


def status_to(status: WindowStatus | None) -> JSONObject | None:
    """Write it as Kargo's ``promotionWindowStatus``; ``None`` if no window is for the Stage."""
    if status is None:
        return None
    written: JSONObject = {"closed": status.is_closed}
    named = {
        "reason": status.reason,
        "nextOpen": _stamp(status.next_open),
        "nextClose": _stamp(status.next_close),
        "nextCloseReason": status.next_close_reason,
    }
    return {**written, **{key: it for key, it in named.items() if it}}


def _window(document: JSONObject, *, is_tenant_wide: bool) -> Window:
    try:
        span = parse_span(
            dtstart=as_text(document.get("dtstart")),
            dtend=as_text(document.get("dtend")),
            rrule=as_text(document.get("rrule")),
        )
    except InvalidError:
        span = None
    return Window(
        name=as_text(document.get("name")),
        kind=WindowKind(as_text(document.get("kind"))),
        span=span,
        is_tenant_wide=is_tenant_wide,
        stages=parse_stage_selector(as_object(document.get("stageSelector"))),
        projects=parse_stage_selector(as_object(document.get("projectSelector"))),
    )


def _next_change(heads: Sequence[_Head], *, is_closed: bool) -> datetime | None:
    """Move the heads to the moment at which the Stage opens or closes, and return it."""
    for _ in range(MOST_STEPS):
        times = [head.changes_at for head in heads if head.changes_at is not None]
        if not times:
            return None
        at = min(times)
        for head in heads:
            if head.changes_at == at:
                head.move(at)
        if bool(_barrier(heads)) is not is_closed:
            return at
    return None


def _barrier(heads: Sequence[_Head]) -> str:
    """Return what keeps promotions out at the heads' moment; empty if nothing does."""
    broken = [it.window for it in heads if it.window.span is None]
    if broken:
        return f"{_names(broken)} cannot be read; correct dtstart, dtend and rrule"
    denying = [it.window for it in heads if it.is_active and it.window.kind is WindowKind.DENY]
    if denying:
        return f"denied by {_names(denying)}"
    allowing = [it for it in heads if it.window.kind is WindowKind.ALLOW]
    if allowing and not any(it.is_active for it in allowing):
        return f"outside of {_names([it.window for it in allowing])}"
    return ""


def _names(windows: Sequence[Window]) -> str:
    named = [
        f'"{it.name}" of the tenant' if it.is_tenant_wide else f'"{it.name}"'
        for it in windows[:_NAMED]
    ]
    more = [f"{len(windows) - _NAMED} more"] if len(windows) > _NAMED else []
    several = "s" if len(windows) > 1 else ""
    return f"promotion window{several} {', '.join([*named, *more])}"


def _explained(barrier: str, opens_at: datetime | None) -> str:
    if opens_at is None:
        return f"{_CLOSED}{barrier}; no opening is known"
    return f"{_CLOSED}{barrier}; they open at {opens_at.strftime(_SHOWN)}"


def _stamp(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
