"""Templates make one run, in the dialect of Argo Rollouts or of Kargo."""

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest
from hypothesis import given, strategies as st

from common.errors import ConflictError, InvalidError, PlatformError
from promotions.engine.analysis import kargo_merging, rollouts_merging
from promotions.engine.analysis.arguments import Argument, SecretKeyRef, ValueFrom
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.templates import TemplateSpec
from tests.unit.engine.analysis.examples import metric

FIRST = ValueFrom(SecretKeyRef("first", "k"))
SECOND = ValueFrom(SecretKeyRef("second", "k"))
FLATTEN = [rollouts_merging.flatten, kargo_merging.flatten]
MERGE = [rollouts_merging.merge_arguments, kargo_merging.merge_arguments]

RETENTION = "flatten measurement retention metrics: validate measurement retention metrics"

Flatten = Callable[[Sequence[TemplateSpec]], TemplateSpec]
Merge = Callable[[Sequence[Argument], Sequence[Argument]], tuple[Argument, ...]]


@pytest.mark.parametrize("flatten", FLATTEN, ids=["rollouts", "kargo"])
def test_everything_is_joined_in_order(flatten: Flatten) -> None:
    one = TemplateSpec(
        (metric("a"),), (Argument("x", "1"),), ("a",), (RetentionRule("a", 5),), templates=()
    )
    two = TemplateSpec(
        (metric("b"), metric("c")), (Argument("y"),), ("b.*",), (RetentionRule("b"),)
    )

    merged = flatten([one, two])

    assert merged == TemplateSpec(
        (metric("a"), metric("b"), metric("c")),
        (Argument("x", "1"), Argument("y")),
        ("a", "b.*"),
        (RetentionRule("a", 5), RetentionRule("b")),
    )


@pytest.mark.parametrize("flatten", FLATTEN, ids=["rollouts", "kargo"])
def test_nothing_makes_an_empty_template(flatten: Flatten) -> None:
    assert flatten([]) == flatten([TemplateSpec(), TemplateSpec()]) == TemplateSpec()


@pytest.mark.parametrize(
    ("template", "rollouts", "kargo"),
    [
        (
            TemplateSpec((metric("a"),)),
            "two metrics have the same name 'a'",
            'flatten metrics: duplicate metric name: "a"',
        ),
        (
            TemplateSpec(dry_run=("a",)),
            "two Dry-Run metric rules have the same name 'a'",
            'flatten dry-run metrics: validate dry-run metrics: duplicate dry-run metric name: "a"',
        ),
        (
            TemplateSpec(measurement_retention=(RetentionRule("a", 1),)),
            "two Measurement Retention metric rules have the same name 'a'",
            f'{RETENTION}: duplicate measurement retention metric name: "a"',
        ),
    ],
    ids=["metric", "dry-run", "retention"],
)
def test_a_name_may_be_there_only_once(template: TemplateSpec, rollouts: str, kargo: str) -> None:
    with pytest.raises(ConflictError) as of_rollouts:
        rollouts_merging.flatten([template, template])
    with pytest.raises(InvalidError) as of_kargo:
        kargo_merging.flatten([template, template])

    assert str(of_rollouts.value) == rollouts
    assert str(of_kargo.value) == kargo


def test_two_values_for_an_argument_are_a_conflict() -> None:
    templates = [
        TemplateSpec(arguments=(Argument("x", "1"),)),
        TemplateSpec(arguments=(Argument("x", "2"),)),
    ]

    with pytest.raises(ConflictError) as of_rollouts:
        rollouts_merging.flatten(templates)
    with pytest.raises(InvalidError) as of_kargo:
        kargo_merging.flatten(templates)

    assert str(of_rollouts.value) == (
        "Argument `x` specified multiple times with different values: '1', '2'"
    )
    assert str(of_kargo.value) == (
        'flatten arguments: conflicting values for argument "x": "1" and "2"'
    )


