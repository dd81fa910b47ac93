"""Does what somebody filled in fit the JSON Schema that a promotion's author wrote?

Neither of the two is trusted: schemas and values have bounds, patterns are matched in linear
time, references stay inside, and checking stops when it has cost too much.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeAlias

from jsonschema import Draft4Validator, Draft6Validator, Draft7Validator, validators
from jsonschema.exceptions import ValidationError

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.forms.bounds import check_size, size_of
from promotions.engine.forms.inlining import inlined
from promotions.engine.regexes import compile_test
from promotions.engine.schema import field_formats, problems_of

MOST_SPENT = 500_000
"""How much one check may cost, in parts and characters looked at."""

MOST_PROBLEMS = 20

_DRAFTS = {
    "draft-04": Draft4Validator,
    "draft-06": Draft6Validator,
    "draft-07": Draft7Validator,
}


class _Validator(Protocol):
    """What is used of the library's validators."""

    def is_type(self, instance: object, kind: str) -> bool: ...

    def descend(
        self, instance: object, schema: object, path: object = None, schema_path: object = None
    ) -> Iterator[ValidationError]: ...


_Keyword: TypeAlias = Callable[
    [_Validator, JSONValue, JSONValue, JSONObject], Iterable[ValidationError] | None
]


@dataclass(frozen=True, slots=True)
class InputSchema:
    """A form's schema that is known to be one.

    Attributes:
        document: Without references; what the form is drawn from.
        draft: ``draft-04``, ``draft-06`` or ``draft-07``.
    """

    document: JSONObject
    draft: str

    def check(self, values: JSONObject) -> None:
        """Accept values that fit.

        Raises:
            InvalidError: They do not, or are too many; ``problems`` say where.
        """
        check_size(values, what="the values")
        found = _problems(self.draft, self.document, values)
        if found:
            lines = "; ".join(map(str, found))
            raise InvalidError(
                f"the values do not fit: {lines}", code="invalid_values", problems=found
            )


def read_schema(schema: JSONObject) -> InputSchema:
    """Return a schema that people wrote, ready to use.

    Raises:
        InvalidError: It is too large, not of draft 4, 6 or 7, not of ``type: object``, has
            references that lead out of it or in a circle, or a pattern that RE2 cannot match.
    """
    check_size(schema, what="the schema")
    draft = _draft(schema)
    meta = as_object(_DRAFTS[draft].META_SCHEMA)
    found = _problems(draft, meta, schema)
    if found:
        lines = "; ".join(map(str, found))
        raise InvalidError(f"the schema is no JSON Schema: {lines}", problems=found)
    if schema.get("type") != "object":
        raise InvalidError("the schema must be of type: object, and say so")
    document = inlined(schema)
    _check_patterns(document)
    return InputSchema(document, draft)


def _draft(schema: JSONObject) -> str:
    named = as_text(schema.get("$schema"))
    if not named:
        return "draft-07"
    found = [draft for draft in _DRAFTS if f"/{draft}/" in named]
    if not found:
        raise InvalidError(f'"$schema" must name draft-04, draft-06 or draft-07, not "{named}"')
    return found[0]


def _problems(draft: str, schema: JSONObject, instance: JSONValue) -> tuple[FieldProblem, ...]:
    base = _DRAFTS[draft]
    spending = _Spending()
    keywords = {
        name: spending.counting(name, keyword)
        for name, keyword in {**base.VALIDATORS, **_OURS}.items()
    }
    bounded = validators.extend(base, keywords)  # type: ignore[no-untyped-call]  # the stubs leave it out
    validator = bounded(_plain(schema), format_checker=_FORMATS)
    try:
        return problems_of(validator.iter_errors(_plain(instance)))[:MOST_PROBLEMS]
    except ArithmeticError as error:
        raise InvalidError("a number is too large to be checked") from error


def _plain(value: JSONValue) -> JSONValue:
    """Return the value in dicts and lists, which is what the library knows."""
    plain: JSONValue = json.loads(json.dumps(value, default=_container))
    return plain


def _container(value: JSONValue) -> JSONValue:
    return dict(value) if isinstance(value, Mapping) else list(as_list(value))


@dataclass(slots=True)
class _Spending:
    spent: int = 0

    def counting(self, name: str, keyword: _Keyword) -> _Keyword:
        """Return the keyword's check, which fails once too much was spent."""
        weigh = size_of if name in {"const", "enum", "uniqueItems"} else _length

        def check(
            validator: _Validator, value: JSONValue, instance: JSONValue, schema: JSONObject
        ) -> Iterator[ValidationError]:
            self.spent += 1 + weigh(value) + weigh(instance)
            if self.spent > MOST_SPENT:
                raise InvalidError("the schema takes too long to check; make it simpler")
            yield from keyword(validator, value, instance, schema) or ()

        return check


def _length(value: JSONValue) -> int:
    return len(value) if isinstance(value, str | list | dict) else 0


def _pattern(
    _validator: _Validator, pattern: JSONValue, instance: JSONValue, _schema: JSONObject
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not compile_test(as_text(pattern))(instance):
        yield ValidationError("does not match")


def _pattern_properties(
    validator: _Validator, patterns: JSONValue, instance: JSONValue, _schema: JSONObject
) -> Iterator[ValidationError]:
    for pattern, schema in as_object(patterns).items():
        matches = compile_test(pattern)
        for name, item in as_object(instance).items():
            if matches(name):
                yield from validator.descend(item, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: _Validator, additional: JSONValue, instance: JSONValue, schema: JSONObject
) -> Iterator[ValidationError]:
    known = as_object(schema.get("properties"))
    matchers = [compile_test(pattern) for pattern in as_object(schema.get("patternProperties"))]
    extra = [
        name
        for name in as_object(instance)
        if name not in known and not any(matches(name) for matches in matchers)
    ]
    if additional is False and extra:
        yield ValidationError("has more than it may")
    elif isinstance(additional, Mapping):
        for name in extra:
            yield from validator.descend(as_object(instance)[name], additional, path=name)


def _unique_items(
    _validator: _Validator, unique: JSONValue, instance: JSONValue, _schema: JSONObject
) -> Iterator[ValidationError]:
    items = as_list(instance)
    if unique is True and len(set(map(_canonical, items))) != len(items):
        yield ValidationError("has one twice")


def _canonical(value: JSONValue) -> str:
    """Return a text that equal values share; ``1`` and ``1.0`` are equal, ``1`` and true not."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: JSONValue) -> JSONValue:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


_OURS: Mapping[str, _Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_FORMATS = field_formats()


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _check_patterns(schema: JSONValue) -> None:
    """Refuse patterns that are not RE2, wherever they stand in a schema without references."""
    if isinstance(schema, list):
        for item in schema:
            _check_patterns(item)
    for key, value in as_object(schema).items():
        if key == "pattern" and isinstance(value, str):
            compile_test(value)
        elif key == "patternProperties":
            for pattern in as_object(value):
                compile_test(pattern)
        if key not in {"const", "default", "enum", "examples"}:
            _check_patterns(value)
