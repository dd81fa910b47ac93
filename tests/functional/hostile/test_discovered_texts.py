"""Characters that a database cannot hold, in what registries and repositories show discovery."""

import json

from pytest_django import Settings

from promotions.models import Freight
from tests.fakes.memory_registry import digest_of, memory_registry
from tests.fakes.oci_registry import Answer
from tests.functional.domain.conftest import build
from tests.functional.domain.world import World, condition, words

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def test_an_image_with_any_annotation_is_discovered(operator: Settings, world: World) -> None:
    config = json.dumps({"architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z"})
    document = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(config.encode()),
            "size": len(config),
        },
        "layers": [],
        "annotations": {"org.opencontainers.image.source": "a\0b\ud800", "k\0": "v"},
    }
    with memory_registry() as registry:
        operator.INSECURE_REGISTRIES = [registry.host]
        world = build(operator, project=world.project)
        stored = registry.memory
        stored.blobs["team/app", digest_of(config.encode())] = config.encode()
        body = json.dumps(document).encode()
        for reference in ("1.0.0", digest_of(body)):
            stored.manifests["team/app", reference] = (_MANIFEST, body)
        stored.fault = lambda asked: _tags(asked.path)
        warehouse = world.watch({"image": {"repoURL": f"{registry.host}/team/app"}})

        world.settle()

    assert condition(warehouse, "Ready") == ("True", "ArtifactsDiscovered"), words(warehouse)
    assert Freight.objects.count() == 1


def _tags(path: str) -> Answer | None:
    if not path.startswith("/v2/team/app/tags/list"):
        return None
    return Answer(body=json.dumps({"name": "team/app", "tags": ["1.0.0"]}).encode())
