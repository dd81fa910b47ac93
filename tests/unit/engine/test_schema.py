import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.schema import ConfigSchema


def problems(properties: JSONObject, config: JSONObject, **rest: object) -> list[str]:
    schema = {"type": "object", "properties": properties, **rest}
    return [str(problem) for problem in ConfigSchema("x", schema).problems(config)]  # type: ignore[arg-type]  # a schema in a test is JSON


def test_a_valid_configuration_passes() -> None:
    ConfigSchema("copy", {"type": "object"}).check({"anything": (1, {"a": None})})


def test_the_error_names_the_step_and_every_problem_on_its_own_line() -> None:
    schema = ConfigSchema("copy", {"type": "object", "required": ["inPath", "outPath"]})

    with pytest.raises(InvalidError) as caught:
        schema.check({"outPath": "x"})

    assert caught.value.message == "invalid copy config: (root): inPath is required"
    assert [it.path for it in caught.value.problems] == ["(root)"]


def test_two_problems_make_two_lines() -> None:
    fields: JSONObject = {"a": {"minLength": 1}, "b": {"type": "boolean"}}
    schema = ConfigSchema("copy", {"properties": fields})

    with pytest.raises(InvalidError) as caught:
        schema.check({"a": "", "b": []})

    assert caught.value.message.split("\n") == [
        "invalid copy config: a: String length must be greater than or equal to 1",
        "b: Invalid type. Expected: boolean, given: array",
    ]


def test_a_path_leads_through_arrays() -> None:
    items: JSONObject = {"type": "array", "items": {"properties": {"key": {"minLength": 1}}}}

    assert problems({"updates": items}, {"updates": [{"key": ""}]}) == [
        "updates.0.key: String length must be greater than or equal to 1"
    ]


@pytest.mark.parametrize(("value", "given"), [(1, "integer"), (1.5, "number"), (True, "boolean")])
def test_a_number_for_a_string_comes_with_advice(value: object, given: str) -> None:
    [problem] = problems({"tag": {"type": "string"}}, {"tag": value})  # type: ignore[dict-item]  # parametrized JSON

    assert problem.startswith(f"tag: Invalid type. Expected: string, given: {given}; ")
    assert "quote()" in problem


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        ({"type": "string"}, None, "Invalid type. Expected: string, given: null"),
        ({"type": ["string", "null"]}, {}, "Invalid type. Expected: string/null, given: object"),
        ({"type": "integer"}, "1", "Invalid type. Expected: integer, given: string"),
        ({"enum": ["a", "b"]}, "c", 'x must be one of the following: "a", "b"'),
        ({"const": 1}, 2, "x does not match: 1"),
        ({"maxLength": 1}, "ab", "String length must be less than or equal to 1"),
        ({"pattern": "^a$"}, "b", "Does not match pattern '^a$'"),
        ({"minItems": 1}, [], "Array must have at least 1 items"),
        ({"minimum": 1}, 0, "Must be greater than or equal to 1"),
        ({"exclusiveMinimum": 1}, 1, "Does not satisfy exclusiveMinimum"),
        ({"not": {"const": 1}}, 1, "Must not validate the schema (not)"),
        ({"format": "email"}, "", "Does not match format 'email'"),
        ({"format": "email"}, "nobody", "Does not match format 'email'"),
        ({"format": "uri"}, "git@host:path", "Does not match format 'uri'"),
        ({"format": "uri"}, "https://a b", "Does not match format 'uri'"),
        ({"format": "uri"}, "http://[", "Does not match format 'uri'"),
    ],
)
def test_each_kind_of_problem_is_described(schema: JSONObject, value: object, reason: str) -> None:
    assert problems({"x": schema}, {"x": value}) == [f"x: {reason}"]  # type: ignore[dict-item]  # parametrized JSON


@pytest.mark.parametrize(
    ("format_name", "value"),
    [("email", "a@b.c"), ("uri", "https://a.b/c"), ("email", 1), ("uri", 1)],
)
def test_formats_accept_what_fits_and_leave_other_types_alone(
    format_name: str, value: object
) -> None:
    assert problems({"x": {"format": format_name}}, {"x": value}) == []  # type: ignore[dict-item]  # parametrized JSON


def test_unknown_keys_are_named() -> None:
    assert problems({"a": {}}, {"a": 1, "b": 2}, additionalProperties=False) == [
        "(root): Additional property b is not allowed"
    ]


def test_every_missing_and_every_unknown_key_is_a_problem_of_its_own() -> None:
    assert problems(
        {"a": {}, "b": {}},
        {"c": 1, "x-d": 1, "e": 1},
        required=["a", "b"],
        patternProperties={"^x-": {}},
        additionalProperties=False,
    ) == [
        "(root): Additional property c is not allowed",
        "(root): Additional property e is not allowed",
        "(root): a is required",
        "(root): b is required",
    ]


def test_alternatives_tell_what_is_wrong_with_the_nearest() -> None:
    branches = [{"required": ["a"]}, {"required": ["b", "c"], "minProperties": 3}]

    assert problems({}, {}, oneOf=branches) == [
        "(root): Must validate one and only one schema (oneOf)",
        "(root): a is required",
    ]
    assert problems({}, {}, anyOf=branches)[0] == (
        "(root): Must validate at least one schema (anyOf)"
    )


def test_too_many_fitting_alternatives_are_a_problem_too() -> None:
    assert problems({}, {"a": 1, "b": 2}, oneOf=[{"required": ["a"]}, {"required": ["b"]}]) == [
        "(root): Must validate one and only one schema (oneOf)"
    ]


def test_problems_never_quote_the_value() -> None:
    [problem] = problems({"token": {"pattern": "^x$"}}, {"token": "s3cret"})

    assert "s3cret" not in problem


def test_a_schema_that_is_none_is_refused_when_it_is_compiled() -> None:
    with pytest.raises(InvalidError, match=r'schema of step "copy" is not a JSON Schema'):
        ConfigSchema("copy", {"type": "nonsense"})
