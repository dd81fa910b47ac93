"""``oci-push`` with real registries, two of them, one with passwords."""

import pytest

from promotions.engine.images import DOCKER_MANIFEST, OCI_MANIFEST
from promotions.engine.runner import StepError
from promotions.ports.credentials import Credential
from promotions.steps.oci_push import OciPush
from tests.fakes.oci_registry import USER, Registry
from tests.integration.oci.worlds import Steps, kind_of, let_in
from tests.unit.steps.contexts import context

AMD, ARM = "linux/amd64", "linux/arm64/v8"


def failure(steps: Steps, source: str, target: str, **more: str) -> tuple[str, str]:
    with pytest.raises(StepError) as caught:
        steps.push(source, target, **more)
    return kind_of(caught.value), caught.value.message


def test_an_image_gets_another_tag(registry: Registry, steps: Steps) -> None:
    digest = registry.push_image("acme/web", "v1")

    result = steps.push(f"{registry.host}/acme/web:v1", f"{registry.host}/acme/web:prod")

    assert result.output == {
        "image": f"{registry.host}/acme/web:prod",
        "digest": digest,
        "tag": "prod",
    }
    assert registry.digest("acme/web", "prod") == digest


def test_an_image_is_named_by_its_digest(registry: Registry, steps: Steps) -> None:
    digest = registry.push_image("acme/bydigest", "v1")

    steps.push(f"{registry.host}/acme/bydigest@{digest}", f"{registry.host}/acme/copied:v1")

    assert registry.digest("acme/copied", "v1") == digest


def test_a_retag_is_allowed_where_copies_are_not(registry: Registry, steps: Steps) -> None:
    registry.push_image("acme/limit", "v1")
    steps.limit = 0

    steps.push(f"{registry.host}/acme/limit:v1", f"{registry.host}/acme/limit:v2")
    refused = failure(steps, f"{registry.host}/acme/limit:v1", f"{registry.host}/acme/other:v2")

    assert refused == ("ERR-T", "cross-repository push is disabled")


def test_the_limit_is_exact(registry: Registry, steps: Steps) -> None:
    registry.push_artifact(
        "acme/exact", "v1", ("text/plain", bytes(1500)), config=("a/b", bytes(36))
    )
    source, target = f"{registry.host}/acme/exact:v1", f"{registry.host}/acme/exact-copy:v1"

    steps.limit = 1535
    refused = failure(steps, source, target)
    steps.limit = 1536
    steps.push(source, target)
    steps.limit = -1
    steps.push(source, target)

    assert refused == (
        "ERR-T",
        "compressed artifact size 1.5 KiB exceeds maximum allowed size of 1.5 KiB",
    )


def test_the_limit_counts_all_images_of_an_index(registry: Registry, steps: Steps) -> None:
    images = {
        platform: registry.push_artifact(
            "acme/sum", tag, ("text/plain", bytes(2000) + tag.encode())
        )
        for platform, tag in ((AMD, "amd"), (ARM, "arm"))
    }
    registry.push_index("acme/sum", "v1", images)
    steps.limit = 4009

    kind, message = failure(
        steps, f"{registry.host}/acme/sum:v1", f"{registry.host}/acme/sum-copy:v1"
    )

    assert kind == "ERR-T"
    assert message == "compressed artifact size 3.9 KiB exceeds maximum allowed size of 3.9 KiB"


def test_an_index_is_copied_to_another_registry_with_all_its_images(
    registry: Registry, guarded: Registry, steps: Steps
) -> None:
    images = {
        AMD: registry.push_image("acme/multi", "amd", created="2026-02-01T00:00:00Z"),
        ARM: registry.push_image("acme/multi", "arm"),
    }
    digest = registry.push_index("acme/multi", "v1", images)
    let_in(steps, "image", f"{guarded.host}/mirror/multi")

    result = steps.push(f"{registry.host}/acme/multi:v1", f"{guarded.host}/mirror/multi:v1")

    assert result.output is not None
    assert result.output["digest"] == digest == guarded.digest("mirror/multi", "v1")
    for image in images.values():
        manifest = guarded.document("mirror/multi", image)
        assert manifest == registry.document("acme/multi", image)
        for layer in manifest["layers"]:  # type: ignore[attr-defined] # a document of our making
            assert guarded.blob("mirror/multi", layer["digest"])


