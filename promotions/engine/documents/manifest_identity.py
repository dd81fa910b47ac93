"""What does a Kubernetes manifest call itself?

Reads no further than it must, and without putting values together: there may be many manifests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import yaml

from common.errors import InvalidError
from promotions.engine.documents.yaml_nodes import (
    COLLECTION_ENDS,
    MAX_DEPTH,
    Kind,
    YamlEvent,
    YamlNode,
    one_line,
)
from promotions.engine.documents.yaml_values import resolved_tag

_SCALAR: type[object] = yaml.ScalarEvent
_MAPPING: type[object] = yaml.MappingStartEvent
_SEQUENCE: type[object] = yaml.SequenceStartEvent
_STARTS: frozenset[type[object]] = frozenset({yaml.StreamStartEvent, yaml.DocumentStartEvent})
_ENDS: frozenset[type[object]] = frozenset({yaml.StreamEndEvent, yaml.DocumentEndEvent})
_STRING = "tag:yaml.org,2002:str"
_PARTS = (("apiVersion",), ("kind",), ("metadata", "namespace"), ("metadata", "name"))
_ITEM = "-"
"""Stands for a key inside a sequence, which has none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a manifest calls itself; what it leaves out is empty."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def group(self) -> str:
        """Return the API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def version(self) -> str:
        """Return the version within the group."""
        return self.api_version.rpartition("/")[2]


def read_identity(document: str) -> Identity:
    """Return what a manifest calls itself; a part that is not text makes it nameless.

    Raises:
        InvalidError: It is not YAML, or nested too deeply.
    """
    found: dict[tuple[str | None, ...], str] = {}
    for path, event in _scalars(document):
        if path not in _PARTS:
            continue
        if resolved_tag(YamlNode(event, Kind.SCALAR, 0)) != _STRING:
            return Identity()
        found[path] = event.value
        if len(found) == len(_PARTS):
            break
    return Identity(*(found.get(path, "") for path in _PARTS))


def _scalars(document: str) -> Iterator[tuple[tuple[str | None, ...], YamlEvent]]:
    """Yield the scalars in mappings with the keys that lead to them."""
    keys: list[str | None] = []
    """One a level; ``None`` where a key comes next."""
    for event in _events(document):
        kind = type(event)
        if kind is _MAPPING or kind is _SEQUENCE:
            if len(keys) > MAX_DEPTH:
                raise InvalidError(f"the YAML is nested deeper than {MAX_DEPTH} levels")
            keys.append(None if kind is _MAPPING else _ITEM)
            continue
        if kind in COLLECTION_ENDS:
            keys.pop()
        elif kind is _SCALAR and keys and keys[-1] is None:
            keys[-1] = event.value
            continue
        elif kind is _SCALAR:
            yield tuple(keys), event
        if keys and keys[-1] != _ITEM:
            keys[-1] = "" if keys[-1] is None else None  # a key may be a collection, too


def _events(document: str) -> Iterator[YamlEvent]:
    """Yield the values of the first document as the parser reports them."""
    try:
        parser = yaml.CBaseLoader(document)
        try:
            next_event = cast("Callable[[], YamlEvent]", parser.get_event)
            while type(event := next_event()) not in _ENDS:
                if type(event) not in _STARTS:
                    yield event
        finally:
            parser.dispose()
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidError(f"error unmarshaling YAML: {one_line(error)}") from error
