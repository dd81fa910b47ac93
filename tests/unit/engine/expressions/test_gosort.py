import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.builtins import gosort
from promotions.engine.expressions.builtins.gosort import sort_by_keys


def _less(left: object, right: object) -> bool:
    assert isinstance(left, (int, float))
    assert isinstance(right, (int, float))
    return left < right


def order(keys: list[int]) -> list[int]:
    ordered = sort_by_keys(list(range(len(keys))), list(keys), _less)
    return [index for index in ordered if isinstance(index, int)]


def test_up_to_twelve_elements_of_equal_rank_stay_in_order() -> None:
    assert order([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]) == [1, 3, 5, 7, 9, 11, 0, 2, 4, 6, 8, 10]


def test_more_elements_of_equal_rank_end_up_where_go_puts_them() -> None:
    assert order([index % 3 for index in range(16)]) == [
        *(6, 15, 12, 3, 0, 9, 4, 7, 10, 13, 1, 8, 5, 11, 2, 14)
    ]
    assert order([(14 - index) // 2 for index in range(14)]) == [
        *(13, 12, 11, 10, 9, 7, 8, 6, 5, 4, 3, 2, 1, 0)
    ]
    assert order([index * index % 5 for index in range(60)]) == [
        *(15, 55, 50, 45, 40, 5, 35, 30, 0, 25, 10, 20, 29, 6, 14, 59, 16, 56, 1, 19),
        *(11, 21, 54, 51, 24, 9, 26, 49, 46, 44, 41, 31, 4, 39, 34, 36, 48, 42, 38, 33),
        *(32, 7, 47, 43, 8, 3, 37, 28, 52, 27, 2, 23, 13, 53, 22, 18, 17, 57, 58, 12),
    ]


@given(st.lists(st.integers(-5, 5), max_size=300))
def test_the_keys_come_out_in_order(keys: list[int]) -> None:
    ordered = order(keys)

    assert sorted(range(len(keys))) == sorted(ordered)
    assert [keys[index] for index in ordered] == sorted(keys)


@given(st.lists(st.floats(allow_nan=False), max_size=200))
def test_heap_sort_stands_in_where_pivots_are_bad(keys: list[float]) -> None:
    pairs: list[tuple[object, object]] = [(key, index) for index, key in enumerate(keys)]

    gosort._Sorter(pairs, _less).sort(0, len(pairs), 0)

    assert [key for key, _ in pairs] == sorted(keys)


@given(st.lists(st.integers(), unique=True, max_size=400), st.booleans())
def test_distinct_keys_have_one_order(keys: list[int], is_descending: bool) -> None:  # noqa: FBT001  given by hypothesis
    def less(left: object, right: object) -> bool:
        return _less(right, left) if is_descending else _less(left, right)

    assert sort_by_keys(list(keys), list(keys), less) == sorted(keys, reverse=is_descending)


def test_almost_sorted_input_is_put_right() -> None:
    keys = list(range(100))
    keys[40], keys[41] = keys[41], keys[40]
    keys[70] = 30

    assert [keys[index] for index in order(keys)] == sorted(keys)


@pytest.mark.parametrize("length", [13, 50, 51, 100, 600])
def test_any_pattern_is_put_in_order(length: int) -> None:
    patterns = (
        range(length, 0, -1),
        [index % 10 for index in range(length)],
        [index ^ 1 for index in range(length)],
        [index if index % 9 else 0 for index in range(length)],
        [min(index, length - index) for index in range(length)],
        [length - index if index % 11 else index for index in range(length)],
        [0] * length,
    )

    for keys in patterns:
        assert [keys[index] for index in order(list(keys))] == sorted(keys)
        pairs: list[tuple[object, object]] = [(key, None) for key in keys]
        gosort._Sorter(pairs, _less).sort(0, length, 0)
        assert [key for key, _ in pairs] == sorted(keys)
