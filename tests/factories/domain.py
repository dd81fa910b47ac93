"""Makes tenants, projects, warehouses, freight, stages and promotions, as bare rows.

No service runs: no Change, no audit, no work. Times are fixed unless given.
"""

import itertools
from datetime import UTC, datetime, timedelta

from common.jsontypes import JSONValue
from projects.models import Project, Tenant
from projects.models.tenant import DEFAULT_TENANT
from promotions.engine.freight import (
    ORIGIN_KIND,
    Commit,
    FreightOrigin,
    FreightReference,
    Image,
    collection_id,
    freight_name,
)
from promotions.engine.names import format_ulid, promotion_name
from promotions.engine.phases import TERMINAL, PromotionPhase
from promotions.manifests.freight_contents import commit_to, image_to
from promotions.models import (
    Freight,
    FreightArtifact,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    Stage,
    StageFreight,
    Warehouse,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
GIT_URL = "https://git.example.com/team/app.git"
IMAGE_URL = "registry.example.com/team/app"

_serial = itertools.count(1)


def make_tenant(name: str = DEFAULT_TENANT) -> Tenant:
    """Return the tenant of that name, making it if there is none."""
    tenant, _ = Tenant.objects.get_or_create(name=name)
    return tenant


def make_project(
    name: str = "demo", *, tenant: Tenant | None = None, at: datetime = NOON
) -> Project:
    """Return a new project, of the default tenant unless told otherwise."""
    return Project.objects.create(
        tenant=tenant or make_tenant(), name=name, created_at=at, updated_at=at
    )


def make_warehouse(
    project: Project, name: str = "main", *, at: datetime = NOON, **columns: object
) -> Warehouse:
    """Return a Warehouse that watches ``GIT_URL``."""
    spec: JSONValue = {
        "interval": "5m0s",
        "freightCreationPolicy": "Automatic",
        "subscriptions": [
            {"git": {"repoURL": GIT_URL, "branch": "main", "discoveryLimit": 20}},
        ],
    }
    columns = {"spec": spec, "created_at": at, "updated_at": at, **columns}
    return Warehouse.objects.create(project=project, name=name, **columns)


def make_stage(
    project: Project,
    name: str = "test",
    *,
    warehouse: str = "main",
    upstream: tuple[str, ...] = (),
    **columns: object,
) -> Stage:
    """Return a Stage that takes the Freight of ``warehouse``.

    Straight from it, or from the stages in ``upstream``; its template has one ``compose-output``.
    """
    sources: dict[str, JSONValue] = {"stages": list(upstream)} if upstream else {"direct": True}
    spec: JSONValue = {
        "requestedFreight": [
            {"origin": {"kind": ORIGIN_KIND, "name": warehouse}, "sources": sources}
        ],
        "promotionTemplate": {
            "spec": {"steps": [{"uses": "compose-output", "as": "out", "config": {"one": 1}}]}
        },
    }
    columns = {"spec": spec, "created_at": NOON, "updated_at": NOON, **columns}
    return Stage.objects.create(project=project, name=name, **columns)


def make_freight(
    warehouse: Warehouse,
    *,
    commit: str = "",
    tag: str = "",
    alias: str = "",
    at: datetime | None = None,
) -> Freight:
    """Return a piece of Freight: a commit of ``GIT_URL``, and an image when ``tag`` is given.

    Its name is the hash of its contents. Each one is discovered a minute after the last.
    """
    serial = next(_serial)
    discovered_at = at or NOON + timedelta(minutes=serial)
    commits = (Commit(repo_url=GIT_URL, id=commit or f"{serial:040x}", branch="main"),)
    images = (Image(repo_url=IMAGE_URL, tag=tag, digest=f"sha256:{serial:064x}"),) if tag else ()
    freight = Freight.objects.create(
        project=warehouse.project,
        warehouse=warehouse,
        name=freight_name(FreightOrigin(warehouse.name), commits=commits, images=images),
        alias=alias or f"quiet-otter-{serial}",
        discovered_at=discovered_at,
        created_at=discovered_at,
        updated_at=discovered_at,
    )
    kinds = FreightArtifact.Kind
    FreightArtifact.objects.bulk_create(
        [
            FreightArtifact(
                freight=freight,
                kind=kind,
                position=0,
                repo_url=repo_url,
                version=version,
                document=document,
            )
            for kind, repo_url, version, document in [
                *((kinds.COMMIT, it.repo_url, it.id, commit_to(it)) for it in commits),
                *((kinds.IMAGE, it.repo_url, it.tag, image_to(it)) for it in images),
            ]
        ]
    )
    return freight


def make_standing(stage: Stage, freight: Freight, **columns: object) -> StageFreight:
    """Return how ``freight`` stands in ``stage``: ``verified_at``, ``approved_at``, and so on."""
    return StageFreight.objects.create(stage=stage, freight=freight, **columns)


def make_promotion(
    stage: Stage,
    freight: Freight,
    *,
    phase: PromotionPhase = PromotionPhase.PENDING,
    at: datetime | None = None,
    **columns: object,
) -> Promotion:
    """Return a promotion of ``freight`` into ``stage`` in that phase, newer than every other."""
    serial = next(_serial)
    created_at = at or NOON + timedelta(hours=1, minutes=serial)
    ulid = format_ulid(milliseconds=int(created_at.timestamp() * 1000), entropy=serial)
    spec: JSONValue = {
        "vars": [],
        "steps": [{"uses": "compose-output", "as": "out", "config": {"one": 1}}],
    }
    has_started = phase is not PromotionPhase.PENDING
    columns = {
        "spec": spec,
        "phase": phase.value,
        "actor": "email:alice@example.com",
        "created_at": created_at,
        "updated_at": created_at,
        "started_at": created_at if has_started else None,
        "finished_at": created_at + timedelta(seconds=3) if phase in TERMINAL else None,
        **columns,
    }
    return Promotion.objects.create(
        project=stage.project,
        stage=stage,
        freight=freight,
        name=promotion_name(stage.name, ulid, freight.name),
        **columns,
    )


def hold_freight(
    stage: Stage, freight: Freight, *, promotion: Promotion | None = None, at: datetime = NOON
) -> FreightCollection:
    """Make ``freight`` what ``stage`` holds now, as a promotion that succeeded would."""
    origin = FreightOrigin(freight.warehouse.name)
    collection = FreightCollection.objects.create(
        stage=stage,
        collection_id=collection_id({str(origin): FreightReference(freight.name, origin)}),
        promotion=promotion,
        recorded_at=at,
    )
    FreightCollectionItem.objects.create(collection=collection, origin=str(origin), freight=freight)
    standing, _ = StageFreight.objects.get_or_create(stage=stage, freight=freight)
    standing.current_since = at
    standing.save(update_fields=["current_since"])
    return collection
