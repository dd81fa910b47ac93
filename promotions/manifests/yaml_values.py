"""Builds plain JSON values from YAML, within bounds, scalars read as Kubernetes reads them.

PyYAML's own constructors read ``1:30`` as 90 and a date as an object, keep the last of two equal
keys, and let a few aliases stand for gigabytes. Here the C parser gives events and nothing else.
Source: ``sigs.k8s.io/yaml``, which is go-yaml v2 with duplicate keys refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONScalar

MAX_DEPTH = 100
MAX_VALUES = 500_000
LONGEST_INTEGER = 300

Built: TypeAlias = "JSONScalar | list[Built] | dict[str, Built]"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_FALSE = frozenset({"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})
_INTEGER = re.compile(
    r"[-+]?(?:0|[1-9][0-9_]*|0x_*[0-9a-fA-F][0-9a-fA-F_]*|0o?_*[0-7][0-7_]*|0b_*[01][01_]*)"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document of a stream: its value, and the line (from 1) it starts on."""

    value: Built
    line: int


@dataclass(slots=True)
class _Anchored:
    value: Built
    size: int


@dataclass(slots=True)
class _Builder:
    """Builds one document from events; counts values as if every alias were written out."""

    events: Iterator[yaml.Event]
    anchors: dict[str, _Anchored | None] = field(default_factory=dict)
    values: int = 0

    def build(self, event: yaml.Event, *, depth: int) -> Built:
        """Return the value that starts with ``event``."""
        if depth > MAX_DEPTH:
            raise _problem(event, f"nested more than {MAX_DEPTH} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self.values
        self._count(event, 1)
        anchor = event.anchor if isinstance(event, yaml.NodeEvent) else None
        if anchor is not None:
            self.anchors[anchor] = None
        value: Built
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(event, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(depth)
        elif isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        else:
            raise _problem(event, "unexpected end")
        if anchor is not None:
            self.anchors[anchor] = _Anchored(value, self.values - before)
        return value

    def _alias(self, event: yaml.AliasEvent) -> Built:
        name = event.anchor or ""
        anchored = self.anchors.get(name)
        if anchored is None:
            problem = "refers to itself" if name in self.anchors else "is not defined"
            raise _problem(event, f'the alias "*{name}" {problem}')
        self._count(event, anchored.size)
        return anchored.value

    def _count(self, event: yaml.Event, size: int) -> None:
        self.values += size
        if self.values > MAX_VALUES:
            raise _problem(event, f"more than {MAX_VALUES} values, aliases written out")

    def _sequence(self, depth: int) -> Built:
        items: list[Built] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.build(event, depth=depth + 1))
        return items

    def _mapping(self, start: yaml.Event, depth: int) -> Built:
        own: dict[str, Built] = {}
        merged: list[Built] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
                merged.append(self.build(next(self.events), depth=depth + 1))
                continue
            key = _key(event, self.build(event, depth=depth + 1))
            if key in own:
                raise _problem(event, f'the key "{key}" is there twice')
            own[key] = self.build(next(self.events), depth=depth + 1)
        return {**_merge(start, merged), **own}


def read_yaml(text: str) -> Iterator[YamlDocument]:
    """Yield each document of a YAML stream.

    Raises:
        InvalidError: The text is not YAML, or breaks a bound; the message names the line.
    """
    try:
        events = iter(yaml.parse(text, Loader=_LOADER))
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                first = next(events)
                yield YamlDocument(_Builder(events).build(first, depth=0), _line(first))
    except yaml.YAMLError as error:
        raise InvalidError(f"not valid YAML: {_words(error)}", code="bad_yaml") from error


def is_plain_text(text: str) -> bool:
    """Return whether ``text``, written without quotes, reads back as text."""
    special = text in _NULLS | _TRUE | _FALSE
    number = any(it.fullmatch(text) for it in (_INTEGER, _FLOAT, _NOT_JSON))
    return not special and not number and text != "<<"


def _merge(start: yaml.Event, sources: list[Built]) -> dict[str, Built]:
    merged: dict[str, Built] = {}
    for source in sources:
        for mapping in source if isinstance(source, list) else [source]:
            if not isinstance(mapping, dict):
                raise _problem(start, 'the value of "<<" must be a mapping or a list of them')
            merged = {**mapping, **merged}
    return merged


def _key(event: yaml.Event, key: Built) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise _problem(event, "a key must be text")


def _scalar(event: yaml.ScalarEvent) -> JSONScalar:
    text: str = event.value
    tag: str | None = event.tag
    if tag is not None and tag != "!":
        return _tagged(event, text, tag)
    return _plain(event, text) if event.implicit[0] else text


def _tagged(event: yaml.ScalarEvent, text: str, tag: str) -> JSONScalar:
    if tag == f"{_TAG}str":
        return text
    if tag.startswith("!("):
        return _negation(event, text, tag)
    value = _plain(event, text)
    kinds = {"null": type(None), "bool": bool, "int": int, "float": (int, float)}
    wanted = kinds.get(tag.removeprefix(_TAG))
    if wanted is None or not isinstance(value, wanted):  # type: ignore[arg-type] # a union of them
        raise _problem(event, f"the tag {tag} is not supported here")
    return value


def _negation(event: yaml.ScalarEvent, text: str, tag: str) -> str:
    """Return an expression such as ``!(a == b)`` as it was written, without quotes.

    YAML takes its first word for a tag. Kargo's documentation writes filters this way, and what
    ``kubectl`` makes of them lacks the first word. Only what stands in the text exactly as put
    together here is taken.
    """
    written = f"{tag} {text}" if text else tag
    start, end = event.start_mark, event.end_mark
    length = end.index - start.index if start is not None and end is not None else 0
    if length != len(written):
        raise _problem(event, f'put the text that begins with "{tag}" in quotes')
    return written


def _plain(event: yaml.Event, text: str) -> JSONScalar:
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return _integer(event, text.replace("_", ""))
    if _NOT_JSON.fullmatch(text):
        raise _problem(event, f"{text} is not a number that JSON has")
    return _float(text.replace("_", "")) if _FLOAT.fullmatch(text) else text


def _integer(event: yaml.Event, text: str) -> int | float:
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.removeprefix("+"))
    if len(digits) > LONGEST_INTEGER:
        raise _problem(event, f"a number has more than {LONGEST_INTEGER} digits")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return sign * int(digits, 8)
    return storable_integer(sign * int(digits, 0))


def storable_integer(value: int) -> int | float:
    """Return a number as 64 bits hold it, which larger ones are in only as fractions."""
    return value if -(1 << 63) <= value < 1 << 64 else float(value)


def _float(text: str) -> float | str:
    value = float(text)
    return text if value in (float("inf"), float("-inf")) else value


def _problem(event: yaml.Event, reason: str) -> InvalidError:
    return InvalidError(f"line {_line(event)}: {reason}", code="bad_yaml")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark is not None else str(problem)
