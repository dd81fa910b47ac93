"""A tenant with a project, and everybody who might write its identity providers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from common.clock import now
from projects.models import Project
from rbac.actors import operator_at_console
from rbac.defaults import TENANT_ADMIN
from rbac.models import User
from rbac.services import issue_token
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import (
    grant,
    make_admin,
    make_operator,
    make_person,
    make_stranger,
    make_viewer,
)
from tests.fakes.identity_provider import FakeProvider, fake_provider

TENANTS = "/api/v1/tenants/acme/identity-providers"
PLATFORMS = "/api/v1/identity-providers"
SECRET = "s3cret of the client"

Program = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _loopback(settings: Settings) -> None:
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    cache.clear()


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def project(db: None) -> Project:
    return make_project(tenant=make_tenant("acme"))


@pytest.fixture
def people(project: Project) -> dict[str, User]:
    """One of each kind, by what they are."""
    tara = make_person("tara")
    grant(tara, TENANT_ADMIN, tenant=project.tenant)
    return {
        "viewer": make_viewer(project),
        "project admin": make_admin(project),
        "admin of another tenant": make_stranger(make_tenant("elsewhere")),
        "tenant admin": tara,
        "operator": make_operator(),
    }


@pytest.fixture
def tara(people: dict[str, User]) -> Client:
    return program(people["tenant admin"])


@pytest.fixture
def root(people: dict[str, User]) -> Client:
    return program(people["operator"])


def program(user: User) -> Client:
    """Return a client with a token of somebody."""
    token = issue_token(
        user,
        name="tests",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )[1]
    return Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)


def body(**changes: Any) -> dict[str, Any]:
    """Return what a new provider may be like; ``None`` leaves a key out."""
    said = {
        "name": "corp",
        "title": "Corporate",
        "issuer": "https://login.corp.example/",
        "clientId": "kargo",
        "clientSecret": SECRET,
        "scopes": ["openid", "email", "groups"],
        "groupsClaim": "https://corp.example/groups",
        "emailDomains": ["Corp.example"],
        **changes,
    }
    return {key: it for key, it in said.items() if it is not None}


def send(client: Client, method: str, path: str, document: Any = None) -> Any:
    """Return the answer to a JSON body."""
    given = {} if document is None else {"data": document, "content_type": "application/json"}
    return getattr(client, method)(path, **given)
