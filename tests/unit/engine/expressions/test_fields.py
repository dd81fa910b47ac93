import pytest

from common.errors import NotFoundError
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.fields import (
    LONGEST_SHOWN,
    FieldExpressionError,
    joined,
    key_path,
    located,
)


def test_the_message_has_field_reason_expression_and_place() -> None:
    error = FieldExpressionError(
        "no", path="spec.vars[0].value", expression="${{ x }}", line=2, column=7
    )

    assert error.message == 'spec.vars[0].value: no in "${{ x }}" (line 2, column 7)'
    assert (error.reason, error.path, error.line, error.column) == ("no", error.path, 2, 7)


def test_a_path_grows_from_the_inside_and_the_cause_stays() -> None:
    inner = located(NotFoundError("gone"), expression="f()").under("tag")

    outer = inner.under("images[0]").under("spec").about("checking")

    assert outer.path == "spec.images[0].tag"
    assert outer.message == 'spec.images[0].tag: checking: gone in "f()"'
    assert isinstance(outer.__cause__, NotFoundError)


@pytest.mark.parametrize(
    ("before", "line", "column", "place"),
    [
        ("", 1, 3, (1, 3)),
        ("ab ${{", 1, 3, (1, 9)),
        ("ab\ncd ${{", 1, 3, (2, 9)),
        ("ab\ncd ${{", 2, 3, (3, 3)),
        ("ab", 1, 0, (1, 3)),
    ],
)
def test_places_count_from_the_start_of_the_field(
    before: str, line: int, column: int, place: tuple[int, int]
) -> None:
    error = located(ExpressionError("no", line=line, column=column), expression="x", before=before)

    assert (error.line, error.column) == place


def test_a_long_expression_is_shortened_on_one_line() -> None:
    message = FieldExpressionError("no", expression="a\n b" + "c" * 999).message

    assert "\n" not in message
    assert len(message) <= LONGEST_SHOWN + len('no in ""')


@pytest.mark.parametrize(
    ("parent", "child", "path"),
    [("", "a", "a"), ("a", "", "a"), ("a", "b", "a.b"), ("a", "[0].b", "a[0].b")],
)
def test_paths_are_joined(parent: str, child: str, path: str) -> None:
    assert joined(parent, child) == path


@pytest.mark.parametrize(
    ("key", "path"),
    [("b", "a.b"), ("b-c", "a.b-c"), ("b.c", 'a["b.c"]'), ("", 'a[""]'), ('"', 'a["\\""]')],
)
def test_keys_that_are_no_words_stand_in_quotes(key: str, path: str) -> None:
    assert key_path("a", key) == path
