"""``oci-push`` and ``oci-download`` with registries that fail, lie, delay and redirect."""

import json

import pytest

from promotions.engine.images import OCI_INDEX, OCI_MANIFEST
from promotions.gateways.oci import artifacts
from promotions.ports.credentials import Credential
from tests.fakes.memory_registry import MemoryRegistry, Running, digest_of
from tests.fakes.oci_registry import Answer, scripted_server
from tests.integration.oci.awkward import (
    LAYER,
    copy,
    failure,
    fetches_layer,
    once,
)
from tests.integration.oci.worlds import Steps, kind_of


# ---------------------------------------------------------------- failures that pass
def test_a_registry_that_is_busy_is_asked_again_when_it_says(
    source: Running, target: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    busy = Answer(429, headers={"Retry-After": "7"})
    source.memory.fault = once(lambda it: it.method == "GET", busy, Answer(503))

    copy(steps, source, target)

    assert steps.slept == [7.0, 1.0]


def test_a_registry_that_wants_to_be_left_alone_for_long_is(
    source: Running, target: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.memory.fault = lambda _: Answer(429, headers={"Retry-After": "3600"})

    error = failure(lambda: copy(steps, source, target))

    assert "asked too often" in error.message
    assert steps.slept == []


@pytest.mark.parametrize(
    ("method", "part"),
    [("HEAD", "/blobs/"), ("POST", "uploads"), ("PUT", "uploads"), ("PUT", "manifests")],
)
def test_a_registry_that_fails_for_a_moment_is_tried_again(
    source: Running, target: Running, steps: Steps, method: str, part: str
) -> None:
    digest = source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    target.memory.fault = once(
        lambda it: it.method == method and part in it.path, Answer(500), Answer(502)
    )

    assert copy(steps, source, target) == digest


@pytest.mark.parametrize("continues", [True, False])
def test_a_layer_that_breaks_off_is_continued(
    source: Running,
    target: Running,
    steps: Steps,
    continues: bool,  # noqa: FBT001 - a table
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    cuts = [Answer(200, LAYER, cut_at=70_000), Answer(503)]
    if not continues:
        cuts.append(Answer(200, LAYER))
    source.memory.fault = once(fetches_layer, *cuts)

    copy(steps, source, target)

    assert target.blob("mirror/web", digest_of(LAYER)) == LAYER
    ranges = [it.headers.get("range") for it in source.server.asked if fetches_layer(it)]
    assert ranges[0] is None
    assert ranges[1].startswith("bytes=")  # type: ignore[union-attr] # it is none only at first


def test_a_layer_that_always_breaks_off_is_given_up(source: Running, steps: Steps) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.memory.fault = lambda it: Answer(200, LAYER, cut_at=10) if fetches_layer(it) else None

    error = failure(lambda: steps.download(f"{source.host}/acme/web:v1"))

    assert kind_of(error) == "ERR"
    assert error.message.startswith("failed to copy layer content: ")
    assert not (steps.workdir / "out").exists()


# ---------------------------------------------------------------- lies
@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, LAYER[:-1]),
        Answer(200, LAYER[:-1] + b"x"),
        Answer(200, LAYER + b"x"),
        Answer(200, LAYER * 50),
        Answer(404),
    ],
)
def test_a_layer_that_is_not_what_was_promised_is_not_kept(
    source: Running, target: Running, steps: Steps, answer: Answer
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.memory.fault = lambda it: answer if fetches_layer(it) else None

    downloading = failure(lambda: steps.download(f"{source.host}/acme/web:v1"))
    pushing = failure(lambda: copy(steps, source, target))

    assert kind_of(downloading) == kind_of(pushing) == "ERR"
    assert list(steps.workdir.glob("[!.]*")) == []
    assert ("mirror/web", digest_of(LAYER)) not in target.memory.blobs


def test_a_layer_over_the_limit_is_refused_by_its_description(
    source: Running, steps: Steps
) -> None:
    size = 100 * 1024 * 1024 + 1
    layer = {"mediaType": "text/plain", "digest": digest_of(LAYER), "size": size}
    document = {"mediaType": OCI_MANIFEST, "layers": [layer]}
    stored = (OCI_MANIFEST, json.dumps(document).encode())
    source.memory.manifests["acme/web", "v1"] = stored

    error = failure(lambda: steps.download(f"{source.host}/acme/web:v1"))

    assert kind_of(error) == "ERR-T"
    assert error.message == ("layer size 104857601 exceeds maximum allowed size of 104857600 bytes")
    assert [path for path in source.asked("GET") if "blobs" in path] == []


def test_a_manifest_without_the_digest_that_was_asked_for_is_refused(
    source: Running, target: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    digest = digest_of(b"something else")
    source.memory.manifests["acme/web", digest] = source.memory.manifests["acme/web", "v1"]

    error = failure(lambda: steps.push(f"{source.host}/acme/web@{digest}", f"{target.host}/a/b:v1"))

    assert "does not have the digest" in error.message


# ---------------------------------------------------------------- odd artifacts
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def test_an_unknown_kind_of_artifact_is_refused(
    source: Running, target: Running, steps: Steps
) -> None:
    source.memory.manifests["acme/web", "v1"] = (SCHEMA_1, b'{"schemaVersion": 1}')

    error = failure(lambda: copy(steps, source, target))
    downloading = failure(lambda: steps.download(f"{source.host}/acme/web:v1"))

    assert kind_of(error) == "ERR-T"
    assert error.message == f'unsupported media type "{SCHEMA_1}"'
    assert kind_of(downloading) == "ERR"


def test_an_index_that_lists_an_unknown_kind_is_refused(
    source: Running, target: Running, steps: Steps
) -> None:
    content = b'{"schemaVersion": 1}'
    entry = {"mediaType": SCHEMA_1, "digest": digest_of(content), "size": len(content)}
    index = json.dumps({"mediaType": OCI_INDEX, "manifests": [entry]}).encode()
    source.memory.manifests["acme/web", digest_of(content)] = (SCHEMA_1, content)
    source.memory.manifests["acme/web", "v1"] = (OCI_INDEX, index)

    assert kind_of(failure(lambda: copy(steps, source, target))) == "ERR-T"


def test_an_index_of_indexes_is_copied_and_one_without_end_is_not(
    source: Running, target: Running, steps: Steps
) -> None:
    image = source.push_artifact("acme/web", "image", ("text/plain", LAYER))
    inner = source.push_index("acme/web", "level-0", {"linux/amd64": image})
    for level in range(1, 6):
        entry = {"mediaType": OCI_INDEX, "digest": inner, "size": 1}
        document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
        inner = source.push_document("acme/web", f"level-{level}", document)

    steps.push(f"{source.host}/acme/web:level-1", f"{target.host}/mirror/web:v1")
    error = failure(
        lambda: steps.push(f"{source.host}/acme/web:level-5", f"{target.host}/mirror/web:v2")
    )
    downloaded = steps.download(f"{source.host}/acme/web:level-1")

    assert target.memory.manifests["mirror/web", image]
    assert "indexes that list indexes" in error.message
    assert downloaded == LAYER


def test_an_index_of_too_many_is_refused(
    source: Running, target: Running, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAX_DOCUMENTS", 3)
    images = {
        f"linux/{n}": source.push_artifact("acme/web", f"i{n}", ("a/b", b"%d" % n))
        for n in range(4)
    }
    source.push_index("acme/web", "v1", images)

    assert "more than 3 manifests" in failure(lambda: copy(steps, source, target)).message


def test_an_image_that_its_index_lists_and_nobody_has_is_an_error(
    source: Running, target: Running, steps: Steps
) -> None:
    image = source.push_artifact("acme/web", "image", ("text/plain", LAYER))
    source.push_index("acme/web", "v1", {"linux/amd64": image})
    del source.memory.manifests["acme/web", image]

    error = failure(lambda: copy(steps, source, target))

    assert kind_of(error) == "ERR"
    assert "failed to get source artifact" in error.message


def test_layers_that_only_their_maker_has_are_left_with_him(
    source: Running, target: Running, steps: Steps
) -> None:
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    digest = source.push_artifact("acme/web", "v1", (foreign, LAYER))
    del source.memory.blobs["acme/web", digest_of(LAYER)]

    assert copy(steps, source, target) == digest


# ---------------------------------------------------------------- access
def test_a_token_to_push_is_asked_for_with_all_that_it_must_allow(
    source: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.memory.token = "t0k3n"
    for name in ("acme/web", "mirror/web"):
        steps.keyring.held["image", f"{source.host}/{name}"] = Credential("bob", "pw")

    copy(steps, source, source)

    tokens = [it for it in source.server.asked if it.path.startswith("/token")]
    assert [it.path.partition("?")[2] for it in tokens] == [
        "service=reg&scope=repository%3Aacme%2Fweb%3Apull",
        (
            "service=reg&scope=repository%3Amirror%2Fweb%3Apull%2Cpush"
            "&scope=repository%3Aacme%2Fweb%3Apull"
        ),
    ]
    assert all(it.headers["authorization"].startswith("Basic ") for it in tokens)


def test_blobs_that_are_kept_elsewhere_are_fetched_without_credentials(
    source: Running, target: Running, steps: Steps
) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER), config=("a/b", LAYER))
    source.memory.token = "t0k3n"
    steps.keyring.held["image", f"{source.host}/acme/web"] = Credential("bob", "pw")

    with scripted_server(lambda _: Answer(body=LAYER)) as storage:
        source.memory.blob_host = storage.host
        copy(steps, source, target)

    assert storage.asked
    assert all("authorization" not in it.headers for it in storage.asked)


def test_a_blob_that_is_redirected_inside_is_not_fetched(source: Running, steps: Steps) -> None:
    source.push_artifact("acme/web", "v1", ("text/plain", LAYER))
    source.memory.blob_host = "169.254.169.254"

    assert "not allowed" in failure(lambda: steps.download(f"{source.host}/acme/web:v1")).message


def test_a_registry_in_memory_holds_clients_to_the_rules(source: Running) -> None:
    assert isinstance(source.memory, MemoryRegistry)
    with pytest.raises(Exception, match="400"):
        source.push_document(
            "a/b",
            "v1",
            {
                "mediaType": OCI_MANIFEST,
                "config": {"mediaType": "a/b", "digest": digest_of(b"missing"), "size": 7},
            },
        )
