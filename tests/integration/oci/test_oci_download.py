"""``oci-download`` with real registries, two of them, one with passwords."""

import stat

import pytest

from promotions.engine.runner import Effect, StepError
from promotions.steps.oci_download import OciDownload
from tests.fakes.oci_registry import Registry
from tests.integration.oci.worlds import Steps, kind_of, let_in

CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
AMD, ARM = "linux/amd64", "linux/arm64/v8"


def test_the_first_layer_is_downloaded_as_it_is_stored(registry: Registry, steps: Steps) -> None:
    registry.push_artifact("acme/files", "v1", ("text/plain", b"one"), ("text/x-two", b"two"))

    assert steps.download(f"{registry.host}/acme/files:v1", "a/b/out") == b"one"
    assert stat.S_IMODE((steps.workdir / "a/b/out").stat().st_mode) == 0o600
    assert stat.S_IMODE((steps.workdir / "a/b").stat().st_mode) == 0o700


def test_a_layer_is_chosen_by_its_media_type(registry: Registry, steps: Steps) -> None:
    registry.push_artifact(
        "acme/typed", "v1", ("text/a", b"a"), ("text/b", b"first"), ("text/b", b"second")
    )
    reference = f"{registry.host}/acme/typed:v1"

    assert steps.download(reference, mediaType="text/b") == b"first"
    with pytest.raises(StepError) as caught:
        steps.download(reference, "other", mediaType="text/c")

    assert kind_of(caught.value) == "ERR"
    assert caught.value.message == (
        'failed to find target layer: no layer found with media type "text/c"'
    )


def test_an_artifact_without_layers_is_an_error(registry: Registry, steps: Steps) -> None:
    registry.push_artifact("acme/bare", "v1")

    with pytest.raises(StepError, match="image has no layers") as caught:
        steps.download(f"{registry.host}/acme/bare:v1")

    assert kind_of(caught.value) == "ERR"


def test_an_index_stands_for_linux_on_amd64(registry: Registry, steps: Steps) -> None:
    images = {
        ARM: registry.push_artifact("acme/idx", "arm", ("text/plain", b"arm")),
        AMD: registry.push_artifact("acme/idx", "amd", ("text/plain", b"amd")),
    }
    registry.push_index("acme/idx", "v1", images)
    registry.push_index("acme/idx", "arm-only", {ARM: images[ARM]})

    assert steps.download(f"{registry.host}/acme/idx:v1") == b"amd"
    with pytest.raises(StepError, match="no image for linux/amd64") as caught:
        steps.download(f"{registry.host}/acme/idx:arm-only", "other")
    assert kind_of(caught.value) == "ERR"


@pytest.mark.parametrize("prefix", ["", "oci://"])
def test_a_download_uses_the_credentials_of_its_kind(
    guarded: Registry, steps: Steps, prefix: str
) -> None:
    digest = guarded.push_chart("charts/get", "2.0.0")
    let_in(steps, "helm" if prefix else "image", f"{guarded.host}/charts/get")

    found = steps.download(f"{prefix}{guarded.host}/charts/get@{digest}", mediaType=CHART_LAYER)

    assert found == b"get2.0.0"


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(
    registry: Registry, steps: Steps
) -> None:
    registry.push_artifact("acme/over", "v1", ("text/plain", b"new"))
    reference = f"{registry.host}/acme/over:v1"
    (steps.workdir / "out").write_bytes(b"mine")

    with pytest.raises(StepError) as caught:
        steps.download(reference)
    asked = list(steps.keyring.asked)
    replaced = steps.download(reference, allowOverwrite=True)

    assert kind_of(caught.value) == "ERR-T"
    assert caught.value.message == "file already exists at out and overwrite is not allowed"
    assert asked == []
    assert replaced == b"new"


def test_an_attempt_after_a_crash_accepts_its_own_file(registry: Registry, steps: Steps) -> None:
    registry.push_artifact("acme/replay", "v1", ("text/plain", b"one"))
    steps.download(f"{registry.host}/acme/replay:v1")
    registry.push_artifact("acme/replay", "v1", ("text/plain", b"two"))

    assert steps.download(f"{registry.host}/acme/replay:v1") == b"one"


def test_what_cannot_be_resolved_is_an_error(registry: Registry, steps: Steps) -> None:
    with pytest.raises(StepError) as missing:
        steps.download(f"{registry.host}/acme/none:v1")
    with pytest.raises(StepError) as malformed:
        steps.download("HOST/UPPER:v1")

    assert kind_of(missing.value) == kind_of(malformed.value) == "ERR"
    assert missing.value.message.startswith(
        f'failed to resolve image "{registry.host}/acme/none:v1": '
    )
    assert malformed.value.message.startswith('failed to parse image reference "HOST/UPPER:v1": ')


@pytest.mark.parametrize("path", ["../../out", "/out", "link-out/out", "x/../out", "./out"])
def test_a_path_never_leaves_the_work_directory(
    registry: Registry, steps: Steps, path: str
) -> None:
    registry.push_artifact("acme/paths", "v1", ("text/plain", b"one"))
    (steps.workdir / "link-out").symlink_to("/")

    steps.fetch(f"{registry.host}/acme/paths:v1", path)

    assert (steps.workdir / "out").read_bytes() == b"one"


def test_the_step_only_reads() -> None:
    assert OciDownload.effect is Effect.READING
