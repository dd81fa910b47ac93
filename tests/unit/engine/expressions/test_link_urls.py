from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from common.jsontypes import JSONObject
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.link_urls import LONGEST_URL_TEMPLATE, link_url

STAGE: JSONObject = {
    "metadata": {"name": "prod", "labels": {"a": "b c"}},
    "images": [{"tag": "v1"}],
    "weight": 1.5,
}


def filled(template: str) -> str:
    return link_url(template, kind="stage", manifest=STAGE, path="spec.stageLinks[0].url")


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("https://example.com", "https://example.com"),
        ("https://x/{{ .stage.metadata.name }}/y", "https://x/prod/y"),
        ("{{.stage.metadata.name}}{{.stage.weight}}", "prod1.5"),
        ("{{ (index .stage.images 0).tag }}", "v1"),
        ('{{ index .stage.metadata.labels "a" }}', "b c"),
        ("{{ .stage.metadata.labels.a | urlquery }}", "b+c"),
        ("{{ .stage.metadata.name | upper | trunc 2 }}", "PR"),
        ('{{ .stage.metadata.name | replace "p" "q" | quote }}', '"qrod"'),
        ('{{ default "none" .stage.gone }}', "none"),
        ("{{ len .stage.images }}", "1"),
        ("{{ .stage.gone }}", "<no value>"),
        ("a {{- .stage.metadata.name -}} b", "aprodb"),
        ("a{{/* not shown */}}b", "ab"),
        ('{{ "a\\nb" }}{{ `c\\n` }}', "a\nbc\\n"),
    ],
)
def test_a_url_is_filled_in_from_the_object(template: str, url: str) -> None:
    assert filled(template) == url


@pytest.mark.parametrize(
    ("template", "message", "column"),
    [
        ("x/{{ .stage.metadata.name", "unclosed action", 3),
        ("{{ }}", "expected one value", 1),
        ("ab{{ if .stage }}x{{ end }}", '"if" is not known', 3),
        ('{{ env "HOME" }}', '"env" is not known', 1),
        ("{{ index .stage.images 9 }}", "out of range", 1),
        ('{{ index "text" .stage }}', "cannot index", 1),
        ("{{ .stage.gone.x }}", "nil has no field x", 1),
        ("{{ .stage.weight.x }}", "has no field x", 1),
        ("{{ (.stage }}", "unclosed parenthesis", 1),
        ("{{ $x }}", "unexpected", 1),
        ("{{ upper }}", "cannot be called", 1),
        ("x" * (LONGEST_URL_TEMPLATE + 1), "too long", 1),
    ],
)
def test_what_cannot_be_filled_in_names_field_and_place(
    template: str, message: str, column: int
) -> None:
    with pytest.raises(FieldExpressionError, match=message) as caught:
        filled(template)

    assert caught.value.path == "spec.stageLinks[0].url"
    assert caught.value.column == column


@given(st.text(st.sampled_from('{}.ab |()"`-/* 01$\\\n'), max_size=40))
def test_any_text_gives_a_url_or_our_error(template: str) -> None:
    with suppress(FieldExpressionError):
        assert isinstance(filled(template), str)
