from datetime import UTC, datetime, timedelta

import pytest

from common.errors import InvalidError
from promotions.engine.availability import (
    AVAILABLE,
    Availability,
    Barrier,
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
    SoakingStages,
    Strategy,
    availability,
    candidacy,
    list_available,
    obstacles,
    parse_strategy,
    soak,
)
from promotions.engine.freight import FreightOrigin

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WAREHOUSE, OTHER = FreightOrigin("wh"), FreightOrigin("other")
DEV = RequestedFreight(WAREHOUSE, stages=("dev",))
SOAKED = RequestedFreight(WAREHOUSE, stages=("dev", "qa"), required_soak=HOUR)
EVERYWHERE = RequestedFreight(
    WAREHOUSE, stages=("dev", "qa"), required_soak=HOUR, strategy=Strategy.ALL
)


def freight(
    *,
    name: str = "f",
    origin: FreightOrigin = WAREHOUSE,
    approved: tuple[str, ...] = (),
    verified: dict[str, timedelta | None] | None = None,
    since: dict[str, datetime | None] | None = None,
) -> FreightStanding:
    return FreightStanding(name, origin, NOW, frozenset(approved), verified or {}, since or {})


def answer(item: FreightStanding, *requests: RequestedFreight) -> Availability:
    return availability(item, stage="prod", requests=requests, now=NOW)


def test_freight_of_an_origin_that_is_not_requested_is_not_available_even_if_approved() -> None:
    result = answer(freight(origin=OTHER, approved=("prod",)), DEV)

    assert result.barrier is Barrier.NOT_REQUESTED
    assert not result.is_available


@pytest.mark.parametrize(
    ("item", "request_"),
    [
        (freight(approved=("prod",)), DEV),
        (freight(), RequestedFreight(WAREHOUSE, direct=True)),
        (freight(verified={"dev": None}), DEV),
        (freight(), RequestedFreight(WAREHOUSE, strategy=Strategy.ALL)),
        (freight(verified={"qa": 2 * HOUR}), SOAKED),
        (freight(verified={"dev": HOUR, "qa": None}, since={"qa": NOW - HOUR}), EVERYWHERE),
    ],
)
def test_freight_is_available_when_it_came_the_requested_way(
    item: FreightStanding, request_: RequestedFreight
) -> None:
    assert answer(item, request_).is_available
    assert obstacles(item, stage="prod", requests=[request_], now=NOW) == ()


def test_unverified_freight_says_where_it_must_be_verified() -> None:
    result = answer(freight(since={"dev": NOW - HOUR}), SOAKED)

    assert result == Availability(Barrier.NOT_VERIFIED, ("dev", "qa"))


def test_a_request_without_sources_is_never_met() -> None:
    result = answer(freight(), RequestedFreight(WAREHOUSE))

    assert result == Availability(Barrier.NOT_VERIFIED)


def test_soaking_freight_says_until_when() -> None:
    item = freight(verified={"dev": None, "qa": timedelta(minutes=5)}, since={"dev": NOW})

    result = answer(item, SOAKED)

    assert result == Availability(Barrier.SOAKING, ("dev", "qa"), NOW + HOUR)


def test_when_every_stage_counts_the_missing_ones_are_named() -> None:
    assert answer(freight(verified={"dev": HOUR}), EVERYWHERE) == Availability(
        Barrier.NOT_VERIFIED, ("qa",)
    )


def test_when_every_stage_counts_the_last_soak_decides() -> None:
    half = NOW - timedelta(minutes=30)
    item = freight(verified={"dev": None, "qa": None}, since={"dev": half, "qa": NOW})
    gone = freight(verified={"dev": None, "qa": None}, since={"dev": half})

    assert answer(item, EVERYWHERE).available_at == NOW + HOUR
    assert answer(gone, EVERYWHERE).available_at is None


def test_of_several_requests_for_an_origin_the_best_counts() -> None:
    direct = RequestedFreight(WAREHOUSE, direct=True)

    assert answer(freight(), DEV, direct) == AVAILABLE
    assert answer(freight(verified={"dev": None}), SOAKED, EVERYWHERE).barrier is Barrier.SOAKING


