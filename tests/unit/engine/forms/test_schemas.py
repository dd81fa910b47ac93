"""Forms' schemas and values, of which neither is trusted."""

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.forms.schemas import read_schema

RELEASE: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "summary"],
    "properties": {
        "version": {"type": "string", "pattern": "^v?[0-9]+\\.[0-9]+\\.[0-9]+$"},
        "summary": {"type": "string", "minLength": 1},
        "risk": {"enum": ["low", "high"]},
    },
}


def form(**properties: JSONValue) -> JSONObject:
    return {"type": "object", "properties": properties}


def refusal(schema: JSONObject, values: JSONObject | None = None) -> str:
    with pytest.raises(InvalidError) as caught:
        read_schema(schema).check(values or {})
    return caught.value.message


def test_values_that_fit_are_accepted() -> None:
    read_schema(RELEASE).check({"version": "v1.2.3", "summary": "x", "risk": "low"})


def test_everything_that_does_not_fit_is_told() -> None:
    with pytest.raises(InvalidError) as caught:
        read_schema(RELEASE).check({"version": "1", "risk": 5, "more": True})

    assert [str(it) for it in caught.value.problems] == [
        "(root): Additional property more is not allowed",
        "(root): summary is required",
        'risk: risk must be one of the following: "low", "high"',
        "version: Does not match pattern '^v?[0-9]+\\.[0-9]+\\.[0-9]+$'",
    ]


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07"])
def test_a_schema_says_of_which_draft_it_is(draft: str) -> None:
    named = {**RELEASE, "$schema": f"http://json-schema.org/{draft}/schema#"}

    assert read_schema(named).draft == draft


def test_drafts_differ() -> None:
    four = {"$schema": "http://json-schema.org/draft-04/schema#"}
    limited = form(n={"type": "number", "maximum": 3, "exclusiveMaximum": True})

    assert "n: " in refusal({**four, **limited}, {"n": 3})
    assert "exclusiveMaximum" in refusal(limited)


def test_a_later_draft_is_refused() -> None:
    later = "https://json-schema.org/draft/2020-12/schema"

    assert "must name draft-04, draft-06 or draft-07" in refusal({**RELEASE, "$schema": later})


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({}, "must be of type: object"),
        ({"type": "string"}, "must be of type: object"),
        ({"type": ["object", "null"]}, "must be of type: object"),
        ({"type": "object", "properties": []}, "properties: Invalid type"),
        ({"type": "object", "required": "a"}, "required: Invalid type"),
        (form(a={"type": "strin"}), "properties.a.type"),
        (form(a={"minLength": -1}), "properties.a.minLength"),
    ],
)
def test_what_is_no_schema_of_an_object_is_refused(schema: JSONObject, reason: str) -> None:
    assert reason in refusal(schema)


def test_references_inside_the_schema_are_followed() -> None:
    schema = {
        **form(a={"$ref": "#/definitions/a~1b"}, **{"$ref": {"type": "integer"}}),
        "definitions": {"a/b": {"$ref": "#/definitions/c"}, "c": {"type": "string"}},
    }

    read_schema(schema).check({"a": "x", "$ref": 1})
    assert "a: Invalid type" in refusal(schema, {"a": 1})


def test_what_looks_like_a_reference_but_is_a_value_stays_one() -> None:
    schema = form(a={"enum": [{"$ref": "http://example.com"}], "default": {"$ref": "x"}})

    read_schema(schema).check({"a": {"$ref": "http://example.com"}})


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("http://example.com/schema.json", "leads out of the schema"),
        ("file:///etc/passwd", "leads out of the schema"),
        ("other.json#/a", "leads out of the schema"),
        ("#name", "leads out of the schema"),
        ("#/definitions/gone", "refers to nothing"),
        ("#/properties/a/type", "refers to nothing"),
        ("#", "leads in a circle"),
        ("#/properties/a", "leads in a circle"),
    ],
)
def test_a_reference_elsewhere_or_in_a_circle_is_refused(reference: str, reason: str) -> None:
    schema = form(a={"type": "object", "properties": {"b": {"$ref": reference}}})

    assert reason in refusal(schema)


