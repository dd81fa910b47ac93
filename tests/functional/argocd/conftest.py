"""A project whose Stages promote by a fake Argo CD, over each transport."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from projects.models import ControlPlane
from promotions.models import Freight, Promotion, Stage
from tests.fakes.argocd import Site, application, argocd
from tests.functional.control_planes.scenes import register
from tests.functional.domain.conftest import operator, world
from tests.functional.domain.world import World

__all__ = ["operator", "world"]

GIT = "https://git.example/cfg.git"


@dataclass(frozen=True)
class Ground:
    """A world, its Argo CD, and the control plane between the two."""

    world: World
    site: Site
    plane: ControlPlane

    def stage(self, *uses: str, name: str = "prod", **entry: object) -> Stage:
        """Apply a Stage whose promotions use these steps on the Application ``web``."""
        self.world.warehouse()
        app = entry or {"name": "web", "sources": [{"repoURL": GIT, "desiredRevision": "bbb"}]}
        steps = [
            {
                "uses": use,
                "as": use,
                "config": {"apps": [app if use.endswith("update") else _bare(app)]},
            }
            for use in uses or ("argocd-update",)
        ]
        return self.world.stage(name, *steps)  # type: ignore[arg-type] # JSON all the same

    def promoted(self, stage: Stage) -> Promotion:
        """Promote to a Stage, and let all happen that can without time passing."""
        promotion = self.world.promote(stage, self.freight())
        self.world.settle()
        promotion.refresh_from_db()
        return promotion

    def freight(self) -> Freight:
        return self.world.freight()

    def look_again(self, promotion: Promotion, *, seconds: float) -> Promotion:
        """Let Argo CD's time pass, then have the promotion look."""
        self.site.clock.advance(seconds)
        self.world.hasten(promotion)
        promotion.refresh_from_db()
        return promotion


def _bare(app: object) -> object:
    assert isinstance(app, dict)
    return {key: value for key, value in app.items() if key != "sources"}


@pytest.fixture(params=["rest", "kubernetes"])
def ground(world: World, request: pytest.FixtureRequest) -> Iterator[Ground]:
    """An Argo CD with the Application ``web``, which Stage ``prod`` may touch."""
    web = application(
        "web", stage="demo:prod", sources=[{"repoURL": GIT, "targetRevision": "main"}]
    )
    with argocd(apps=[web]) as site:
        site.controller.commits[GIT, "main"] = "bbb"
        is_rest = request.param == "rest"
        plane = register(
            world.project.tenant,
            kind=request.param,
            address=site.rest_url if is_rest else site.kubernetes_url,
            credential={"token": site.token if is_rest else site.kubernetes_token},
        )
        yield Ground(world, site, plane)
