"""Which control planes a tenant has, which one serves a Stage, and what to worry about."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from common.errors import NotFoundError
from common.jsontypes import as_list, as_object, as_text
from projects.models import ControlPlane, Project, Tenant
from projects.models.control_plane import ControlPlaneState
from promotions.engine.argocd.bearer_tokens import MARGIN
from promotions.ports.argocd import ArgoCD
from promotions.ports.argocd_access import ArgoCDs
from promotions.ports.argocd_errors import ArgoCDUnavailableError
from promotions.ports.argocd_findings import RENEW_TOKEN
from promotions.selectors.plane_access import reach_of, secret_name, secret_of

_MOST_OPEN = 1024
_LOST = frozenset({ControlPlaneState.UNREACHABLE, ControlPlaneState.UNAUTHORIZED})
"""States in which a check found that nothing can be asked."""
WARNED_DAYS = (1, 7, 14)
"""How many days before a credential ends people are warned, and warned again."""


def control_planes_of(tenant: Tenant, *, after: str = "") -> QuerySet[ControlPlane]:
    """Return a tenant's control planes by name; ``after`` is the last one of the page before."""
    rows = ControlPlane.objects.filter(tenant=tenant, name__gt=after)
    return rows.select_related("tenant").order_by("name", "pk")


def control_plane_named(tenant: Tenant, name: str) -> ControlPlane:
    """Return a tenant's control plane.

    Raises:
        NotFoundError: There is none of that name.
    """
    found = control_planes_of(tenant).filter(name=name).first()
    if found is None:
        raise NotFoundError(f'controlplanes.platform.kargo.io "{name}" not found')
    return found


def control_plane_by_uid(uid: UUID) -> ControlPlane | None:
    """Return a control plane, unless it was deleted."""
    return ControlPlane.objects.filter(uid=uid).select_related("tenant").first()


def control_plane_for(
    *, tenant_uid: UUID | str, shard: str, project_uid: UUID | str
) -> ControlPlane | None:
    """Return the control plane that Stages of a shard and project address, switched off or not.

    One that names the project comes before one that serves all of them.
    """
    sought = Project.objects.filter(tenant__uid=tenant_uid, uid=project_uid)
    project = sought.values_list("name", "tenant_id").first()
    if project is None:
        return None
    name, tenant_id = project
    # Of the many that a shard may have, no more is read than tells which one it is.
    rows = ControlPlane.objects.filter(tenant_id=tenant_id, shard=plane_shard(shard))
    found = [it for it in rows.only("spec") if serves(it, name)]
    chosen = min(found, key=_precedence, default=None)
    return rows.select_related("tenant").filter(pk=chosen.pk).first() if chosen else None


def is_answering(*, tenant_uid: UUID | str, shard: str, project_uid: UUID | str) -> bool:
    """Return whether there is a control plane to address that is not known to be lost or off."""
    plane = control_plane_for(tenant_uid=tenant_uid, shard=shard, project_uid=project_uid)
    return plane is not None and plane.is_enabled and plane.state not in _LOST


def preferred(planes: Iterable[ControlPlane]) -> ControlPlane | None:
    """Return which of those that serve one shard and project is addressed; ``None`` of none."""
    return min(planes, key=_precedence, default=None)


def serves(plane: ControlPlane, project: str) -> bool:
    """Return whether a control plane is bound to a project, or to all of its tenant."""
    bound = bound_projects(plane)
    return not bound or project in bound


def bound_projects(plane: ControlPlane) -> tuple[str, ...]:
    """Return the projects by name that a control plane is bound to; empty is all of its tenant."""
    return tuple(map(as_text, as_list(plane.spec.get("projects"))))


def plane_shard(shard: str) -> str:
    """Return a shard as control planes name it: the default one is empty."""
    return "" if shard == settings.DEFAULT_SHARD else shard


def work_shard(shard: str) -> str:
    """Return a shard as workers name it."""
    return shard or str(settings.DEFAULT_SHARD)


