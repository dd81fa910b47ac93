"""What may be asked of one Argo CD, whichever way it is reached?

Application documents are kept raw, so that fields nobody here knows survive being written back.
One that was listed or watched is a hint, and trimmed of long lists that nobody decides on: decide
on, and write, one that comes from :meth:`ArgoCD.get`.

Errors are in :mod:`promotions.ports.argocd_errors`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from common.jsontypes import JSONObject
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.markers import Info
from promotions.engine.argocd.selectors import Selector
from promotions.ports.argocd_errors import (
    ArgoCDBusyError,
    ArgoCDError,
    ArgoCDExpiredError,
    ArgoCDForbiddenError,
    ArgoCDNotFoundError,
    ArgoCDRefusedError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
)
from promotions.ports.argocd_findings import Findings, Permission, PlaneState, Scope
from promotions.ports.argocd_windows import SyncWindow, SyncWindows, WindowKind

__all__ = [
    "Accepted",
    "AlreadyInProgress",
    "Ambiguous",
    "AppRef",
    "Application",
    "Applications",
    "ArgoCD",
    "ArgoCDBusyError",
    "ArgoCDError",
    "ArgoCDExpiredError",
    "ArgoCDForbiddenError",
    "ArgoCDNotFoundError",
    "ArgoCDRefusedError",
    "ArgoCDUnauthorizedError",
    "ArgoCDUnavailableError",
    "BlockedByWindow",
    "Conflict",
    "ControlPlanes",
    "Findings",
    "Info",
    "NothingRunning",
    "OperationRequest",
    "Outcome",
    "Permission",
    "PlaneState",
    "Refused",
    "Scope",
    "Selection",
    "Selector",
    "SyncWindow",
    "SyncWindows",
    "TerminateOutcome",
    "Transport",
    "WatchEvent",
    "WatchKind",
    "WindowKind",
]


class Transport(StrEnum):
    """By which API an Argo CD is reached."""

    REST = "rest"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class AppRef:
    """Names one application.

    Attributes:
        namespace: Of the resource; empty is the control plane's default.
        name: Of the resource.
        project: The AppProject it must belong to. Without one, Argo CD's REST API hides whether
            an application is missing or forbidden.
    """

    namespace: str
    name: str
    project: str = ""

    def __str__(self) -> str:
        return f'"{self.name}" in namespace "{self.namespace}"'


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A sync to start, and what to change in the spec first.

    Attributes:
        infos: All marks to leave on it; see ``promotions.engine.argocd.markers``.
        actor: Who wants it, kept as its initiator where the transport allows; may be empty.
        sources: All sources as they shall be, made from :attr:`Application.sources` of the
            application that is passed along, in its order; ``None`` leaves the spec alone.
        automated: Nobody asked for it in person: windows apply as they do to automatic syncs.
    """

    infos: tuple[Info, ...]
    actor: str = ""
    sources: tuple[JSONObject, ...] | None = None
    automated: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """The operation was asked for; ``application`` is what Argo CD answered, if it did."""

    application: Application | None = None


@dataclass(frozen=True, slots=True)
class AlreadyInProgress:
    """Another operation runs, possibly ours: read again, and wait if it is not."""

    message: str