@pytest.mark.parametrize(
    ("verified", "since", "expected"),
    [
        ({}, {"dev": NOW - HOUR}, None),
        ({"dev": None}, {}, timedelta(0)),
        ({"dev": 2 * HOUR}, {"dev": NOW - HOUR}, 2 * HOUR),
        ({"dev": None}, {"dev": NOW - HOUR}, HOUR),
        ({"dev": HOUR}, {"dev": None}, HOUR),
        ({"dev": None}, {"dev": NOW + HOUR}, timedelta(0)),
        ({"dev": HOUR}, {"dev": NOW + HOUR}, HOUR),
    ],
)
def test_soaking_counts_where_freight_is_verified(
    verified: dict[str, timedelta | None],
    since: dict[str, datetime | None],
    expected: timedelta | None,
) -> None:
    assert soak(freight(verified=verified, since=since), stage="dev", now=NOW) == expected


def listed(items: list[FreightStanding], *requests: RequestedFreight) -> list[str]:
    found = list_available(items, stage="prod", requests=requests, now=NOW)
    return [item.name for item in found]


def test_the_list_is_sorted_and_without_repeats() -> None:
    items = [freight(name="b"), freight(name="a"), freight(name="c", origin=OTHER)]
    direct = RequestedFreight(WAREHOUSE, direct=True)

    assert listed(items, direct, direct) == ["a", "b"]


def test_stages_that_are_not_listed_neither_help_nor_hinder() -> None:
    elsewhere = freight(name="a", verified={"dev": None, "x": 2 * HOUR})
    more = freight(name="b", verified={"dev": HOUR, "qa": HOUR, "x": HOUR})

    assert listed([elsewhere, more], SOAKED) == ["b"]
    assert listed([elsewhere, more], EVERYWHERE) == ["b"]


@pytest.mark.parametrize(
    ("item", "request_", "listed_stages", "any_stage"),
    [
        (freight(verified={"dev": None, "x": 2 * HOUR}), SOAKED, False, True),
        (freight(verified={"x": 2 * HOUR}), SOAKED, False, False),
        (freight(verified={"dev": HOUR}), SOAKED, True, True),
        (freight(verified={"dev": HOUR, "qa": HOUR, "x": HOUR}), EVERYWHERE, True, False),
        (freight(verified={"dev": HOUR, "qa": HOUR, "x": None}), EVERYWHERE, True, True),
        (freight(verified={"dev": HOUR, "qa": None, "x": HOUR}), EVERYWHERE, False, False),
        (freight(approved=("prod",)), EVERYWHERE, True, True),
        (freight(), RequestedFreight(WAREHOUSE, direct=True, required_soak=HOUR), True, True),
        (freight(verified={"dev": timedelta(0)}), DEV, True, True),
    ],
)
def test_where_soaking_counts_is_chosen(
    item: FreightStanding,
    request_: RequestedFreight,
    listed_stages: bool,  # noqa: FBT001  an expectation
    any_stage: bool,  # noqa: FBT001  an expectation
) -> None:
    answers = [
        candidacy(item, stage="prod", requests=[request_], now=NOW, soaking=soaking).is_available
        for soaking in (SoakingStages.LISTED, SoakingStages.ANY)
    ]

    assert answers == [listed_stages, any_stage]
    assert listed([item], request_) == (["f"] if listed_stages else [])


def test_matching_upstream_passes_only_what_is_there_now() -> None:
    match = RequestedFreight(
        WAREHOUSE, stages=("dev",), selection_policy=SelectionPolicy.MATCH_UPSTREAM
    )
    items = [
        freight(name="a", verified={"dev": None}, since={"dev": NOW}),
        freight(name="b", verified={"dev": None}),
        freight(name="c", approved=("prod",)),
        freight(name="d", approved=("prod",), since={"dev": NOW}),
    ]

    assert listed(items, match) == ["a", "d"]
    why_not = [candidacy(it, stage="prod", requests=[match], now=NOW) for it in items]
    assert why_not[1] == Availability(Barrier.LEFT_UPSTREAM, ("dev",))


def test_strategies_are_read_from_manifests() -> None:
    assert parse_strategy("") is Strategy.ONE_OF
    assert parse_strategy("All") is Strategy.ALL
    with pytest.raises(InvalidError, match='"Some" is not an availability strategy'):
        parse_strategy("Some")
