"""A project, a provider that says what a test wants, and the trust between them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from common.clock import now
from projects.models import IdentityProvider, Project, Tenant
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import create_identity_provider
from rbac.actors import operator_at_console
from rbac.models import ServiceAccount, ServiceAccountClaim
from tests.factories.domain import make_project, make_tenant
from tests.fakes.identity_provider import (
    CLI_CLIENT_ID,
    CLIENT_ID,
    FakeProvider,
    fake_provider,
)

OPERATOR = operator_at_console("tests")
SECRET = "s3cret of the client"


@pytest.fixture(autouse=True)
def _loopback(settings: Settings) -> None:
    settings.EGRESS_ALLOWED_HOSTS = ["127.0.0.1"]
    cache.clear()


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


@pytest.fixture
def tenant(db: None) -> Tenant:
    return make_tenant()


@pytest.fixture
def project(tenant: Tenant) -> Project:
    return make_project(tenant=tenant)


@pytest.fixture
def trusted(tenant: Tenant, fake: FakeProvider) -> IdentityProvider:
    """The provider of the default tenant."""
    return trust(fake, tenant)


def trust(fake: FakeProvider, tenant: Tenant | None, **facts: Any) -> IdentityProvider:
    """Let ``tenant`` (or all of them) believe ``fake``."""
    spec: dict[str, Any] = {
        "name": "corp",
        "title": "Corporate",
        "issuer": fake.url,
        "client_id": CLIENT_ID,
        "cli_client_id": CLI_CLIENT_ID,
        "client_secret": SECRET,
        **facts,
    }
    return create_identity_provider(tenant, ProviderSpec(**spec), actor=OPERATOR, now=now())


def map_claim(project: Project, role: str, claim: str, value: str) -> None:
    """Lead whoever has a claim to one of a project's roles."""
    account, _ = ServiceAccount.objects.get_or_create(
        tenant_uid=project.tenant.uid, project_uid=project.uid, namespace=project.name, name=role
    )
    ServiceAccountClaim.objects.create(service_account=account, name=claim, value=value)


def with_bearer(token: str) -> Client:
    """Return a client that sends this token."""
    return Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)


def begin(client: Client, address: str = "/oidc/corp/login/", **query: str) -> dict[str, str]:
    """Return what a browser is told to ask the provider."""
    response = client.get(address, query)
    assert response.status_code == 302, response.content
    asked = parse_qs(urlsplit(response["Location"]).query)
    return {name: values[0] for name, values in asked.items()}


def come_back(client: Client, fake: FakeProvider, asked: dict[str, str], **claims: object) -> str:
    """Return the page that somebody sees first whom the provider has sent back."""
    fake.codes["code"] = fake.token(**{"nonce": asked["nonce"], **claims})
    fake.challenges["code"] = asked["code_challenge"]
    path = urlsplit(asked["redirect_uri"]).path
    return str(client.get(path, {"code": "code", "state": asked["state"]})["Location"])


def is_signed_in(client: Client) -> bool:
    return client.get("/projects").status_code == 200