def test_references_that_double_at_each_step_are_refused() -> None:
    parts: dict[str, JSONValue] = {
        f"a{n}": {"allOf": [{"$ref": f"#/definitions/a{n + 1}"}] * 2} for n in range(15)
    }
    schema = {
        **form(a={"$ref": "#/definitions/a0"}),
        "definitions": {**parts, "a15": {"type": "string"}},
    }

    assert "more than 2000 parts" in refusal(schema)


@pytest.mark.parametrize(
    "pattern", ["(?=x)", "(?<!x)", "(a)\\1", "(", "((a{0,100}){0,100}){0,100}"]
)
def test_patterns_that_could_take_for_ever_or_are_none_are_refused(pattern: str) -> None:
    assert "not a valid regular expression" in refusal(form(a={"pattern": pattern}))
    assert "not a valid regular expression" in refusal(
        {"type": "object", "patternProperties": {pattern: {}}}
    )


def test_a_pattern_that_would_take_for_ever_elsewhere_does_not_here() -> None:
    schema = form(a={"pattern": "^(a+)+$"})

    assert "Does not match pattern" in refusal(schema, {"a": "a" * 60_000 + "!"})


def test_pattern_properties_are_matched_and_what_is_left_is_additional() -> None:
    schema: JSONObject = {
        "type": "object",
        "patternProperties": {"^n_": {"type": "integer"}},
        "additionalProperties": {"type": "string"},
    }

    read_schema(schema).check({"n_1": 1, "other": "x"})
    assert "n_1: Invalid type" in refusal(schema, {"n_1": "x"})
    assert "other: Invalid type" in refusal(schema, {"other": 1})


@pytest.mark.parametrize(
    ("items", "is_good"),
    [([1, "1", True, [1], {"a": 1}], True), ([1, 1.0], False), ([{}, {}], False)],
)
def test_items_are_unique_by_value(items: list[JSONValue], is_good: bool) -> None:  # noqa: FBT001 - a table
    schema = read_schema(form(a={"uniqueItems": True}))

    if is_good:
        schema.check({"a": items})
    else:
        with pytest.raises(InvalidError, match="must be unique"):
            schema.check({"a": items})


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("date", "2026-02-28", "2026-02-30"),
        ("date-time", "2026-02-28T10:00:00Z", "2026-02-28T10:00:00"),
        ("email", "a@example.com", "a"),
        ("uri", "https://example.com", "example"),
    ],
)
def test_formats_are_checked(kind: str, good: str, bad: str) -> None:
    schema = read_schema(form(a={"type": "string", "format": kind}))

    schema.check({"a": good})
    with pytest.raises(InvalidError, match=f"format '{kind}'"):
        schema.check({"a": bad})


def nested(depth: int) -> JSONObject:
    value: JSONObject = {}
    for _ in range(depth):
        value = {"properties": {"a": value}}
    return value


@pytest.mark.parametrize(
    ("schema", "values", "reason"),
    [
        ({"type": "object", **nested(50)}, {}, "the schema may be nested at most 20"),
        (form(**{f"p{n}": {} for n in range(2_000)}), {}, "the schema may have at most 2000 parts"),
        (form(a={"description": "x" * 70_000}), {}, "65536 characters"),
        (form(), nested(50), "the values may be nested at most 20"),
        (form(), {"a": [1] * 2_000}, "the values may have at most 2000 parts"),
        (form(), {"a": "x" * 70_000}, "65536 characters"),
        (form(), {"a": "\0"}, "holds a character that is no text"),
        (form(), {"a": "\ud800"}, "holds a character that is no text"),
        (form(), {"a": float("inf")}, "a number that JSON has not"),
        (form(a={"multipleOf": 0.1}), {"a": 10**400}, "too large to be checked"),
        (
            form(a={"items": {"anyOf": [{"enum": list(range(900))}, {"enum": list(range(500))}]}}),
            {"a": ["x"] * 1_900},
            "takes too long",
        ),
    ],
)
def test_there_is_a_bound_to_everything(
    schema: JSONObject, values: JSONObject, reason: str
) -> None:
    assert reason in refusal(schema, values)
