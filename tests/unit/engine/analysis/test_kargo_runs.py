"""The run that verifies a Stage's Freight has Kargo's name, labels and arguments."""

import pytest

from common.errors import InvalidError
from promotions.engine.analysis.arguments import Argument
from promotions.engine.analysis.kargo_runs import (
    Metadata,
    build_arguments,
    build_spec,
    run_metadata,
    run_name,
)
from promotions.engine.analysis.templates import TemplateSpec
from tests.unit.engine.analysis.examples import metric

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.mark.parametrize(
    ("stage", "freight", "name"),
    [
        ("Test", "ABCDEF0123", "test.01arz3ndektsv4rrffq69g5fav.abcdef0"),
        ("", "abc", "01arz3ndektsv4rrffq69g5fav.abc"),
        ("test", "", "test.01arz3ndektsv4rrffq69g5fav"),
        ("", "", "01arz3ndektsv4rrffq69g5fav"),
    ],
)
def test_a_name_is_made_of_stage_ulid_and_freight(stage: str, freight: str, name: str) -> None:
    assert run_name(stage, ULID, freight) == name


def test_the_longest_name_still_fits() -> None:
    name = run_name("s" * 300, ULID, "f" * 300)

    assert name == f"{'s' * 218}.{ULID.lower()}.{'f' * 7}"
    assert len(name) == 253


def test_what_kargo_sets_wins_over_what_is_configured() -> None:
    configured = Metadata({"team": "a", "kargo.akuity.io/stage": "x"}, {"note": "n"})

    metadata = run_metadata(
        configured, stage="s" * 70, freight_collection="abc", promotion="p.1", controller="id"
    )

    assert metadata.labels["team"] == "a"
    assert len(metadata.labels["kargo.akuity.io/stage"]) == 63
    assert metadata.labels["kargo.akuity.io/freight-collection"] == "abc"
    assert metadata.labels["argo-rollouts.argoproj.io/controller-instance-id"] == "id"
    assert metadata.annotations == {"note": "n", "kargo.akuity.io/promotion": "p.1"}


def test_without_controller_and_promotion_nothing_is_said_of_them() -> None:
    metadata = run_metadata(Metadata(), stage="s", freight_collection="c")

    assert set(metadata.labels) == {
        "kargo.akuity.io/stage",
        "kargo.akuity.io/freight-collection",
    }
    assert metadata.annotations == {}


def test_values_go_to_the_arguments_that_are_declared() -> None:
    declared = [Argument("x", "default"), Argument("y"), Argument("z", "kept")]

    built = build_arguments(declared, {"x": "1", "y": "", "z": None, "unknown": "2"})

    assert built == (Argument("x", "1"), Argument("y", ""), Argument("z", "kept"))


def test_an_argument_left_without_a_value_is_told() -> None:
    with pytest.raises(InvalidError, match=r'merge arguments: .*unresolved argument "x"'):
        build_arguments([Argument("x")], {"x": None})


def test_a_specification_has_what_the_templates_have() -> None:
    templates = [TemplateSpec((metric("a"),), (Argument("x"),), ("a",))]

    spec = build_spec(templates, {"x": "1"})

    assert spec.metrics == (metric("a"),)
    assert spec.arguments == (Argument("x", "1"),)
    assert spec.dry_run == ("a",)
    assert spec.terminate is False


def test_it_is_told_what_of_the_specification_could_not_be_made() -> None:
    doubled = TemplateSpec((metric("a"),))

    with pytest.raises(InvalidError, match=r'^flatten templates: .*duplicate metric name: "a"'):
        build_spec([doubled, doubled], {})
    with pytest.raises(InvalidError, match=r"^build arguments: merge arguments: "):
        build_spec([TemplateSpec(arguments=(Argument("x"),))], {})
