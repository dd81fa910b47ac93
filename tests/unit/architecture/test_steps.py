from pathlib import Path

import pytest

from promotions import wiring

ROOT = Path(__file__).parents[3]
KINDS = sorted(wiring.step_registry().kinds())


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
