"""An Application is synced once by ``argocd-update``, over either API, whenever its worker dies."""

import pytest

from common.jsontypes import JSONObject
from tests.fakes.argocd import application, argocd
from tests.functional.control_planes.scenes import register
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.fate import Fate
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]

GIT = "https://git.example/cfg.git"
SYNC = {
    "rest": Effect("POST", r"/applications/web/sync$"),
    "kubernetes": Effect("PATCH", r"/applications/web", rb'"operation"'),
}
EDIT = {"rest": Effect("PATCH", r"/applications/web"), "kubernetes": SYNC["kubernetes"]}


@pytest.mark.parametrize("transport", ["rest", "kubernetes"])
@pytest.mark.parametrize("effects", [SYNC, EDIT], ids=["sync", "edit"])
def test_an_application_is_edited_and_synced_once(
    fate: Fate, transport: str, effects: dict[str, Effect]
) -> None:
    sources: list[dict[str, str]] = [{"repoURL": GIT, "targetRevision": "main", "path": "prod"}]
    web = application("web", stage="demo:test", sources=sources)
    is_rest = transport == "rest"
    source: JSONObject = {"repoURL": GIT, "desiredRevision": "b" * 40, "updateTargetRevision": True}

    with argocd(apps=[web]) as site:
        site.controller.start_seconds = site.controller.sync_seconds = 0
        upstream = site.rest_url if is_rest else site.kubernetes_url
        with fate.watching(upstream, effects[transport]) as proxy:

            def connect(world: World) -> None:
                register(
                    world.project.tenant,
                    kind=transport,
                    address=proxy.url,
                    credential={"token": site.token if is_rest else site.kubernetes_token},
                )

            promotion = fate.promoted(
                step("argocd-update", "it", apps=[{"name": "web", "sources": [source]}]),
                given=connect,
            )

    assert promotion.phase == "Succeeded", promotion.message
    assert [it.promotion for it in site.record.operations] == [promotion.name]
    written = site.app("web")["spec"]["source"]
    assert written == {**sources[0], "targetRevision": "b" * 40}
