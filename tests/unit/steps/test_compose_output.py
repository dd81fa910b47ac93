from pathlib import Path

from promotions.engine.runner import StepRunner
from promotions.engine.schema import ConfigSchema
from promotions.steps.compose_output import ComposeOutput
from tests.unit.steps.contexts import context


def test_compose_output_puts_out_its_configuration_also_for_its_task(tmp_path: Path) -> None:
    step: StepRunner = ComposeOutput()

    result = step.run(context(tmp_path, {"a": 1, "b": {"c": [None]}}))

    assert result.output == {"a": 1, "b": {"c": [None]}}
    assert step.propagates_output


def test_compose_output_needs_something_to_put_out() -> None:
    assert ConfigSchema("compose-output", ComposeOutput.schema).problems({})