@pytest.mark.parametrize(
    ("one", "two", "rollouts", "kargo"),
    [
        (Argument("x", "1"), Argument("x"), Argument("x", "1"), Argument("x", "1")),
        (Argument("x"), Argument("x", "1"), Argument("x", "1"), Argument("x", "1")),
        (Argument("x", ""), Argument("x", ""), Argument("x", ""), Argument("x", "")),
        (
            Argument("x", None, FIRST),
            Argument("x", None, SECOND),
            Argument("x", None, SECOND),
            Argument("x", None, FIRST),
        ),
        (
            Argument("x", None, FIRST),
            Argument("x", "1"),
            Argument("x", "1"),
            Argument("x", "1", FIRST),
        ),
        (
            Argument("x", None, FIRST),
            Argument("x"),
            Argument("x"),
            Argument("x", None, FIRST),
        ),
        (
            Argument("x", "1"),
            Argument("x", "1", SECOND),
            Argument("x", "1"),
            Argument("x", "1"),
        ),
    ],
    ids=range(7),
)
def test_the_dialects_differ_in_the_source_of_an_argument_declared_twice(
    one: Argument, two: Argument, rollouts: Argument, kargo: Argument
) -> None:
    templates = [TemplateSpec(arguments=(one, Argument("y"))), TemplateSpec(arguments=(two,))]

    assert rollouts_merging.flatten(templates).arguments == (rollouts, Argument("y"))
    assert kargo_merging.flatten(templates).arguments == (kargo, Argument("y"))


@pytest.mark.parametrize("merge", MERGE, ids=["rollouts", "kargo"])
def test_what_is_supplied_wins_and_what_nobody_declares_is_dropped(merge: Merge) -> None:
    declared = [Argument("x", "1"), Argument("y"), Argument("z", "3", FIRST)]
    supplied = [
        Argument("x", "new"),
        Argument("y", None, SECOND),
        Argument("q", "?"),
        Argument("z"),
    ]

    assert merge(supplied, declared) == (
        Argument("x", "new"),
        Argument("y", None, SECOND),
        Argument("z", "3", FIRST),
    )


@pytest.mark.parametrize("merge", MERGE, ids=["rollouts", "kargo"])
def test_a_supplied_value_counts_before_a_supplied_source(merge: Merge) -> None:
    assert merge([Argument("x", "v", SECOND)], [Argument("x", None, FIRST)]) == (
        Argument("x", "v", FIRST),
    )


def test_an_argument_without_value_or_source_is_told() -> None:
    declared = [Argument("x", "1"), Argument("y"), Argument("z")]

    with pytest.raises(InvalidError, match=r"^args\.y was not resolved$"):
        rollouts_merging.merge_arguments([], declared)
    with pytest.raises(InvalidError, match='unresolved argument "y": neither Value nor ValueFrom'):
        kargo_merging.merge_arguments([], declared)


def test_a_run_has_further_rules_before_those_of_its_templates() -> None:
    template = TemplateSpec((metric("a"),), (), ("a",), (RetentionRule("a", 1),))

    spec = rollouts_merging.new_run(
        [template], dry_run=("b",), measurement_retention=(RetentionRule("b", 2),)
    )

    assert spec.dry_run == ("b", "a")
    assert spec.measurement_retention == (RetentionRule("b", 2), RetentionRule("a", 1))
    with pytest.raises(ConflictError, match="two Dry-Run metric rules have the same name 'a'"):
        rollouts_merging.new_run([template], dry_run=("a",))
    with pytest.raises(ConflictError, match="two Measurement Retention metric rules"):
        rollouts_merging.new_run([template], measurement_retention=(RetentionRule("a"),))


ARGUMENTS = st.builds(
    Argument,
    st.sampled_from("xyz"),
    st.one_of(st.none(), st.sampled_from(["", "1", "2"])),
    st.one_of(st.none(), st.sampled_from([FIRST, SECOND])),
)


@given(st.lists(st.lists(ARGUMENTS, max_size=3), max_size=4))
def test_the_values_of_arguments_do_not_depend_on_the_order_of_templates(
    lists: list[list[Argument]],
) -> None:
    outcomes = []
    for order in permutations(lists):
        try:
            merged = kargo_merging.flatten_arguments(order)
            outcomes.append({it.name: it.value for it in merged})
        except PlatformError:
            outcomes.append({})

    assert all(outcome == outcomes[0] for outcome in outcomes)
