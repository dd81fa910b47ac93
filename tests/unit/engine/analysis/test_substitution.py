"""Arguments are put into metrics once, and every other tag is an error."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.analysis.arguments import Argument, SecretKeyRef, ValueFrom
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.substitution import (
    LARGEST_RESOLVED,
    SECRET_STAND_IN,
    resolve_arguments,
    resolve_metric,
    resolve_quoted_arguments,
    resolve_without_secrets,
)

FOO = Argument("foo", "bar")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("nothing", "nothing"),
        ("{{args.foo}}", "bar"),
        ("a-{{ args.foo }}-{{\targs.foo\n}}", "a-bar-bar"),
        ("{args.foo}", "{args.foo}"),
        ("}}{{args.foo}}}}", "}}bar}}"),
        ("{{args.foo}}{{args.a.b-c}}", "bar!"),
        ("é{{args.foo}}ß", "ébarß"),
    ],
)
def test_a_tag_becomes_the_arguments_value(template: str, text: str) -> None:
    assert resolve_arguments(template, [FOO, Argument("a.b-c", "!")]) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{args.x}}", "failed to resolve {{args.x}}"),
        ("{{ args.x }}{{args.y}}", "failed to resolve {{args.y}}"),
        ("{{args.x}}{{args.foo}}", "failed to resolve {{args.x}}"),
        ("{{ $labels.pod }}", "failed to resolve {{ $labels.pod }}"),
        ("{{}}", "failed to resolve {{}}"),
        ("{{foo}}", "failed to resolve {{foo}}"),
        ("{{Args.foo}}", "failed to resolve {{Args.foo}}"),
        ("{{{args.foo}}", "failed to resolve {{{args.foo}}"),
        (
            'x{{args."y',
            'Cannot find end tag="}}" in the template="x{{args.\\"y" starting from "args.\\"y"',
        ),
        (
            "{{args.x}} {{",
            'Cannot find end tag="}}" in the template="{{args.x}} {{" starting from ""',
        ),
    ],
)
def test_any_other_tag_is_an_error_and_the_last_is_told(template: str, problem: str) -> None:
    with pytest.raises(InvalidError) as caught:
        resolve_arguments(template, [FOO])

    assert str(caught.value) == problem


def test_an_argument_without_a_value_is_an_error_even_if_no_tag_names_it() -> None:
    with pytest.raises(InvalidError, match=r'^argument "b" was not supplied$'):
        resolve_arguments("plain {{args.unknown}}", [FOO, Argument("b"), Argument("c")])


def test_the_empty_string_is_a_value() -> None:
    assert resolve_arguments("<{{args.e}}>", [Argument("e", "")]) == "<>"


def test_a_value_is_not_looked_at_again() -> None:
    nested = [Argument("a", "{{args.b}}"), Argument("b", "{{args.a}} }}")]

    assert resolve_arguments("{{args.a}}{{args.b}}", nested) == "{{args.b}}{{args.a}} }}"


def test_of_arguments_with_one_name_the_last_counts() -> None:
    assert resolve_arguments("{{args.foo}}", [FOO, Argument("foo", "new")]) == "new"


def test_a_template_may_not_explode() -> None:
    with pytest.raises(InvalidError, match="more than"):
        resolve_arguments("{{args.a}}" * 5000, [Argument("a", "x" * 1000)])
    assert len(resolve_arguments("{{args.a}}", [Argument("a", "x" * 1000)])) < LARGEST_RESOLVED


@pytest.mark.parametrize(
    ("value", "escaped"),
    [
        ('"', '\\"'),
        ("\\", "\\\\"),
        ("\n\t\r", "\\n\\t\\r"),
        ("é<&>", "é<&>"),
        ("\a", "\\u0007"),
        ("/", "/"),
    ],
)
def test_values_are_escaped_for_the_json_they_go_into(value: str, escaped: str) -> None:
    assert resolve_quoted_arguments("{{args.v}}", [Argument("v", value)]) == escaped


TEMPLATED = Metric(
    name="{{args.v}}",
    interval="{{args.v}}",
    initial_delay="{{args.v}}",
    count="{{args.v}}",
    success_condition="result > {{args.v}}",
    failure_condition="{{ args.v }}",
    failure_limit="{{args.v}}",
    inconclusive_limit="{{args.v}}",
    consecutive_error_limit="{{args.v}}",
    provider={"plugin": {"a/{{args.v}}": [{"k-{{args.v}}": "{{args.v}}", "n": 1, "f": 1.5}]}},
    consecutive_success_limit="{{args.v}}",
)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_string_of_a_metric_is_a_template_and_takes_any_value(value: str) -> None:
    resolved = resolve_metric(TEMPLATED, [Argument("v", value)])

    assert resolved == Metric(
        value,
        interval=value,
        initial_delay=value,
        count=value,
        success_condition=f"result > {value}",
        failure_condition=value,
        failure_limit=value,
        inconclusive_limit=value,
        consecutive_error_limit=value,
        provider={"plugin": {f"a/{value}": [{f"k-{value}": value, "n": 1, "f": 1.5}]}},
        consecutive_success_limit=value,
    )


@given(st.text(), st.text())
def test_any_template_and_value_give_a_text_or_our_error(template: str, value: str) -> None:
    try:
        resolved = resolve_arguments(template, [Argument("v", value)])
    except InvalidError:
        assert "{{" in template
    else:
        assert template.replace("{{args.v}}", value) == resolved or "{{" in template


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
        max_leaves=20,
    )
)
def test_a_metric_without_tags_comes_back_as_it_was(configuration: JSONValue) -> None:
    metric = Metric("m", provider={"plugin": {"a/b": configuration}})

    if "{{" not in json.dumps(configuration, ensure_ascii=False):
        assert resolve_metric(metric, [FOO]) == metric


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        (
            Metric("m", success_condition="{{a}}", provider={"web": {"url": "{{b}}"}}),
            "failed to resolve {{b}}",
        ),
        (
            Metric("m", provider={"web": {"headers": [{"value": "{{h}}"}], "url": "{{u}}"}}),
            "failed to resolve {{h}}",
        ),
        (
            Metric("m", consecutive_success_limit="{{s}}", provider={"web": {"url": "{{u}}"}}),
            "failed to resolve {{s}}",
        ),
        (
            Metric("m", success_condition='{{a["<x>"]}}'),
            r"failed to resolve {{a[\"\u003cx\u003e\"]}}",
        ),
        (
            Metric("m", failure_condition="{{args.x", provider={"web": {}}),
            'failed to resolve {{args.x","provider":{"web":{}}',
        ),
    ],
)
def test_fields_are_read_in_the_order_argo_declares_them(metric: Metric, problem: str) -> None:
    with pytest.raises(InvalidError) as caught:
        resolve_metric(metric, [])

    assert str(caught.value) == problem


def test_an_argument_that_swallows_part_of_the_metric_is_an_error() -> None:
    swallowing = Argument('x","provider":{"web":{', "y")
    metric = Metric("m", failure_condition="{{args.x", provider={"web": {}})

    with pytest.raises(InvalidError, match="the resolved metric is not JSON"):
        resolve_metric(metric, [swallowing])


def test_secrets_are_stood_in_for_and_field_references_have_no_value() -> None:
    secret = Argument("s", "literal", ValueFrom(SecretKeyRef("name", "key")))
    field = Argument("f", None, ValueFrom(field_path="metadata.name"))
    metric = Metric("m", success_condition="{{args.s}}")

    (resolved,) = resolve_without_secrets([metric], [secret])

    assert resolved.success_condition == SECRET_STAND_IN
    with pytest.raises(InvalidError, match='argument "f" was not supplied'):
        resolve_without_secrets([metric], [secret, field])


def test_a_metric_nested_too_deeply_is_refused() -> None:
    deep: JSONValue = "x"
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(InvalidError):
        resolve_metric(replace(TEMPLATED, provider={"plugin": {"a/b": deep}}), [FOO])
