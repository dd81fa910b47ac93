"""A promotion whose first worker dies at one moment, and which another carries on."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pytest_django import Settings

from common.jsontypes import JSONObject, as_text
from promotions.models import Promotion
from tests.functional.domain.conftest import build
from tests.functional.domain.world import World
from tests.functional.kills.mortal import Moment, Reaper, Resumption, Statement, die, resume
from tests.functional.kills.proxy import Effect, KillingProxy, killing

NOWHERE = ("", "")


@dataclass
class Fate:
    """When the worker dies, and what the next one finds.

    Attributes:
        make: Makes a world from settings and, unless it is to have a new one, a project.
    """

    settings: Settings
    moment: Moment
    how: Resumption
    make: Callable[..., World] = build
    reaper: Reaper = field(init=False)

    def __post_init__(self) -> None:
        self.reaper = Reaper(self.moment)

    def watching(self, upstream: str, effect: Effect) -> AbstractContextManager[KillingProxy]:
        """Return a proxy in front of ``upstream``, where the worker dies."""
        return killing(upstream, effect, self.reaper)

    def promoted(
        self,
        *steps: JSONObject,
        given: Callable[[World], object] = lambda _world: None,
        effect: tuple[str, str] = NOWHERE,
    ) -> Promotion:
        """Promote through two workers; the first dies at the last step.

        Args:
            steps: What to do.
            given: Makes what the steps need in the world.
            effect: See :meth:`kill`.
        """
        world, promotion = self.begin(*steps, given=given)
        self.kill(world, kind=as_text(steps[-1]["uses"]), effect=effect)
        return self.resume(world, promotion)

    def begin(
        self, *steps: JSONObject, given: Callable[[World], object] = lambda _world: None
    ) -> tuple[World, Promotion]:
        """Create a promotion that nobody has looked at yet."""
        world = self.make(self.settings)
        world.warehouse()
        given(world)
        return world, world.promote(world.stage("test", *steps), world.freight("a"))

    def kill(self, world: World, *, kind: str, effect: tuple[str, str] = NOWHERE) -> None:
        """Let a worker run until it dies at the step of this kind.

        Args:
            world: Where.
            kind: The kind of step under test.
            effect: What the worker dies of if it is in the database: the beginning of the
                statement, and what is among its parameters.
        """

        def worker() -> World:
            if effect != NOWHERE:
                Statement(*effect, self.moment).install()
            return self.make(self.settings, project=world.project)

        die(worker, self.reaper, kind=kind)

    def resume(self, world: World, promotion: Promotion) -> Promotion:
        """Let another worker carry on, and return the promotion."""
        return resume(self.make(self.settings, project=world.project), promotion, how=self.how)


def secret(world: World, name: str, **values: str) -> None:
    """Give the project a Secret; one with a ``repoURL`` is a credential for Git."""
    labels: JSONObject = {"kargo.akuity.io/cred-type": "git" if "repoURL" in values else "generic"}
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": world.project.name, "labels": labels},
            "stringData": dict(values),
        }
    )
