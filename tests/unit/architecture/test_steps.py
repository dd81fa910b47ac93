from pathlib import Path

import pytest

from promotions import wiring
from promotions.engine.runner import Effect
from tests.functional.kills import KILLED_IN, SPARED

ROOT = Path(__file__).parents[3]
KINDS = sorted(wiring.step_registry().kinds())
EFFECTING = [it for it in KINDS if wiring.step_registry().find(it).effect is Effect.EFFECTING]
KILLS = ROOT / "tests" / "functional" / "kills"


def test_the_registry_has_steps() -> None:
    assert "git-clone" in KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_has_a_module_of_its_name(kind: str) -> None:
    runner = wiring.step_registry().find(kind)

    assert type(runner).__module__ == f"promotions.steps.{kind.replace('-', '_')}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_has_a_schema_a_page_and_a_test(kind: str) -> None:
    schema = wiring.step_registry().find(kind).schema

    assert schema["type"] == "object"
    assert (ROOT / "docs" / "steps" / f"{kind}.md").exists()
    assert list((ROOT / "tests").rglob(f"test_{kind.replace('-', '_')}*.py"))


def test_every_effecting_step_is_known_to_the_kill_tests() -> None:
    assert sorted({*KILLED_IN, *SPARED}) == EFFECTING
    assert not KILLED_IN.keys() & SPARED.keys()


@pytest.mark.parametrize(("kind", "module"), KILLED_IN.items())
def test_the_worker_of_an_effecting_step_is_killed_in_a_test(kind: str, module: str) -> None:
    text = (KILLS / f"{module}.py").read_text()

    assert f'"{kind}"' in text
    assert "fate: Fate" in text
