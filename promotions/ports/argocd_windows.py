"""When does an Argo CD let applications be synced?"""

from dataclasses import dataclass
from enum import StrEnum


class WindowKind(StrEnum):
    """What a sync window says while it is active."""

    ALLOW = "allow"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class SyncWindow:
    """A sync window of an AppProject: ``schedule`` is a cron line, ``duration`` as in Go."""

    kind: WindowKind
    schedule: str
    duration: str
    manual_sync: bool = False
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class SyncWindows:
    """The sync windows that concern an application.

    Attributes:
        assigned: All of them, as far as the account may see.
        active: Those that are active now; ``None`` if that is not known.
    """

    assigned: tuple[SyncWindow, ...]
    active: tuple[SyncWindow, ...] | None

    def permits(self, *, automated: bool) -> bool | None:
        """Return whether a sync may begin now; ``None`` if that is not known.

        Source: Argo CD ``SyncWindows.CanSync``.
        """
        if self.active is None:
            return None if self.assigned else True
        denying = [it for it in self.active if it.kind is WindowKind.DENY]
        if denying:
            return not automated and all(it.manual_sync for it in denying)
        if self.active:
            return True
        allowing = [it for it in self.assigned if it.kind is WindowKind.ALLOW]
        return not allowing or (not automated and all(it.manual_sync for it in allowing))
