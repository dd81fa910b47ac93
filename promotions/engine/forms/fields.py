"""What fields does a form for a JSON Schema have, and what do filled-in texts come to?

Simple properties become fields of their own; what has no simple field is written as JSON. What is
right or wrong is for :mod:`promotions.engine.forms.schemas` to say.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text

_LONG_TEXT = 200


class Widget(StrEnum):
    """How a field is filled in."""

    LINE = "line"
    TEXT = "text"
    EMAIL = "email"
    URL = "url"
    DATE = "date"
    INTEGER = "integer"
    NUMBER = "number"
    CHECKBOX = "checkbox"
    CHOICE = "choice"
    CHOICES = "choices"
    LINES = "lines"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values to choose from; ``code`` is the value as JSON."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        name: The property that it fills; empty if it holds all values at once.
        key: What the form calls it.
        initial: What stands in it at first: texts as they are, everything else as JSON.
    """

    name: str
    key: str
    label: str
    widget: Widget
    help: str = ""
    required: bool = False
    choices: tuple[Choice, ...] = ()
    initial: tuple[str, ...] = ()
    minimum: str = ""
    maximum: str = ""


def fields_of(schema: JSONObject) -> tuple[Field, ...]:
    """Return the fields for a schema without references, what is required first."""
    properties = as_object(schema.get("properties"))
    required = {as_text(name) for name in as_list(schema.get("required"))}
    if not properties or not required <= properties.keys():
        return (Field("", "values", "Values", Widget.JSON, required=True, initial=("{}",)),)
    return tuple(
        _field(name, as_object(part), key=f"value-{index}", required=name in required)
        for index, (name, part) in enumerate(_ordered(properties, required))
    )


def _ordered(properties: JSONObject, required: Collection[str]) -> list[tuple[str, JSONValue]]:
    """Return the required properties first, then by name: stored JSON has no order of its own."""
    return sorted(properties.items(), key=lambda it: (it[0] not in required, it[0]))


def values_from(fields: Iterable[Field], posted: Mapping[str, Sequence[str]]) -> JSONObject:
    """Return the values that a form was filled in with; what was left empty is left out.

    Args:
        fields: What the form was made of.
        posted: Texts by the fields' keys.

    Raises:
        InvalidError: A number is none, or JSON is none; ``problems`` say where.
    """
    values: dict[str, JSONValue] = {}
    problems: list[FieldProblem] = []
    for field in fields:
        texts = [text.replace("\r\n", "\n") for text in posted.get(field.key, ())]
        try:
            values.update(_value(field, texts))
        except ValueError as error:
            problems.append(FieldProblem(field.name, str(error)))
    if problems:
        lines = "; ".join(map(str, problems))
        raise InvalidError(f"the values do not fit: {lines}", problems=tuple(problems))
    return values


def _field(name: str, part: JSONObject, *, key: str, required: bool) -> Field:
    widget = _widget(part)
    items = as_object(part.get("items"))
    choices = items.get("enum") if widget is Widget.CHOICES else part.get("enum")
    return Field(
        name,
        key,
        as_text(part.get("title")) or name,
        widget,
        help=as_text(part.get("description")),
        required=required and widget is not Widget.CHECKBOX,
        choices=tuple(Choice(json.dumps(it), _label(it)) for it in as_list(choices)),
        initial=_initial(widget, part.get("default")),
        minimum=_number(part.get("minimum")),
        maximum=_number(part.get("maximum")),
    )


def _widget(part: JSONObject) -> Widget:
    kind = _kind(part)
    if "enum" in part:
        return Widget.CHOICE if all(map(_is_scalar, as_list(part["enum"]))) else Widget.JSON
    if kind == "string":
        return _text_widget(part)
    if kind == "array":
        return _list_widget(as_object(part.get("items")))
    return _PLAIN.get(kind, Widget.JSON)


