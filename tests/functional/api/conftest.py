"""A project with a pipeline, and clients for the people who meet it."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from common.clock import now
from projects.models import Project
from promotions.models import Freight, Promotion, Stage, Warehouse
from rbac.actors import operator_at_console
from rbac.models import User
from rbac.services import issue_token
from tests.factories.domain import (
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_tenant,
    make_warehouse,
)
from tests.factories.people import make_admin, make_operator, make_stranger, make_viewer


@dataclass(frozen=True, slots=True)
class Scene:
    """The project ``demo``: Warehouse ``main``, Stages ``test`` and ``prod``, two Freight."""

    project: Project
    warehouse: Warehouse
    test: Stage
    prod: Stage
    old: Freight
    new: Freight
    promotion: Promotion


@pytest.fixture
def scene(db: None) -> Scene:
    project = make_project()
    warehouse = make_warehouse(project)
    test = make_stage(project, "test")
    prod = make_stage(project, "prod", upstream=("test",))
    old = make_freight(warehouse, tag="1.9.0")
    new = make_freight(warehouse, tag="1.10.0")
    promotion = make_promotion(test, old)
    return Scene(project, warehouse, test, prod, old, new, promotion)


def client_for(user: User) -> Client:
    """Return a client that sends a token of ``user``."""
    _token, plaintext = issue_token(
        user,
        name="tests",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )
    return Client(headers={"Authorization": f"Bearer {plaintext}"}, raise_request_exception=False)


@pytest.fixture
def alice(scene: Scene) -> Client:
    return client_for(make_admin(scene.project))


@pytest.fixture
def bob(scene: Scene) -> Client:
    return client_for(make_viewer(scene.project))


@pytest.fixture
def charlie(scene: Scene) -> Client:
    """The admin of another tenant."""
    return client_for(make_stranger(make_tenant("elsewhere")))


@pytest.fixture
def operator(db: None) -> Client:
    return client_for(make_operator())


def names(document: dict[str, Any]) -> list[str]:
    """Return the names of a list's items, in order."""
    return [item["metadata"]["name"] for item in document["items"]]
