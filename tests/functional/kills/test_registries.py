"""Artifacts survive the death of their worker: the registry takes each tag once."""

import itertools

import pytest

from common.jsontypes import JSONValue
from tests.fakes.oci_registry import Registry
from tests.functional.domain.people import step
from tests.functional.kills.fate import Fate
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]

TAGGING = Effect("PUT", r"/manifests/v1$")
PLACES = (f"kills/{number}" for number in itertools.count())


@pytest.mark.parametrize("annotations", [{}, {"stage": "test"}], ids=["as-it-is", "annotated"])
def test_oci_push(fate: Fate, registry: Registry, annotations: JSONValue) -> None:
    place = next(PLACES)
    source = registry.push_image(f"{place}/source", "v1")
    with fate.watching(f"http://{registry.host}", TAGGING) as proxy:
        host = proxy.url.removeprefix("http://")
        fate.settings.INSECURE_REGISTRIES = [host, registry.host]
        push = step(
            "oci-push",
            "push",
            srcRef=f"{registry.host}/{place}/source:v1",
            destRef=f"{host}/{place}/target:v1",
            annotations=annotations,
        )
        promotion = fate.promoted(push)

    assert promotion.phase == "Succeeded", promotion.message
    assert proxy.effects == [f"PUT /v2/{place}/target/manifests/v1 201"]
    assert promotion.state["push"]["digest"] == registry.digest(f"{place}/target", "v1")
    assert (promotion.state["push"]["digest"] == source) is not bool(annotations)