def test_a_chart_is_copied_whole_with_the_credentials_of_helm(
    registry: Registry, guarded: Registry, steps: Steps
) -> None:
    digest = guarded.push_chart("charts/web", "1.0.0+build")
    let_in(steps, "helm", f"{guarded.host}/charts/web")

    result = steps.push(
        f"oci://{guarded.host}/charts/web:1.0.0_build",
        f"oci://{registry.host}/charts/web:1.0.0_build",
        annotations={"promoted": "yes"},
    )

    assert result.output is not None
    assert result.output["image"] == f"{registry.host}/charts/web:1.0.0_build"
    assert result.output["digest"] != digest
    copy = registry.document("charts/web", "1.0.0_build")
    assert copy["annotations"] == {"promoted": "yes"}
    assert copy["layers"] == guarded.document("charts/web", digest)["layers"]
    assert steps.keyring.asked == [
        ("helm", f"oci://{guarded.host}/charts/web"),
        ("helm", f"oci://{registry.host}/charts/web"),
    ]


def test_the_credentials_of_images_do_not_open_charts(
    registry: Registry, guarded: Registry, steps: Steps
) -> None:
    guarded.push_chart("charts/closed", "1.0.0")
    let_in(steps, "image", f"{guarded.host}/charts/closed")

    kind, message = failure(
        steps, f"oci://{guarded.host}/charts/closed:1.0.0", f"{registry.host}/charts/x:1"
    )

    assert kind == "ERR"
    assert "refused anonymous access" in message


def test_annotations_land_on_the_images_and_only_prefixed_ones_on_the_index(
    registry: Registry, steps: Steps
) -> None:
    images = {
        AMD: registry.push_image("acme/notes", "amd", annotations={"kept": "1", "moved": "old"}),
        ARM: registry.push_image("acme/notes", "arm"),
    }
    registry.push_index("acme/notes", "v1", images, annotations={"own": "1"})

    result = steps.push(
        f"{registry.host}/acme/notes:v1",
        f"{registry.host}/acme/notes:v2",
        annotations={"moved": "new", "manifest:b": "2", "index:c": "3"},
    )

    index = registry.document("acme/notes", "v2")
    assert result.output is not None
    assert result.output["digest"] == registry.digest("acme/notes", "v2")
    assert index["annotations"] == {"own": "1", "c": "3"}
    entries = index["manifests"]
    assert isinstance(entries, list)
    found = [registry.document("acme/notes", it["digest"])["annotations"] for it in entries]
    assert found == [{"kept": "1", "moved": "new", "b": "2"}, {"moved": "new", "b": "2"}]
    assert [it["platform"]["architecture"] for it in entries] == ["amd64", "arm64"]
    assert registry.document("acme/notes", images[AMD])["annotations"] == {
        "kept": "1",
        "moved": "old",
    }


def test_annotations_for_an_index_do_not_touch_a_single_image(
    registry: Registry, steps: Steps
) -> None:
    digest = registry.push_image("acme/single", "v1")

    result = steps.push(
        f"{registry.host}/acme/single:v1",
        f"{registry.host}/acme/single:v2",
        annotations={"index:a": "1"},
    )

    assert result.output is not None
    assert result.output["digest"] == digest


