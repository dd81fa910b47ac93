"""Who knocks: one of each kind, with a token and a session."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.test import Client

from common.clock import now
from projects.models import Project
from rbac.actors import operator_at_console
from rbac.defaults import TENANT_ADMIN
from rbac.models import User
from rbac.services import issue_token
from tests.factories.domain import make_tenant
from tests.factories.people import (
    grant,
    make_admin,
    make_operator,
    make_person,
    make_promoter,
    make_stranger,
    make_viewer,
)


class Who(StrEnum):
    """The kinds of callers, from nobody to everything."""

    ANONYMOUS = "anonymous"
    JUNK = "junk token"
    EXPIRED = "expired token"
    OUTSIDER = "admin of another tenant"
    VIEWER = "viewer"
    PROMOTER = "promoter"
    ADMIN = "project admin"
    TENANT_ADMIN = "tenant admin"
    OPERATOR = "operator"


NOBODY = (Who.ANONYMOUS, Who.JUNK, Who.EXPIRED)


@dataclass(frozen=True, slots=True)
class Callers:
    """A client for programs and one for pages, of each kind of caller."""

    programs: dict[Who, Client]
    pages: dict[Who, Client]


def make_callers(project: Project) -> Callers:
    """Return callers of a project; the people of ``NOBODY`` have no session."""
    viewer = make_viewer(project)
    tenant_admin = make_person("tara")
    grant(tenant_admin, TENANT_ADMIN, tenant=project.tenant)
    people = {
        Who.OUTSIDER: make_stranger(make_tenant("elsewhere")),
        Who.VIEWER: viewer,
        Who.PROMOTER: make_promoter(project),
        Who.ADMIN: make_admin(project),
        Who.TENANT_ADMIN: tenant_admin,
        Who.OPERATOR: make_operator(),
    }
    tokens = {who: _token(user, minutes=60) for who, user in people.items()}
    tokens[Who.JUNK] = "junk.of.somebody"
    tokens[Who.EXPIRED] = _token(viewer, minutes=-1)
    programs = {who: _program(text) for who, text in tokens.items()}
    pages = {who: _page(user) for who, user in people.items()}
    for who in NOBODY:
        pages[who] = Client()
    return Callers({Who.ANONYMOUS: Client(), **programs}, pages)


def _token(user: User, *, minutes: int) -> str:
    at = now()
    _, plaintext = issue_token(
        user,
        name="matrix",
        tenant_uid=None,
        expires_at=at + timedelta(minutes=minutes),
        actor=operator_at_console("tests"),
        now=at,
    )
    return plaintext


def _program(token: str) -> Client:
    return Client(headers={"authorization": f"Bearer {token}"}, raise_request_exception=False)


def _page(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client