def warnings_of(plane: ControlPlane, *, now: datetime) -> tuple[str, ...]:
    """Return what somebody should do something about soon, in words."""
    is_late = not renews_itself(plane) or _is_soon(plane.expires_at, now=now)
    found = [
        _expiry_warning("The credential", plane.expires_at, now=now) if is_late else "",
        _expiry_warning("The next credential", plane.next_expires_at, now=now),
    ]
    if plane.next_credential_mark and plane.state != ControlPlaneState.DISABLED:
        found.append("The next credential is kept beside the current one until a check accepts it.")
    return tuple(it for it in found if it)


def renews_itself(plane: ControlPlane) -> bool:
    """Return whether the platform gets the next credential by the one in use, before it ends."""
    found = map(as_object, as_list(plane.permissions))
    may = any(it.get("action") == RENEW_TOKEN and it.get("allowed") is True for it in found)
    return may and not secret_name(plane)


def missing_permissions(plane: ControlPlane) -> tuple[str, ...]:
    """Return the rights that the last check missed, each with what does not work without it."""
    found = map(as_object, as_list(plane.permissions))
    return tuple(
        f"{as_text(it.get('action'))} on {as_text(it.get('scope'))}: "
        f"{'missing' if it.get('allowed') is False else 'not known'}"
        f"{', optional' if it.get('required') is False else ''}; "
        f"needed to {as_text(it.get('purpose'))}"
        for it in found
        if it.get("allowed") is not True
    )


def _precedence(plane: ControlPlane) -> tuple[bool, int]:
    return not as_list(plane.spec.get("projects")), plane.pk


def _is_soon(at: datetime | None, *, now: datetime) -> bool:
    return at is not None and at - now <= MARGIN


def _expiry_warning(noun: str, at: datetime | None, *, now: datetime) -> str:
    if at is None:
        return ""
    left, when = at - now, at.strftime("%Y-%m-%d %H:%M UTC")
    if left <= timedelta(0):
        return f"{noun} expired on {when}; rotate it."
    days = next((it for it in WARNED_DAYS if left <= timedelta(days=it)), None)
    if days is None:
        return ""
    return f"{noun} expires on {when}, in less than {days} day{'s' if days > 1 else ''}; rotate it."


class OpenControlPlanes:
    """:class:`~promotions.ports.argocd.ControlPlanes` in the database, opened when asked for.

    Safe to share by threads.

    Args:
        argocds: Opens them.
        doubt: Is given one that refused us, to have it checked.
    """

    def __init__(
        self, argocds: ArgoCDs, *, doubt: Callable[[ControlPlane], None] = lambda _plane: None
    ) -> None:
        self._argocds = argocds
        self._doubt = doubt
        self._open: dict[UUID, tuple[tuple[int, int], ArgoCD]] = {}

    def for_shard(self, *, tenant_uid: str, shard: str, project_uid: str) -> ArgoCD | None:
        """Return the Argo CD of a shard (empty: the default one), if the project may use it.

        Raises:
            ArgoCDUnavailableError: It is switched off.
            ConflictError: It has no credential.
        """
        plane = control_plane_for(tenant_uid=tenant_uid, shard=shard, project_uid=project_uid)
        return self.argocd_of(plane) if plane is not None else None

    def tell_refused(self, *, tenant_uid: str, shard: str, project_uid: str) -> None:
        """Have the Argo CD of a shard checked, since it refused the credential."""
        plane = control_plane_for(tenant_uid=tenant_uid, shard=shard, project_uid=project_uid)
        if plane is not None:
            self._doubt(plane)

    def argocd_of(self, plane: ControlPlane) -> ArgoCD:
        """Return the Argo CD of a control plane; as :meth:`for_shard`."""
        if not plane.is_enabled:
            raise ArgoCDUnavailableError(
                f'The control plane "{plane.name}" is switched off; enable it to go on.',
                retryable=True,
            )
        secret = secret_of(plane)
        version = (plane.generation, secret.revision if secret else 0)
        kept = self._open.get(plane.uid)
        if kept is not None and kept[0] == version:
            return kept[1]
        argocd = self._argocds.open(reach_of(plane).by_all())
        if len(self._open) >= _MOST_OPEN:
            self._open.clear()
        self._open[plane.uid] = (version, argocd)
        return argocd
