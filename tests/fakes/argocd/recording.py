"""What the fake was asked to do, so that a test can say what must never happen."""

import datetime as dt
import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.fakes.argocd.store import Document

PROMOTION_INFO = "kargo.akuity.io/promotion"
ATTEMPT_INFO = "promoter/attempt"


class Recorded(NamedTuple):
    """One request. ``status`` is what the caller saw; 0 if it saw nothing."""

    at: dt.datetime
    transport: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    content: bytes
    status: int
    token: str

    @property
    def is_write(self) -> bool:
        return self.method not in {"GET", "HEAD"}


class Accepted(NamedTuple):
    """One operation that was accepted, whatever its caller was told."""

    at: dt.datetime
    transport: str
    namespace: str
    name: str
    promotion: str
    attempt: str
    operation: Document
    uid: str = ""


class Written(NamedTuple):
    """One change of an Application that a caller made; ``kind`` is spec, operation or refresh."""

    at: dt.datetime
    transport: str
    namespace: str
    name: str
    kind: str
    authorized_stage: str


@dataclass
class Record:
    """All requests, all accepted operations and writes, and what no client may do."""

    requests: list[Recorded] = field(default_factory=list)
    operations: list[Accepted] = field(default_factory=list)
    writes: list[Written] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def request(self, recorded: Recorded) -> None:
        with self._lock:
            self.requests.append(recorded)

    def sent(self, method: str, path: str = "") -> list[Recorded]:
        """Return the requests with this method, whose path has this in it."""
        with self._lock:
            return [it for it in self.requests if it.method == method and path in it.path]

    def refreshes(self, kind: str) -> list[Written]:
        """Return the refreshes asked for; ``kind`` is normal or hard."""
        return [it for it in self.writes if it.kind == f"refresh:{kind}"]


def info_of(operation: Document | None, name: str) -> str:
    """Return a named piece of an operation's info; empty if it has none."""
    pairs: list[dict[str, Any]] = (operation or {}).get("info") or []
    return next((str(it.get("value", "")) for it in pairs if it.get("name") == name), "")
