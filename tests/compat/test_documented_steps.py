"""The step configurations of Kargo's documentation run as they are and do what it says."""

import pytest

from promotions import wiring
from promotions.models import Promotion
from tests.compat.aftermath import found, shown
from tests.compat.documented import FILES, Example, examples
from tests.compat.expected import differences
from tests.compat.kargo_schemas import kargo_accepts
from tests.compat.scene import Scene

EXAMPLES = examples()
RUNNABLE = [it for it in EXAMPLES if not it.refusal]
REFUSED = [it for it in EXAMPLES if it.refusal]


@pytest.mark.slow
@pytest.mark.parametrize("example", RUNNABLE, ids=str)
def test_an_example_does_what_its_page_says(example: Example, scene: Scene) -> None:
    promotion = played(example, scene)

    expected = {"phase": "Succeeded", **example.then}
    wrong = differences(expected, {**example.then, **found(scene, promotion, expected)})
    assert not wrong, "\n".join([*wrong, shown(promotion)])


@pytest.mark.parametrize("example", REFUSED, ids=str)
def test_what_we_refuse_kargo_refuses_too(example: Example) -> None:
    step = example.template["steps"][example.refusal["step"]]
    config = step["config"]

    problems = wiring.step_registry().schema(step["uses"]).problems(config)

    assert example.refusal["because"] in [problem.reason for problem in problems]
    assert not kargo_accepts(step["uses"], config)


def test_every_kind_of_step_has_examples() -> None:
    ours = set(wiring.step_registry().kinds())

    assert {path.stem for path in FILES} == ours


def played(example: Example, scene: Scene) -> Promotion:
    scene.prepare(example.given)
    return scene.promote(example.template, example.given)