_PLAIN = {"boolean": Widget.CHECKBOX, "integer": Widget.INTEGER, "number": Widget.NUMBER}
_FORMATS = {"email": Widget.EMAIL, "uri": Widget.URL, "date": Widget.DATE}


def _text_widget(part: JSONObject) -> Widget:
    longest = part.get("maxLength")
    is_long = isinstance(longest, int) and longest > _LONG_TEXT
    return _FORMATS.get(as_text(part.get("format")), Widget.TEXT if is_long else Widget.LINE)


def _list_widget(items: JSONObject) -> Widget:
    options = as_list(items.get("enum"))
    if options and all(map(_is_scalar, options)):
        return Widget.CHOICES
    return Widget.LINES if _kind(items) == "string" and "enum" not in items else Widget.JSON


def _kind(part: JSONObject) -> str:
    """Return the type; of several, the first that is not null."""
    kinds = part.get("type")
    if isinstance(kinds, str):
        return kinds
    return next((as_text(it) for it in as_list(kinds) if it != "null"), "")


def _is_scalar(value: JSONValue) -> bool:
    return value is None or isinstance(value, str | int | float)


def _label(value: JSONValue) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


def _number(value: JSONValue) -> str:
    return json.dumps(value) if isinstance(value, int | float) else ""


def _initial(widget: Widget, default: JSONValue) -> tuple[str, ...]:
    if default is None:
        return ()
    if widget is Widget.CHOICES:
        return tuple(map(json.dumps, as_list(default)))
    if widget is Widget.LINES:
        return ("\n".join(as_text(it) for it in as_list(default)),)
    if widget is Widget.CHOICE or not isinstance(default, str):
        return (json.dumps(default),)
    return (default,)


def _value(field: Field, texts: list[str]) -> JSONObject:
    """Return what a field adds to the values: one of them, none, or all.

    Raises:
        ValueError: The text is not what the field holds.
    """
    if field.widget is Widget.CHECKBOX:
        return {field.name: bool(texts)}
    if field.widget is Widget.CHOICES:
        chosen = [_chosen(field, text) for text in texts]
        return {field.name: chosen} if chosen or field.required else {}
    text = texts[0] if texts else ""
    if not text.strip() and not _may_be_empty(field):
        return {}
    read = _READERS[field.widget](field, text)
    return {field.name: read} if field.name else _all(read)


def _may_be_empty(field: Field) -> bool:
    return field.required and field.widget in {Widget.LINE, Widget.TEXT, Widget.LINES}


def _all(values: JSONValue) -> JSONObject:
    if not isinstance(values, Mapping):
        raise ValueError("must be a JSON object")  # noqa: TRY004 - every reader fails alike
    return values


def _chosen(field: Field, text: str) -> JSONValue:
    if all(choice.code != text for choice in field.choices):
        raise ValueError("must be one of the choices")
    chosen: JSONValue = json.loads(text)
    return chosen


def _text(_field: Field, text: str) -> JSONValue:
    return text


def _integer(_field: Field, text: str) -> JSONValue:
    if not text.strip().lstrip("-").isascii() or not text.strip().lstrip("-").isdigit():
        raise ValueError("must be a whole number")
    return int(text)


def _float(_field: Field, text: str) -> JSONValue:
    value = _json(_field, text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 - every reader fails alike
    return value


def _lines(_field: Field, text: str) -> JSONValue:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _json(_field: Field, text: str) -> JSONValue:
    try:
        value: JSONValue = json.loads(text, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("must be JSON") from error
    return value


def _no_constant(text: str) -> JSONValue:
    raise ValueError(f"{text} is no number that JSON has")


_READERS: Mapping[Widget, Callable[[Field, str], JSONValue]] = {
    Widget.LINE: _text,
    Widget.TEXT: _text,
    Widget.EMAIL: _text,
    Widget.URL: _text,
    Widget.DATE: _text,
    Widget.INTEGER: _integer,
    Widget.NUMBER: _float,
    Widget.CHOICE: _chosen,
    Widget.LINES: _lines,
    Widget.JSON: _json,
}
