"""Says which tags of which images Stages hold and held."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from projects.models import Project
from promotions.manifests.stage_status import HISTORY_LIMIT
from promotions.models import FreightArtifact, FreightCollection, FreightCollectionItem


@dataclass(frozen=True, slots=True)
class HeldTag:
    """A tag of an image in a Stage; ``place`` 0 is what it holds now, 1 what it held before."""

    repo_url: str
    tag: str
    stage: str
    place: int


def tags_held(project: Project) -> Iterator[HeldTag]:
    """Yield the tags that a project's Stages hold and last held, each at its newest place.

    Three queries, however many Stages there are.
    """
    newest = FreightCollection.objects.filter(
        stage__project=project, stage__deleted_at__isnull=True
    ).annotate(number=Window(RowNumber(), partition_by=F("stage"), order_by=F("pk").desc()))
    newest = newest.filter(number__lte=HISTORY_LIMIT)
    places = {
        pk: (stage, number - 1)
        for pk, stage, number in newest.values_list("pk", "stage__name", "number")
    }
    items = FreightCollectionItem.objects.filter(collection__in=newest.values("pk"))
    images = FreightArtifact.objects.filter(
        freight__project=project,
        kind=FreightArtifact.Kind.IMAGE,
        freight__in=items.values("freight"),
    )
    tags: dict[int, list[tuple[str, str]]] = {}
    for freight, repo_url, tag in images.values_list("freight_id", "repo_url", "version"):
        tags.setdefault(freight, []).append((repo_url, tag))
    seen: dict[tuple[str, str, str], int] = {}
    for collection, freight in items.values_list("collection_id", "freight_id"):
        stage, place = places.get(collection, ("", 0))
        for repo_url, tag in tags.get(freight, ()):
            key = (repo_url, tag, stage)
            seen[key] = min(place, seen.get(key, place))
    for (repo_url, tag, stage), place in sorted(seen.items()):
        if stage:
            yield HeldTag(repo_url, tag, stage, place)
