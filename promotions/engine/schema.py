"""Is a step's configuration what the step expects, and if not, what is wrong with it?

Problems never quote the offending value: an evaluated configuration may hold secrets.
Source: JSON Schema 2020-12; wording after the validator that Kargo uses.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from email.utils import parseaddr
from functools import lru_cache
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.regexes import compile_test

_QUOTE_HINT = "; if it comes from an expression, wrap it in quote() to keep it a string"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")


class ConfigSchema:
    """One step kind's configuration schema, compiled once.

    Raises:
        InvalidError: It is not a JSON Schema.
    """

    def __init__(self, kind: str, schema: JSONObject) -> None:
        self._kind = kind
        try:
            self._validator = _compiled(json.dumps(_object(schema)))
        except (SchemaError, TypeError) as error:
            reason = error.message if isinstance(error, SchemaError) else str(error)
            raise InvalidError(
                f'the schema of step "{kind}" is not a JSON Schema: {reason}'
            ) from error

    def problems(self, config: JSONObject) -> tuple[FieldProblem, ...]:
        """Return everything wrong with a configuration, in the order of its fields."""
        return problems_of(self._validator.iter_errors(_object(config)))

    def check(self, config: JSONObject) -> None:
        """Accept a valid configuration.

        Raises:
            InvalidError: ``invalid <kind> config: <path>: <reason>``, a line for each problem.
        """
        problems = self.problems(config)
        if problems:
            lines = "\n".join(map(str, problems))
            raise InvalidError(
                f"invalid {self._kind} config: {lines}",
                code="invalid_step_config",
                problems=problems,
            )


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Draft202012Validator:
    """Return the validator of a schema; checking it takes milliseconds, and there are many."""
    document = json.loads(text)
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document, format_checker=field_formats())


def problems_of(errors: Iterable[ValidationError]) -> tuple[FieldProblem, ...]:
    """Return what a validator found in words, in the order of the fields, each once."""
    problems = [problem for error in errors for problem in _described(error)]
    return tuple(sorted(dict.fromkeys(problems), key=lambda it: (it.path, it.reason)))


def field_formats() -> FormatChecker:
    """Return a checker of the formats that Kargo's validator enforces: email and uri."""
    checker = FormatChecker(formats=())
    checker.checks("email")(_is_email)
    checker.checks("uri", raises=ValueError)(_is_uri)
    return checker


def _is_email(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return _EMAIL.match(parseaddr(value)[1]) is not None


def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return bool(urlsplit(value).scheme) and not re.search(r"\s", value)


def _described(error: ValidationError) -> Iterator[FieldProblem]:
    path = _path(error.absolute_path)
    yield from (FieldProblem(path, reason) for reason in _reasons(error))
    if error.validator in {"oneOf", "anyOf"} and error.context:
        for nested in _nearest_branch(error.context):
            yield from _described(nested)


def _nearest_branch(errors: Iterable[ValidationError]) -> Sequence[ValidationError]:
    """Return the errors of the alternative that came closest to fitting."""
    branches: dict[object, list[ValidationError]] = {}
    for error in errors:
        branches.setdefault(error.schema_path[0], []).append(error)
    return min(branches.values(), key=len)


def _path(parts: Iterable[str | int]) -> str:
    return ".".join(str(part) for part in parts) or "(root)"


def _reasons(error: ValidationError) -> list[str]:
    if error.validator == "required":
        return _missing(error)
    if error.validator == "additionalProperties":
        return _unknown(error)
    describe = _REASONS.get(str(error.validator))
    return [describe(error) if describe else f"Does not satisfy {error.validator}"]


def _type(error: ValidationError) -> str:
    expected = _texts(error.validator_value)
    given = _json_type(error.instance)
    mistaken = "string" in expected and given in {"boolean", "integer", "number"}
    hint = _QUOTE_HINT if mistaken else ""
    return f"Invalid type. Expected: {'/'.join(expected)}, given: {given}{hint}"


def _missing(error: ValidationError) -> list[str]:
    present = _texts(error.instance)
    required = _texts(error.validator_value)
    return [f"{name} is required" for name in required if name not in present]


def _unknown(error: ValidationError) -> list[str]:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    return [
        f"Additional property {name} is not allowed"
        for name in _texts(error.instance)
        if name not in known and not any(compile_test(pattern)(name) for pattern in patterns)
    ]


def _enum(error: ValidationError) -> str:
    allowed = ", ".join(map(_shown, _items(error.validator_value)))
    return f"{_path(error.absolute_path)} must be one of the following: {allowed}"


def _const(error: ValidationError) -> str:
    return f"{_path(error.absolute_path)} does not match: {_shown(error.validator_value)}"


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _items(value: object) -> list[object]:
    return list(value) if isinstance(value, Iterable) else [value]


def _texts(value: object) -> list[str]:
    """Return a string, or the items of a list, or the keys of an object, as a list of strings."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [str(item) for item in value]
    return [str(value)]


def _bound(text: str) -> Callable[[ValidationError], str]:
    return lambda error: text.format(error.validator_value)


_REASONS: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minLength": _bound("String length must be greater than or equal to {}"),
    "maxLength": _bound("String length must be less than or equal to {}"),
    "pattern": _bound("Does not match pattern '{}'"),
    "format": _bound("Does not match format '{}'"),
    "minItems": _bound("Array must have at least {} items"),
    "maxItems": _bound("Array must have at most {} items"),
    "uniqueItems": _bound("Array items must be unique"),
    "minProperties": _bound("Must have at least {} properties"),
    "minimum": _bound("Must be greater than or equal to {}"),
    "maximum": _bound("Must be less than or equal to {}"),
    "oneOf": _bound("Must validate one and only one schema (oneOf)"),
    "anyOf": _bound("Must validate at least one schema (anyOf)"),
    "not": _bound("Must not validate the schema (not)"),
}


def _json_type(value: object) -> str:
    for python_type, name in _TYPE_NAMES:
        if isinstance(value, python_type):
            return name
    return "array"


_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (Mapping, "object"),
)


def _object(value: JSONObject) -> dict[str, JSONValue]:
    return {key: _plain(item) for key, item in value.items()}


def _plain(value: JSONValue) -> JSONValue:
    """Return the value with dicts and lists only, which is what the validator knows."""
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
