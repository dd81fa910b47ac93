"""What has changed about Argo CD Applications, gathered by many until one stores it?"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Condition
from uuid import UUID

from promotions.engine.argocd.addressed import AddressedApp


@dataclass(frozen=True, slots=True)
class PlaneKey:
    """Whose Applications, and which Stages address them.

    Attributes:
        projects: By name, those whose Stages it is; empty is any of the tenant.
    """

    tenant_uid: UUID
    shard: str
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed Applications by control plane; safe to share by threads.

    However often one changes before it is taken, it is taken once.
    """

    _waiting: dict[PlaneKey, set[AddressedApp]] = field(default_factory=dict)
    _arrived: Condition = field(default_factory=Condition)

    def add(self, plane: PlaneKey, applications: Iterable[AddressedApp]) -> None:
        """Add what has changed."""
        found = set(applications)
        if not found:
            return
        with self._arrived:
            self._waiting.setdefault(plane, set()).update(found)
            self._arrived.notify()

    def take(self, *, seconds: float) -> dict[PlaneKey, set[AddressedApp]]:
        """Return and forget what has changed; wait for something so long if there is nothing."""
        with self._arrived:
            if not self._waiting:
                self._arrived.wait(seconds)
            taken = dict(self._waiting)
            self._waiting.clear()
        return taken