@pytest.mark.parametrize(
    ("media_type", "layers"),
    [
        (DOCKER_MANIFEST, (("application/vnd.docker.image.rootfs.diff.tar.gzip", b"layer"),)),
        (OCI_MANIFEST, (("text/x-one", b"1"), ("text/x-two", b"2"), ("text/x-one", b"1"))),
        (OCI_MANIFEST, ()),
    ],
)
def test_any_artifact_is_copied(
    registry: Registry,
    guarded: Registry,
    steps: Steps,
    media_type: str,
    layers: tuple[tuple[str, bytes], ...],
) -> None:
    config = ("application/vnd.docker.container.image.v1+json", b'{"os": "linux"}')
    if media_type == OCI_MANIFEST:
        config = ("application/vnd.acme.config", b"\x00\x01")
    tag = f"v{len(layers)}"
    digest = registry.push_artifact("acme/any", tag, *layers, config=config, media_type=media_type)
    let_in(steps, "image", f"{guarded.host}/acme/any")

    steps.push(f"{registry.host}/acme/any:{tag}", f"{guarded.host}/acme/any:{tag}")

    assert guarded.digest("acme/any", tag) == digest
    for kind, body in layers:
        assert body in {
            guarded.blob("acme/any", it["digest"])
            for it in guarded.document("acme/any", tag)["layers"]  # type: ignore[attr-defined] # ours
            if it["mediaType"] == kind
        }


def test_doing_it_again_changes_nothing(registry: Registry, steps: Steps) -> None:
    registry.push_image("acme/again", "v1")
    source, target = f"{registry.host}/acme/again:v1", f"{registry.host}/acme/again-copy:v1"

    first = steps.push(source, target, annotations={"a": "1"})
    second = steps.push(source, target, annotations={"a": "1"})

    assert first.output == second.output


@pytest.mark.parametrize("reference", ["acme/never:v1", "acme/web-exists:v9"])
def test_a_source_that_is_not_there_is_an_error(
    registry: Registry, steps: Steps, reference: str
) -> None:
    registry.push_image("acme/web-exists", "v1")

    kind, message = failure(steps, f"{registry.host}/{reference}", f"{registry.host}/acme/new:v1")

    assert kind == "ERR"
    assert message.startswith(f'failed to get source artifact "{registry.host}/{reference}": ')


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("Host/UPPER:v1", "host.io/a:v1", "source"),
        ("host.io/a@sha256:abc", "host.io/a:v1", "source"),
        ("host.io/ab:v1", "host.io/UPPER:v1", "destination"),
    ],
)
def test_a_malformed_reference_fails_for_good(
    steps: Steps, one: str, other: str, what: str
) -> None:
    kind, message = failure(steps, one, other)

    assert kind == "FAIL-T"
    assert message.startswith(f'failed to parse {what} reference "')


def test_a_wrong_password_is_an_error_that_does_not_tell_it(
    registry: Registry, guarded: Registry, steps: Steps
) -> None:
    registry.push_image("acme/secret", "v1")
    steps.keyring.held["image", f"{guarded.host}/acme/secret"] = Credential(USER, "wrong-secret")

    kind, message = failure(
        steps, f"{registry.host}/acme/secret:v1", f"{guarded.host}/acme/secret:v1"
    )

    assert kind == "ERR"
    assert f'failed to push image to "{guarded.host}/acme/secret:v1": ' in message
    assert "wrong-secret" not in message


def test_a_large_blob_goes_through_in_chunks_of_the_real_registry(
    registry: Registry, guarded: Registry, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("promotions.gateways.oci.uploads._sent_whole", lambda *_: False)
    monkeypatch.setattr("promotions.gateways.oci.uploads.CHUNK_BYTES", 100_000)
    body = bytes(range(256)) * 1000
    digest = registry.push_artifact("acme/chunks", "v1", ("text/plain", body))
    let_in(steps, "image", f"{guarded.host}/acme/chunks")

    steps.push(f"{registry.host}/acme/chunks:v1", f"{guarded.host}/acme/chunks:v1")

    assert guarded.digest("acme/chunks", "v1") == digest


def test_its_words_for_a_preview_name_both_ends(steps: Steps) -> None:
    step = OciPush(steps.artifacts(), steps.keyring, 1)
    config = {"srcRef": "host.io/a:v1", "destRef": "host.io/a:v2"}

    assert step.would(context(steps.workdir, config)) == "push host.io/a:v1 to host.io/a:v2"
