"""A world with a fake Argo CD beside it, for pipelines that come from files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from projects.models import Project
from tests.compat.examples.pipeline import Pipeline, apply_file
from tests.factories.people import actor_of, make_operator
from tests.fakes.argocd import argocd
from tests.functional.api.conftest import client_for
from tests.functional.domain.conftest import operator, world
from tests.functional.domain.world import World

__all__ = ["operator", "world"]

Open = Callable[..., Pipeline]


@pytest.fixture
def opened(world: World) -> Iterator[Open]:
    """Opens a pipeline: the file's name, the transport, and what Argo CD has."""
    with ExitStack() as stack:

        def opening(name: str, kind: str, **objects: Any) -> Pipeline:
            site = stack.enter_context(argocd(**objects))
            client = client_for(make_operator())
            results = apply_file(client, name)
            assert [it["error"] for it in results if "error" in it] == []
            world.project = Project.objects.get(name=name)
            world.alice = actor_of(world.project)
            pipeline = Pipeline(world, site, client, name)
            pipeline.connect(kind)
            return pipeline

        yield opening
