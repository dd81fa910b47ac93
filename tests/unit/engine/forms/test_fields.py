import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.forms.fields import Choice, Field, Widget, fields_of, values_from
from promotions.engine.forms.schemas import read_schema

SCHEMA: JSONObject = {
    "type": "object",
    "required": ["version", "count", "tags"],
    "properties": {
        "version": {
            "type": "string",
            "title": "Version",
            "description": "e.g. 1.2",
            "default": "v1",
        },
        "notes": {"type": ["null", "string"], "maxLength": 4000},
        "mail": {"type": "string", "format": "email"},
        "when": {"type": "string", "format": "date"},
        "page": {"type": "string", "format": "uri"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "ratio": {"type": "number"},
        "urgent": {"type": "boolean"},
        "risk": {"enum": ["low", "high", 3, None], "default": "low"},
        "zones": {"type": "array", "items": {"enum": ["a", "b"]}, "default": ["b"]},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["x", "y"]},
        "extra": {"type": "object"},
        "odd": {},
    },
}


def field(name: str) -> Field:
    return next(it for it in fields_of(SCHEMA) if it.name == name)


def filled(**texts: str | list[str]) -> JSONObject:
    """Fill in fields by name."""
    fields = fields_of(SCHEMA)
    keys = {it.name: it.key for it in fields}
    posted = {keys[name]: [it] if isinstance(it, str) else it for name, it in texts.items()}
    return values_from(fields, posted)


def test_each_property_has_the_field_that_suits_it() -> None:
    assert {it.name: it.widget for it in fields_of(SCHEMA)} == {
        "version": Widget.LINE,
        "notes": Widget.TEXT,
        "mail": Widget.EMAIL,
        "when": Widget.DATE,
        "page": Widget.URL,
        "count": Widget.INTEGER,
        "ratio": Widget.NUMBER,
        "urgent": Widget.CHECKBOX,
        "risk": Widget.CHOICE,
        "zones": Widget.CHOICES,
        "tags": Widget.LINES,
        "extra": Widget.JSON,
        "odd": Widget.JSON,
    }


def test_a_field_says_what_the_schema_says() -> None:
    assert field("version") == Field(
        "version", "value-2", "Version", Widget.LINE, "e.g. 1.2", required=True, initial=("v1",)
    )
    assert (field("count").minimum, field("count").maximum) == ("1", "9")
    assert field("count").initial == ("3",)
    assert field("risk").choices[0] == Choice('"low"', "low")
    assert field("risk").initial == ('"low"',)
    assert field("zones").initial == ('"b"',)
    assert field("tags").initial == ("x\ny",)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "required": ["b"], "properties": {"a": {}}},
        {"type": "object", "anyOf": [{"required": ["a"]}]},
    ],
)
def test_what_has_no_fields_is_written_as_json(schema: JSONObject) -> None:
    (one,) = fields_of(schema)

    assert one.widget is Widget.JSON
    assert values_from([one], {one.key: ['{"b": [1]}']}) == {"b": [1]}


def test_texts_become_values() -> None:
    assert filled(
        version="1.10",
        notes="a\r\nb",
        count="7",
        ratio="0.5",
        urgent="true",
        risk="3",
        zones=['"a"', '"b"'],
        tags="x \n\n y",
        extra='{"a": 1}',
    ) == {
        "version": "1.10",
        "notes": "a\nb",
        "count": 7,
        "ratio": 0.5,
        "urgent": True,
        "risk": 3,
        "zones": ["a", "b"],
        "tags": ["x", "y"],
        "extra": {"a": 1},
    }


def test_what_is_left_empty_is_left_out_unless_it_is_needed() -> None:
    assert filled(notes="", count="", risk="") == {"version": "", "urgent": False, "tags": []}


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("count", "1.5", "must be a whole number"),
        ("count", "--1", ""),
        ("count", "\u0663", "must be a whole number"),
        ("ratio", "true", "must be a number"),
        ("ratio", "x", "must be JSON"),
        ("ratio", "NaN", "is no number"),
        ("risk", '"other"', "must be one of the choices"),
        ("zones", '"c"', "must be one of the choices"),
        ("extra", "{", "must be JSON"),
        ("extra", "[" * 100_000, "must be JSON"),
    ],
)
def test_a_text_that_its_field_cannot_hold_is_told(name: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidError, match="the values do not fit") as caught:
        filled(**{name: text})

    (problem,) = caught.value.problems
    assert problem.path == name
    assert reason in problem.reason


def test_all_values_as_json_must_be_an_object() -> None:
    (one,) = fields_of({"type": "object"})

    with pytest.raises(InvalidError, match="must be a JSON object"):
        values_from([one], {one.key: ["[1]"]})


def test_fields_are_drawn_from_a_schema_whose_references_were_followed() -> None:
    schema: dict[str, JSONValue] = {
        "type": "object",
        "properties": {"a": {"$ref": "#/definitions/n"}},
        "definitions": {"n": {"type": "integer"}},
    }

    assert [it.widget for it in fields_of(read_schema(schema).document)] == [Widget.INTEGER]


def test_what_is_required_comes_first_and_then_the_name_decides() -> None:
    """A database of JSON keeps no order, and a form must not change with the database."""
    schema: JSONObject = {
        "type": "object",
        "required": ["z"],
        "properties": {"b": {"type": "string"}, "z": {"type": "string"}, "a": {"type": "string"}},
    }

    assert [it.name for it in fields_of(schema)] == ["z", "a", "b"]
