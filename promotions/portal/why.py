"""Why something waits, as the one component shows it: ``components/why.html``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from promotions.engine.eligibility import Bars, Reason
from promotions.portal.states import State, Tone

_STATES: Mapping[Bars, State] = {
    Bars.PROMOTION: State(Tone.STOPPED, "Not yet"),
    Bars.START: State(Tone.WAITING, "Waits"),
    Bars.AUTOMATION: State(Tone.UNKNOWN, "By hand only"),
}


@dataclass(frozen=True, slots=True)
class WhyRow:
    """One reason, with what it means for who looks."""

    state: State
    message: str
    lifted_by: str
    lifts_at: datetime | None


def why_rows(reasons: Iterable[Reason]) -> list[WhyRow]:
    """Return reasons in their order, to be shown."""
    return [WhyRow(_STATES[it.bars], it.message, it.lifted_by, it.lifts_at) for it in reasons]


def shared(told: Sequence[tuple[Reason, ...]]) -> tuple[Reason, ...]:
    """Return the reasons that all of several have, in their order; none if there are none."""
    if not told:
        return ()
    others = [set(it) for it in told[1:]]
    return tuple(it for it in told[0] if all(it in other for other in others))
