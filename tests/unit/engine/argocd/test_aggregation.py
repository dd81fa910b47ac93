import pytest

from common.errors import InvalidError
from promotions.engine.argocd.aggregation import aggregate
from promotions.engine.runner import StepStatus


@pytest.mark.parametrize(
    ("phases", "status"),
    [
        (["Succeeded"], StepStatus.SUCCEEDED),
        (["Succeeded", "Unknown"], StepStatus.SUCCEEDED),
        (["Running", "Succeeded"], StepStatus.RUNNING),
        (["Terminating", "Succeeded"], StepStatus.RUNNING),
        (["Running", "Error"], StepStatus.ERRORED),
        (["Error", "Failed"], StepStatus.ERRORED),
    ],
)
def test_the_worst_phase_is_the_steps(phases: list[str], status: StepStatus) -> None:
    assert aggregate(phases) is status


@pytest.mark.parametrize(("phases", "shown"), [([], "[]"), (["Odd", ""], "[Odd ]")])
def test_phases_that_nobody_knows_make_no_status(phases: list[str], shown: str) -> None:
    with pytest.raises(InvalidError) as caught:
        aggregate(phases)

    assert caught.value.message == (
        f"could not determine promotion step status from operation phases: {shown}"
    )