@dataclass(frozen=True, slots=True)
class BlockedByWindow:
    """A sync window forbids it now; ask again later. No failure."""

    message: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Argo CD will not, and would not later: a missing right, an invalid spec, a deletion.

    Attributes:
        status: HTTP status; 0 if it was refused here.
    """

    message: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """It may have happened or not: read again; only a clean read allows to ask again."""

    message: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """The application changed since it was read, and nothing was done: read and decide again."""

    message: str


@dataclass(frozen=True, slots=True)
class NothingRunning:
    """There is no operation to terminate."""


Outcome: TypeAlias = Accepted | AlreadyInProgress | BlockedByWindow | Refused | Ambiguous | Conflict
"""What came of asking for an operation."""

TerminateOutcome: TypeAlias = Accepted | NothingRunning | Refused | Ambiguous | Conflict
"""What came of asking to terminate one."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which applications to list or watch; everything is ANDed.

    Attributes:
        selector: On labels; ``None`` is any.
        namespace: Empty is every namespace that the account sees.
        projects: AppProjects; empty is any.
    """

    selector: Selector | None = None
    namespace: str = ""
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Applications:
    """A list, sorted by namespace and name, trimmed, and where a watch may go on from."""

    items: tuple[Application, ...]
    resource_version: str = ""


class WatchKind(StrEnum):
    """What a watch says."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    BOOKMARK = "BOOKMARK"


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One word of a watch.

    Attributes:
        application: Trimmed; ``None`` for a bookmark, which may also be no more than a sign of
            life, so that a listener can see whether it shall stop.
        resource_version: Where to go on from after a break; empty if this does not tell.
    """

    kind: WatchKind
    application: Application | None = None
    resource_version: str = ""


class ArgoCD(Protocol):
    """One Argo CD, as one account. Safe to share by threads.

    Every method but :meth:`check` raises :class:`ArgoCDError` of the kinds that the module names.
    """

    @property
    def transport(self) -> Transport:
        """By which API it is reached."""
        ...

    @property
    def default_namespace(self) -> str:
        """The namespace of applications that name none."""
        ...

    def get(self, ref: AppRef) -> Application:
        """Return an application, read live and whole.

        Raises:
            ArgoCDNotFoundError: It is missing, or in another AppProject than ``ref`` says.
            ArgoCDForbiddenError: It is missing or forbidden; the message says which it may be.
        """
        ...

    def list(self, selection: Selection) -> Applications:
        """Return the applications that are selected; not more than the gateway's limit.

        Raises:
            ArgoCDRefusedError: There are more (``argocd_too_many``).
        """
        ...

    def refresh(self, ref: AppRef, *, hard: bool = False) -> bool:
        """Ask the controller to compare again; return whether it was asked now.

        ``False``: a hard refresh of this application was asked for less than 30 s ago.
        """
        ...

    def initiate(self, app: Application, request: OperationRequest) -> Outcome:
        """Start an operation on an application as it was read, unless it has changed since.

        Nothing is sent twice. A missing right, a deletion and the like are outcomes; a refused
        token, a circuit that is open and our own limits are errors, and then nothing was done.
        """
        ...

    def terminate(self, app: Application) -> TerminateOutcome:
        """End the operation that ``app`` was seen to run."""
        ...

    def sync_windows(self, app: Application) -> SyncWindows:
        """Return the sync windows that concern an application.

        Raises:
            ArgoCDRefusedError: One of them cannot be understood (``argocd_invalid_window``).
        """
        ...

    def watch(
        self, selection: Selection, *, resource_version: str = ""
    ) -> AbstractContextManager[Iterator[WatchEvent]]:
        """Give events until Argo CD ends the stream; they may be late, doubled or missing.

        Raises:
            ArgoCDExpiredError: Begin anew with :meth:`list`.
            ArgoCDUnavailableError: The stream broke, or was silent for too long.
        """
        ...

    def check(self, scopes: tuple[Scope, ...] = (), *, now: datetime) -> Findings:
        """Return what the account is, and may do; what goes wrong is a finding, not an error."""
        ...


class ControlPlanes(Protocol):
    """Finds the Argo CD that a stage's steps address."""

    def for_shard(self, *, tenant_uid: str, shard: str, project_uid: str) -> ArgoCD | None:
        """Return the Argo CD of a shard (empty: the default one), if the project may use it.

        ``None`` if there is none, or it is not bound to the project.
        """
        ...

    def tell_refused(self, *, tenant_uid: str, shard: str, project_uid: str) -> None:
        """Take note that the Argo CD of a shard refused the credential."""
        ...
