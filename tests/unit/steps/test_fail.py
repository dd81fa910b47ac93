from pathlib import Path

import pytest

from promotions.engine.runner import StepError, StepRunner
from promotions.steps.fail import Fail
from tests.unit.steps.contexts import context


@pytest.mark.parametrize(("config", "text"), [({}, "failed"), ({"message": "no"}, "failed: no")])
def test_fail_fails_for_good(tmp_path: Path, config: dict[str, str], text: str) -> None:
    step: StepRunner = Fail()

    with pytest.raises(StepError) as caught:
        step.run(context(tmp_path, config))

    assert caught.value.message == text
    assert caught.value.failed
    assert caught.value.terminal
