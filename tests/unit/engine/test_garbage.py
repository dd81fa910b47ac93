from datetime import UTC, datetime, timedelta

import pytest

from promotions.engine.garbage import Kept, Retention, surplus

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def items(count: int, *, in_use: tuple[int, ...] = ()) -> list[Kept]:
    """Return things, each a day older than the one before; the index is the primary key."""
    return [Kept(pk, NOW - DAY * pk, pk in in_use) for pk in range(count)]


@pytest.mark.parametrize(
    ("count", "in_use", "most", "min_age", "expected"),
    [
        (3, (), 3, timedelta(0), ()),
        (5, (), 3, timedelta(0), (3, 4)),
        (5, (), 0, timedelta(0), (0, 1, 2, 3, 4)),
        (6, (1,), 2, timedelta(0), (4, 5)),
        (6, (0, 3), 1, timedelta(0), (5,)),
        (6, (5,), 2, timedelta(0), ()),
        (6, (), 2, 4 * DAY, (4, 5)),
        (6, (), 2, 30 * DAY, ()),
    ],
)
def test_the_newest_beyond_the_oldest_in_use_stay(
    count: int, in_use: tuple[int, ...], most: int, min_age: timedelta, expected: tuple[int, ...]
) -> None:
    found = surplus(items(count, in_use=in_use), Retention(most, min_age), now=NOW)

    assert found == expected


def test_the_order_in_which_things_are_given_does_not_matter() -> None:
    given = items(5)

    assert surplus(given[::-1], Retention(3, timedelta(0)), now=NOW) == (3, 4)


def test_a_clock_that_was_set_back_deletes_nothing_young() -> None:
    given = [Kept(1, NOW + DAY), Kept(2, NOW + DAY / 2)]

    assert surplus(given, Retention(0, timedelta(0)), now=NOW) == ()
