"""What artifacts consist of, and what annotating them changes."""

import hashlib
import json

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object
from promotions.engine.artifacts import (
    DEFAULT_PLATFORM,
    Artifact,
    Blob,
    annotated,
    byte_count,
    compressed_size,
    image_of,
    layer_of,
)
from promotions.engine.images import DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

CONFIG = {"mediaType": "application/json", "digest": f"sha256:{'c' * 64}", "size": 10}


def layer(number: int, size: int = 100, media_type: str = "text/plain") -> JSONObject:
    return {"mediaType": media_type, "digest": f"sha256:{number:064x}", "size": size}


def manifest(*layers: JSONObject, media_type: str = OCI_MANIFEST, **more: object) -> Artifact:
    document = {"mediaType": media_type, "config": CONFIG, "layers": layers, **more}
    return Artifact(media_type, json.dumps(document).encode())


def index(*children: Artifact, media_type: str = OCI_INDEX, **more: object) -> Artifact:
    entries = [
        {"mediaType": it.media_type, "digest": it.digest, "size": len(it.content), "x-own": 1}
        for it in children
    ]
    document = {"mediaType": media_type, "manifests": entries, **more}
    return Artifact(media_type, json.dumps(document).encode(), children)


def test_the_size_is_that_of_all_configurations_and_layers() -> None:
    one, two = manifest(layer(1, 5), layer(2, 7)), manifest(layer(1, 5))

    assert compressed_size(one) == 22
    assert compressed_size(index(one, index(two))) == 37


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2, "1.0 MiB"),
        (1024**3, "1.0 GiB"),
        (5 * 1024**4, "5120.0 GiB"),
    ],
)
def test_sizes_are_told_in_binary_units(size: int, words: str) -> None:
    assert byte_count(size) == words


def test_without_annotations_nothing_changes() -> None:
    artifact = index(manifest(layer(1)))

    assert annotated(artifact, {}) == artifact
    assert annotated(manifest(layer(1)), {"index:a": "1"}) == manifest(layer(1))


@pytest.mark.parametrize("media_type", [OCI_MANIFEST, DOCKER_MANIFEST])
def test_a_manifest_gets_annotations_and_keeps_those_it_has(media_type: str) -> None:
    artifact = manifest(
        layer(1), media_type=media_type, annotations={"kept": "1", "replaced": "old"}
    )

    found = annotated(artifact, {"replaced": "new", "manifest:added": "2", "index:no": "3"})

    assert found.document["annotations"] == {"kept": "1", "replaced": "new", "added": "2"}
    assert found.document["layers"] == artifact.document["layers"]
    assert found.digest == f"sha256:{hashlib.sha256(found.content).hexdigest()}"
    assert found.digest != artifact.digest


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_INDEX])
def test_an_index_refers_to_its_manifests_as_they_become(media_type: str) -> None:
    children = (manifest(layer(1)), manifest(layer(2)))
    artifact = index(*children, media_type=media_type, annotations={"kept": "1"})

    found = annotated(artifact, {"plain": "p", "index:only": "i"})

    entries = [as_object(it) for it in as_list(found.document["manifests"])]
    assert found.document["annotations"] == {"kept": "1", "only": "i"}
    assert [it.document["annotations"] for it in found.children] == [{"plain": "p"}] * 2
    assert [it["digest"] for it in entries] == [it.digest for it in found.children]
    assert [it["size"] for it in entries] == [len(it.content) for it in found.children]
    assert [it["x-own"] for it in entries] == [1, 1]


def test_annotations_of_the_index_alone_leave_the_manifests_as_they_are() -> None:
    artifact = index(manifest(layer(1)))

    found = annotated(artifact, {"index:a": "1"})

    assert found.children == artifact.children
    assert found.document["manifests"] == artifact.document["manifests"]


def test_everything_comes_before_what_refers_to_it() -> None:
    one, two = manifest(layer(1)), manifest(layer(2))
    inner = index(two)
    outer = index(one, inner)

    assert list(outer.manifests()) == [one, two, inner, outer]


def entry(digest: str, platform: JSONObject | None) -> JSONObject:
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 3, "platform": platform}


def test_an_index_stands_for_the_image_of_the_default_platform() -> None:
    arm = entry(f"sha256:{'a' * 64}", {"os": "linux", "architecture": "arm64"})
    amd = entry(f"sha256:{'b' * 64}", {"os": "linux", "architecture": "amd64", "variant": "v2"})
    plain = entry(f"sha256:{'d' * 64}", None)

    assert image_of({"manifests": [arm, amd]}, DEFAULT_PLATFORM).digest == amd["digest"]
    assert image_of({"manifests": [plain, amd]}, DEFAULT_PLATFORM).digest == plain["digest"]
    with pytest.raises(InvalidError, match="no image for linux/amd64"):
        image_of({"manifests": [arm]}, DEFAULT_PLATFORM)


def test_a_layer_is_chosen_by_its_media_type() -> None:
    document: JSONObject = {
        "layers": [layer(1), layer(2, media_type="b"), layer(3, media_type="b")]
    }

    assert layer_of(document, "") == Blob("text/plain", f"sha256:{1:064x}", 100)
    assert layer_of(document, "b").digest == f"sha256:{2:064x}"
    with pytest.raises(InvalidError, match='no layer found with media type "c"'):
        layer_of(document, "c")
    with pytest.raises(InvalidError, match="image has no layers"):
        layer_of({"layers": []}, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b'{"layers": [{"digest": "sha256:../../x", "size": 1}]}',
        b'{"layers": [{"digest": "md5:abc", "size": 1}]}',
        b'{"layers": [{"size": 1}]}',
        b'{"layers": ["text"]}',
        b'{"config": {"digest": "sha256:%s", "size": -1}}' % (b"a" * 64),
        b'{"config": {"digest": "sha256:%s", "size": true}}' % (b"a" * 64),
        b'{"config": {"digest": "sha256:%s", "size": "1"}}' % (b"a" * 64),
    ],
)
def test_what_is_malformed_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidError):
        compressed_size(Artifact(OCI_MANIFEST, content))


def test_layers_that_only_their_maker_has_are_told_apart() -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    restricted = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"

    assert not Blob(foreign, "", 0).is_stored
    assert not Blob(restricted, "", 0).is_stored
    assert Blob("application/vnd.oci.image.layer.v1.tar", "", 0).is_stored
