"""The ``compose-output`` and ``fail`` steps."""

from pathlib import Path

import pytest

from promotions.engine.runner import StepError, StepRunner
from promotions.engine.schema import ConfigSchema
from promotions.steps.compose_output import ComposeOutput
from promotions.steps.fail import Fail
from tests.unit.steps.contexts import context


def test_compose_output_puts_out_its_configuration_also_for_its_task(tmp_path: Path) -> None:
    step: StepRunner = ComposeOutput()

    result = step.run(context(tmp_path, {"a": 1, "b": {"c": [None]}}))

    assert result.output == {"a": 1, "b": {"c": [None]}}
    assert step.propagates_output


def test_compose_output_needs_something_to_put_out() -> None:
    assert ConfigSchema("compose-output", ComposeOutput.schema).problems({})


@pytest.mark.parametrize(("config", "text"), [({}, "failed"), ({"message": "no"}, "failed: no")])
def test_fail_fails_for_good(tmp_path: Path, config: dict[str, str], text: str) -> None:
    step: StepRunner = Fail()

    with pytest.raises(StepError) as caught:
        step.run(context(tmp_path, config))

    assert caught.value.message == text
    assert caught.value.failed
    assert caught.value.terminal
