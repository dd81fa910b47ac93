"""The manifest of a ClusterMessageChannel: one that all projects of a tenant may write to."""

from collections.abc import Iterator
from typing import Any

from common.errors import FieldProblem
from projects.models.secret import SYSTEM_NAMESPACE
from promotions.manifests.message_channel import (
    MESSAGES_API,
    AnyMessageChannelManifest,
    channel_problems,
)
from promotions.manifests.metadata import manifest_to, metadata_to
from promotions.models import ClusterMessageChannel

_NAMESPACES = frozenset({SYSTEM_NAMESPACE, "kargo-cluster-secrets"})


class ClusterMessageChannelManifest(AnyMessageChannelManifest):
    """A ClusterMessageChannel as somebody wrote it."""


def problems(manifest: ClusterMessageChannelManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    yield from channel_problems(manifest.spec)
    reference = manifest.spec.secret_ref
    if reference is not None and reference.namespace not in {None, "", *_NAMESPACES}:
        reason = f'must be "{SYSTEM_NAMESPACE}", where the tenant\'s own Secrets are'
        yield FieldProblem("spec.secretRef.namespace", reason)


def to_manifest(channel: ClusterMessageChannel) -> dict[str, Any]:
    """Write a ClusterMessageChannel as Kargo's JSON."""
    return manifest_to(
        "ClusterMessageChannel",
        metadata_to(channel),
        api_version=MESSAGES_API,
        spec=channel.spec,
    )
