"""Which Kubernetes resources differ between two sets of manifests, and how?

What a person reviews is resources, not files: a resource that moved to another file is the same,
and one that was only written differently has not changed.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

import yaml

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.documents.yaml_values import load_document

MAX_LINES = 2000
"""Lines of difference kept for one resource."""

MAX_RESOURCES = 500
"""Changed resources listed."""


_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)


class _Plain(yaml.SafeDumper):
    """Writes keys in order, and what is shared as often as it is there."""

    def ignore_aliases(self, _value: object) -> bool:
        return True


class ChangeKind(StrEnum):
    """What becomes of a resource."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, order=True)
class ResourceName:
    """What identifies a resource: the version of its API does not."""

    namespace: str
    kind: str
    group: str
    name: str

    def __str__(self) -> str:
        prefix = f"{self.namespace}/" if self.namespace else ""
        suffix = f".{self.group}" if self.group else ""
        return f"{self.kind}{suffix} {prefix}{self.name}"


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource that differs; ``patch`` is a unified difference of its YAML."""

    name: ResourceName
    change: ChangeKind
    patch: str


def manifest_changes(before: Iterable[str], after: Iterable[str]) -> tuple[ResourceChange, ...]:
    """Return the resources that differ, in the order of their names, at most ``MAX_RESOURCES``.

    Text that is no YAML, and documents that are no resources, are passed over.
    """
    old, new = _resources(before), _resources(after)
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return tuple(_change(name, old.get(name), new.get(name)) for name in names[:MAX_RESOURCES])


def is_manifest(text: str) -> bool:
    """Return whether the text holds at least one Kubernetes resource."""
    return bool(_resources([text]))


def _resources(texts: Iterable[str]) -> Mapping[ResourceName, JSONObject]:
    found: dict[ResourceName, JSONObject] = {}
    for text in texts:
        for document in _documents(text):
            name = _name_of(document)
            if name is not None:
                found[name] = as_object(document)
    return found


def _documents(text: str) -> Iterator[JSONValue]:
    for part in _SEPARATOR.split(text):
        try:
            yield load_document(part)
        except InvalidError:
            continue


def _name_of(document: JSONValue) -> ResourceName | None:
    if not isinstance(document, Mapping):
        return None
    metadata = document.get("metadata")
    kind, version = document.get("kind"), document.get("apiVersion")
    if not isinstance(metadata, Mapping) or not (
        isinstance(kind, str) and isinstance(version, str)
    ):
        return None
    name = as_text(metadata.get("name")) or as_text(metadata.get("generateName"))
    if not name:
        return None
    group = version.rpartition("/")[0]
    return ResourceName(as_text(metadata.get("namespace")), kind, group, name)


def _change(name: ResourceName, old: JSONObject | None, new: JSONObject | None) -> ResourceChange:
    kind = ChangeKind.CHANGED
    if old is None or new is None:
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
    lines = difflib.unified_diff(_lines(old), _lines(new), "before", "after", lineterm="", n=3)
    return ResourceChange(name, kind, "\n".join(islice(lines, MAX_LINES)))


def _lines(resource: JSONObject | None) -> list[str]:
    if resource is None:
        return []
    return yaml.dump(resource, Dumper=_Plain, allow_unicode=True, width=MAX_LINES).splitlines()
