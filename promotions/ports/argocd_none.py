"""What answers for Argo CD where none is connected?"""

from promotions.ports.argocd import ArgoCD


class NoControlPlanes:
    """:class:`~promotions.ports.argocd.ControlPlanes` without any."""

    def for_shard(self, *, tenant_uid: str, shard: str, project_uid: str) -> ArgoCD | None:  # noqa: ARG002 # the protocol's
        """Return that there is none."""
        return None

    def tell_refused(self, *, tenant_uid: str, shard: str, project_uid: str) -> None:
        """Do nothing: there is none that could refuse."""
