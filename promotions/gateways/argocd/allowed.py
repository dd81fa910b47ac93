"""Keeps what is asked of an Argo CD to the namespaces that its control plane allows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from promotions.engine.argocd.application import Application
from promotions.ports.argocd import (
    Applications,
    AppRef,
    ArgoCD,
    OperationRequest,
    Outcome,
    Selection,
    SyncWindows,
    TerminateOutcome,
    Transport,
    WatchEvent,
)
from promotions.ports.argocd_access import PlaneAccess
from promotions.ports.argocd_errors import ArgoCDForbiddenError
from promotions.ports.argocd_findings import Findings, Scope

NAMED_NAMESPACES = 10
"""How many of the namespaces that are allowed a message names."""


class AllowedArgoCD:
    """Satisfies :class:`promotions.ports.argocd.ArgoCD`, for some namespaces of one.

    What names another is an error (``argocd_namespace_not_allowed``), and nothing is asked; of
    what names none, no more is seen than is allowed.
    """

    def __init__(self, argocd: ArgoCD, access: PlaneAccess) -> None:
        self._argocd = argocd
        self._name = access.name
        self._allowed = access.allowed_namespaces

    @property
    def transport(self) -> Transport:
        """By which API it is reached."""
        return self._argocd.transport

    @property
    def default_namespace(self) -> str:
        """The namespace of applications that name none; it is not always allowed."""
        return self._argocd.default_namespace

    def get(self, ref: AppRef) -> Application:
        """Read an application of an allowed namespace."""
        self._check(ref.namespace)
        return self._argocd.get(ref)

    def list(self, selection: Selection) -> Applications:
        """Return the applications of the allowed namespaces."""
        found = self._argocd.list(self._narrowed(selection))
        return replace(found, items=tuple(it for it in found.items if self._allows(it)))

    def refresh(self, ref: AppRef, *, hard: bool = False) -> bool:
        """Refresh an application of an allowed namespace."""
        self._check(ref.namespace)
        return self._argocd.refresh(ref, hard=hard)

    def initiate(self, app: Application, request: OperationRequest) -> Outcome:
        """Start an operation on an application of an allowed namespace."""
        self._check(app.namespace)
        return self._argocd.initiate(app, request)

    def terminate(self, app: Application) -> TerminateOutcome:
        """End the operation of an application of an allowed namespace."""
        self._check(app.namespace)
        return self._argocd.terminate(app)

    def sync_windows(self, app: Application) -> SyncWindows:
        """Return the windows of an application of an allowed namespace."""
        self._check(app.namespace)
        return self._argocd.sync_windows(app)

    @contextmanager
    def watch(
        self, selection: Selection, *, resource_version: str = ""
    ) -> Iterator[Iterator[WatchEvent]]:
        """Give the events of the allowed namespaces, and all signs of life."""
        watching = self._argocd.watch(self._narrowed(selection), resource_version=resource_version)
        with watching as events:
            yield (it for it in events if it.application is None or self._allows(it.application))

    def check(self, scopes: tuple[Scope, ...] = (), *, now: datetime) -> Findings:
        """Ask who the account is and what it may do."""
        return self._argocd.check(scopes, now=now)

    def _allows(self, app: Application) -> bool:
        return app.namespace in self._allowed

    def _narrowed(self, selection: Selection) -> Selection:
        """Return the selection; where no more than one namespace is allowed, of that one."""
        if selection.namespace:
            self._check(selection.namespace)
            return selection
        return replace(selection, namespace=self._allowed[0] if len(self._allowed) == 1 else "")

    def _check(self, namespace: str) -> None:
        meant = namespace or self.default_namespace
        if meant in self._allowed:
            return
        named = ", ".join(self._allowed[:NAMED_NAMESPACES])
        more = len(self._allowed) - NAMED_NAMESPACES
        raise ArgoCDForbiddenError(
            f'The control plane "{self._name}" is not for Applications in namespace "{meant}", but'
            f" for those in {named}{f' and {more} more' if more > 0 else ''}. Name one of these"
            " namespaces, or have its administrator add this one to allowedNamespaces.",
            code="argocd_namespace_not_allowed",
        )
