"""What exists in the fake: objects as raw documents, their versions, and every change in order."""

import copy
import itertools
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from tests.fakes.argocd.clock import VirtualClock

Document: TypeAlias = dict[str, Any]
APPLICATIONS, PROJECTS, APPSETS = "applications", "appprojects", "applicationsets"
JOBS, PODS, EVENTS, DEPLOYMENTS = "jobs", "pods", "events", "deployments"

API_VERSIONS = {
    APPLICATIONS: ("argoproj.io/v1alpha1", "Application"),
    PROJECTS: ("argoproj.io/v1alpha1", "AppProject"),
    APPSETS: ("argoproj.io/v1alpha1", "ApplicationSet"),
    JOBS: ("batch/v1", "Job"),
    PODS: ("v1", "Pod"),
    EVENTS: ("v1", "Event"),
    DEPLOYMENTS: ("apps/v1", "Deployment"),
}


class Key(NamedTuple):
    """Which object."""

    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class Change:
    """One version of an object. ``type`` is ADDED, MODIFIED or DELETED."""

    version: int
    type: str
    key: Key
    before: Document | None
    document: Document


class MissingError(LookupError):
    """There is no such object."""


class ExistsError(ValueError):
    """There is such an object already."""


Listener: TypeAlias = Callable[[Change], None]


@dataclass
class Store:
    """All objects. Nobody else keeps a document: what is read is a copy.

    Attributes:
        version: The newest ``resourceVersion``.
        compacted: The newest version that is no longer remembered; who asks from before it is
            too late.
        listeners: Called after each change, under the lock.
    """

    clock: VirtualClock
    version: int = 90_000
    compacted: int = 0
    changes: list[Change] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    _objects: dict[Key, Document] = field(default_factory=dict)
    _serial: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def lock(self) -> threading.Condition:
        return self.clock.changed

    def find(self, kind: str, namespace: str, name: str) -> Document | None:
        """Return a copy of an object, or ``None``."""
        with self.lock:
            return copy.deepcopy(self._objects.get(Key(kind, namespace, name)))

    def get(self, kind: str, namespace: str, name: str) -> Document:
        """Return a copy of an object.

        Raises:
            MissingError: There is none.
        """
        found = self.find(kind, namespace, name)
        if found is None:
            raise MissingError(name)
        return found

    def all(self, kind: str, namespace: str = "") -> list[Document]:
        """Return copies of all objects of a kind, by name and then namespace."""
        return copy.deepcopy(self.shown(kind, namespace))

    def shown(self, kind: str, namespace: str = "") -> list[Document]:
        """Return what :meth:`all` does, for somebody who only reads: nothing is copied."""
        with self.lock:
            keys = [key for key in self._objects if key.kind == kind]
            chosen = [key for key in keys if namespace in {"", key.namespace}]
            ordered = sorted(chosen, key=lambda key: (key.name, key.namespace))
            return [self._objects[key] for key in ordered]

    def add(self, kind: str, document: Document) -> Document:
        """Create an object, with its uid and creation time.

        Raises:
            ExistsError: There is one of that name.
        """
        api_version, kind_name = API_VERSIONS[kind]
        new = {"apiVersion": api_version, "kind": kind_name, **copy.deepcopy(document)}
        meta = new["metadata"]
        with self.lock:
            key = Key(kind, meta.setdefault("namespace", "argocd"), meta["name"])
            if key in self._objects:
                raise ExistsError(key.name)
            meta.setdefault("uid", str(uuid.UUID(int=next(self._serial) + (1 << 120))))
            meta.setdefault("creationTimestamp", self.clock.stamp())
            meta["generation"] = 1
            return self._record("ADDED", key, None, new)

    def change(self, key: Key, edit: Callable[[Document], Document | None]) -> Document:
        """Replace an object by what ``edit`` makes of a copy (or returns); nothing new, no version.

        Raises:
            MissingError: There is none.
        """
        with self.lock:
            before = self._objects.get(key)
            if before is None:
                raise MissingError(key.name)
            draft = copy.deepcopy(before)
            after = edit(draft) or draft
            if after == before:
                return copy.deepcopy(before)
            if after.get("spec") != before.get("spec"):
                after["metadata"]["generation"] = before["metadata"].get("generation", 1) + 1
            return self._record("MODIFIED", key, before, after)

    def remove(self, key: Key) -> None:
        """Delete an object for good; without finalizers nobody sees it go."""
        with self.lock:
            before = self._objects.pop(key, None)
            if before is not None:
                self._note("DELETED", key, before, copy.deepcopy(before))

    def compact(self) -> None:
        """Forget all changes so far, as etcd does: who resumes from before now gets a 410."""
        with self.lock:
            self.compacted = self.version
            self.lock.notify_all()

    def since(self, version: int, kinds: Iterable[str]) -> list[Change]:
        """Return the changes after a version."""
        wanted = frozenset(kinds)
        with self.lock:
            start = len(self.changes)
            while start and self.changes[start - 1].version > version:
                start -= 1
            return [it for it in self.changes[start:] if it.key.kind in wanted]

    def _record(self, type_: str, key: Key, before: Document | None, after: Document) -> Document:
        self._objects[key] = after
        self._note(type_, key, before, after)
        return copy.deepcopy(self._objects[key])

    def _note(self, type_: str, key: Key, before: Document | None, after: Document) -> None:
        self.version += 1
        after["metadata"]["resourceVersion"] = str(self.version)
        change = Change(self.version, type_, key, before, copy.deepcopy(after))
        self.changes.append(change)
        for listener in self.listeners:
            listener(change)
        self.lock.notify_all()
