from datetime import UTC, datetime

import pytest

from common.jsontypes import JSONObject
from promotions.engine.expressions.builtins.dates import now_function
from promotions.engine.expressions.criteria import compile_filter, freight_may_be_created
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.templates import render, render_text

ENV: dict[str, object] = {"tag": "1.20", "n": 42, "data": {"b": 1, "a": [True]}}
DISCOVERED: JSONObject = {
    "git": [{"repoURL": "https://github.com/a/b", "commits": [{"id": "abc", "tag": "v1"}]}],
    "images": [{"repoURL": "ghcr.io/a/b", "references": [{"tag": "v1", "digest": "sha256:1"}]}],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("42", "42"),
        ("${{ n }}", 42),
        ("${{ tag }}", 1.2),
        ("${{ quote(tag) }}", "1.20"),
        ("v${{ tag }}", "v1.20"),
        ("${% n %}${{ n }}", 4242),
        ("${{ data }}", {"a": [True], "b": 1}),
        ("${{ missing }}", None),
        ("${{ 't' }}", True),
        ("${{ asYAML(data) }}", "a:\n- true\nb: 1\n"),
    ],
)
def test_a_template_takes_the_type_of_its_text(text: str, value: object) -> None:
    assert render_text(text, ENV) == value


def test_values_are_rendered_and_keys_are_not() -> None:
    assert render({"${{ n }}": ["${{ n }}", 7]}, ENV) == {"${{ n }}": [42, 7]}


@pytest.mark.parametrize("text", ["${{ n", "${{ nope.x }}", "${{ 'inf' }}"])
def test_a_template_that_cannot_be_rendered_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        render(text, ENV)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ now() }}", "2026-05-04T03:02:01Z"),
        ("at ${{ now().Year() }}", "at 2026"),
        ("${{ now() - date('2026-05-04') > duration('3h') }}", True),
    ],
)
def test_now_is_the_time_that_the_given_clock_shows(text: str, value: object) -> None:
    env = {"now": now_function(lambda: datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))}

    assert render_text(text, env) == value


def test_a_helper_cannot_be_shadowed() -> None:
    with pytest.raises(ExpressionError, match="reserved"):
        render("x", {"quote": 1})


def test_a_filter_takes_text_that_says_true() -> None:
    assert compile_filter("'t'")({}) is True


def test_a_filter_refuses_what_is_neither_true_nor_false() -> None:
    with pytest.raises(ExpressionError, match="true or false"):
        compile_filter("2")({})


def test_criteria_compare_the_newest_artifacts() -> None:
    same = "commitFrom('https://github.com/a/b.git').Tag == imageFrom('ghcr.io/a/b').Tag"

    assert freight_may_be_created(same, DISCOVERED)
    assert not freight_may_be_created("imageFrom('ghcr.io/a/b').Tag == 'v2'", DISCOVERED)


def test_without_criteria_freight_may_be_created() -> None:
    assert freight_may_be_created(" ", DISCOVERED)
