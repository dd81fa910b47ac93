"""Where attacks happen: two tenants with everything in them, called alike, and those who attack."""

import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.test import Client

from projects.models import Project, Tenant
from projects.services.projects import create_project
from rbac.actors import Actor
from rbac.defaults import ADMIN, TENANT_ADMIN
from rbac.models import User
from rbac.services import make_system_roles
from tests.factories.domain import make_tenant
from tests.factories.people import grant, make_person
from tests.factories.rich import Rich, make_rich
from tests.functional.access.doors import Door
from tests.functional.access.grounds import Grounds, make_grounds
from tests.functional.access.people import Callers, Who, make_callers
from tests.functional.access.rows import ROWS, Row
from tests.functional.api.conftest import client_for

OUTSIDE = "elsewhere"
BESIDE = "side"
"""A project of the tenant that is attacked, whose admin the neighbour is."""


@dataclass(frozen=True, slots=True)
class Arena:
    """The tenant ``acme`` that is attacked, the tenant ``elsewhere``, and people of both.

    Attributes:
        elsewhere: What the other tenant has, under the names that ``acme``'s things have.
        neighbour: The admin of another project of ``acme``, who has nothing in ``demo``.
        callers: Of ``demo``; its outsider is the admin of ``elsewhere``.
    """

    grounds: Grounds
    elsewhere: Rich
    beside: Project
    neighbour: User
    callers: Callers
    neighbours: dict[str, Client]

    @property
    def tenant(self) -> Tenant:
        return self.grounds.tenant

    @property
    def demo(self) -> Project:
        return self.grounds.project

    @property
    def outsider(self) -> Client:
        return self.callers.programs[Who.OUTSIDER]

    @property
    def operator(self) -> Client:
        return self.callers.programs[Who.OPERATOR]

    @property
    def admin(self) -> Client:
        return self.callers.programs[Who.ADMIN]

    @property
    def tenant_admin(self) -> Client:
        return self.callers.programs[Who.TENANT_ADMIN]

    def neighbour_at(self, door: Door) -> Client:
        return self.neighbours["program" if door.is_api else "page"]

    def outsider_at(self, door: Door) -> Client:
        there = self.callers.programs if door.is_api else self.callers.pages
        return there[Who.OUTSIDER]


def make_arena(*, actor: Actor, now: datetime) -> Arena:
    """Return the arena."""
    grounds = make_grounds(actor=actor, now=now)
    callers = make_callers(grounds.project)
    outside = make_tenant(OUTSIDE)
    make_system_roles(tenant_uid=outside.uid, now=now)
    elsewhere = make_rich(outside)
    beside = create_project(grounds.tenant, BESIDE, actor=actor, now=now)
    neighbour = make_person("nora")
    grant(neighbour, ADMIN, tenant=grounds.tenant, project=beside)
    page = Client(raise_request_exception=False)
    page.force_login(neighbour, "django.contrib.auth.backends.ModelBackend")
    neighbours = {"program": client_for(neighbour), "page": page}
    return Arena(grounds, elsewhere, beside, neighbour, callers, neighbours)


def program(user: User) -> Client:
    """Return a client that sends a new token of ``user``."""
    return client_for(user)


def row_of(door: Door) -> Row:
    return ROWS[str(door)]


def knock(client: Client, door: Door, path: str, *, names: dict[str, str]) -> Any:
    """Return the answer at a door, whatever it did undone."""
    row = row_of(door)
    is_watch = door.method == "WATCH"
    send = getattr(client, "get" if is_watch else door.method.lower())
    given = _given(row, names)
    with transaction.atomic():
        answer = send(f"{path}{'?watch=true' if is_watch else row.query}", **given)
        transaction.set_rollback(True)
    return answer


def _given(row: Row, names: dict[str, str]) -> dict[str, Any]:
    if row.body is not None:
        return {"data": _filled(row.body, names), "content_type": "application/json"}
    return {"data": _filled(dict(row.form), names)} if row.form is not None else {}


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(it, names) for key, it in value.items()}
    if isinstance(value, list):
        return [_filled(it, names) for it in value]
    return copy.copy(names["freight"]) if value == "$freight" else value


__all__ = ["BESIDE", "OUTSIDE", "TENANT_ADMIN", "Arena", "knock", "make_arena", "program", "row_of"]
