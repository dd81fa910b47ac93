"""The manifest of the ClusterConfig: a tenant's Git identity, webhooks, windows, links."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from common.errors import FieldProblem
from projects.models import ClusterConfig
from promotions.manifests.config_parts import (
    Link,
    Receiver,
    Window,
    receiver_problems,
    window_problems,
)
from promotions.manifests.metadata import (
    REFRESH,
    Manifest,
    config_status,
    manifest_to,
    metadata_to,
)
from promotions.manifests.schema import Model, NamedReference, Text, matching
from promotions.manifests.webhook_receivers import receivers_to

NAME = "cluster"
_EMAIL = r"[^@\s]+@[^@\s]+"


class GitClient(Model):
    """Who authors commits in this tenant."""

    name: Text
    email: Annotated[str, matching(_EMAIL, "an e-mail address")]
    signing_key_secret: NamedReference | None = None


class ClusterConfigSpec(Model):
    """Everything a tenant can configure."""

    git_client: GitClient | None = None
    webhook_receivers: list[Receiver] | None = None
    promotion_windows: list[Window] | None = None
    freight_links: list[Link] | None = None
    stage_links: list[Link] | None = None


class ClusterConfigManifest(Manifest):
    """A ClusterConfig as somebody wrote it."""

    spec: Annotated[ClusterConfigSpec, Field(default_factory=ClusterConfigSpec)]


def problems(manifest: ClusterConfigManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    if manifest.metadata.name != NAME:
        reason = f'must be "{NAME}", for there is one, not "{manifest.metadata.name}"'
        yield FieldProblem("metadata.name", reason)
    spec = manifest.spec
    yield from receiver_problems(spec.webhook_receivers or [], path="spec.webhookReceivers")
    yield from window_problems(
        spec.promotion_windows or [], path="spec.promotionWindows", has_projects=True
    )


def to_manifest(config: ClusterConfig) -> dict[str, Any]:
    """Write the ClusterConfig as Kargo's JSON."""
    metadata = metadata_to(config, annotations={REFRESH: config.refresh_token})
    status = config_status(
        config.conditions,
        handled_refresh=config.handled_refresh,
        observed_generation=config.generation if config.conditions else 0,
        receivers=receivers_to(config),
    )
    return manifest_to("ClusterConfig", metadata, spec=config.spec, status=status)
