"""The manifest of a Warehouse: what to watch, and what was found."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from common.errors import FieldProblem
from promotions.manifests.metadata import (
    REFRESH,
    SHARD_LABEL,
    Manifest,
    manifest_to,
    metadata_to,
    present,
)
from promotions.manifests.schema import Duration, Model
from promotions.manifests.subscriptions import Subscription, subscription_problems
from promotions.models import Warehouse


class FreightCreationCriteria(Model):
    """An expression over what was discovered; Freight is made when it is true."""

    expression: str | None = None


class WarehouseSpec(Model):
    """What to watch, how often, and whether Freight is made of it by itself."""

    shard: str | None = None
    interval: Duration = "5m0s"
    freight_creation_policy: Literal["Automatic", "Manual"] = "Automatic"
    freight_creation_criteria: FreightCreationCriteria | None = None
    subscriptions: Annotated[list[Subscription], Field(min_length=1)]


class WarehouseManifest(Manifest):
    """A Warehouse as somebody wrote it."""

    spec: WarehouseSpec


def problems(manifest: WarehouseManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    yield from subscription_problems(manifest.spec.subscriptions, path="spec.subscriptions")


def to_manifest(warehouse: Warehouse) -> dict[str, Any]:
    """Write a Warehouse as Kargo's JSON; reads ``warehouse.project``."""
    metadata = metadata_to(
        warehouse,
        namespace=warehouse.project.name,
        labels={SHARD_LABEL: warehouse.shard},
        annotations={REFRESH: warehouse.refresh_token},
    )
    status = present(
        {
            "conditions": warehouse.conditions,
            "lastHandledRefresh": warehouse.handled_refresh,
            "observedGeneration": warehouse.observed_generation or None,
            "lastFreightID": warehouse.last_freight_name,
            "discoveredArtifacts": warehouse.discovered,
        }
    )
    return manifest_to("Warehouse", metadata, spec=warehouse.spec, status=status or None)
