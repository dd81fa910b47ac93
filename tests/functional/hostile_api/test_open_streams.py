"""Whoever loses access loses their open watches and pages within seconds, over real connections."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import Client

from common.clock import now
from projects.models import ChangeType, Project
from projects.services.changes import record_change
from projects.services.projects import create_project
from projects.services.tenants import suspend_tenant
from promotions.models import Stage
from promotions.services.projects import delete_project
from rbac.actors import operator_at_console
from rbac.authorizer import Scope
from rbac.models import Membership, ServiceAccount, User
from rbac.rules import KARGO, Rule
from rbac.services import issue_role_token, issue_token, make_system_roles, revoke_role
from rbac.services.role_permissions import Permission, revoke_permission
from rbac.services.roles import RoleDraft, create_role, delete_role
from tests.factories.domain import make_stage, make_tenant
from tests.factories.people import PASSWORD, grant, make_operator, make_person
from tests.functional.api.wire import Server, serving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROOT = operator_at_console("tests")
SECONDS = 8.0
"""How long a stream may go on at most on a busy machine; one or two are usual."""
EXPIRES_IN = 6.0


@dataclass(frozen=True, slots=True)
class Case:
    """An open stream and what takes its access away; nothing does for a bystander."""

    name: str
    path: str
    headers: dict[str, str]
    lose: Callable[[], object] | None = None


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with serving() as running:
        yield running


def make_place(tenant_name: str, name: str = "demo") -> Project:
    tenant = make_tenant(tenant_name)
    make_system_roles(tenant_uid=tenant.uid, now=now())
    project = create_project(tenant, name, actor=ROOT, now=now())
    make_stage(project, "test")
    return project


def watch(name: str, project: Project, token: str, lose: Any = None) -> Case:
    path = f"/t/{project.tenant.name}/v1beta1/projects/{project.name}/stages?watch=true"
    return Case(name, path, {"Authorization": f"Bearer {token}"}, lose)


def page(name: str, project: Project, client: Client, lose: Any = None) -> Case:
    path = f"/t/{project.tenant.name}/projects/{project.name}/events"
    return Case(name, path, {"Cookie": f"sessionid={client.session.session_key}"}, lose)


def token_of(user: User, *, seconds: float = 3600.0) -> str:
    at = now()
    expires_at = at + timedelta(seconds=seconds)
    facts: dict[str, Any] = {"name": "t", "tenant_uid": None, "actor": ROOT, "now": at}
    return issue_token(user, expires_at=expires_at, **facts)[1]


def member(username: str, project: Project, role: str = "kargo-viewer") -> User:
    user = make_person(username)
    grant(user, role, tenant=project.tenant, project=project)
    return user


def session_of(user: User) -> Client:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def watcher_role(project: Project, name: str) -> tuple[Scope, ServiceAccount]:
    where = Scope(project.tenant.uid, project.uid, project.name)
    rule = Rule((KARGO,), ("stages",), ("get", "list", "watch"))
    create_role(where, RoleDraft(name, (rule,)), actor=ROOT, now=now())
    return where, ServiceAccount.objects.get(project_uid=project.uid, name=name)


def role_token(account: ServiceAccount, name: str) -> str:
    return issue_role_token(account, name=name, expires_at=None, actor=ROOT, now=now())[1]


def cases() -> list[Case]:
    demo, leaving = make_place("acme"), make_place("leaving")
    gone = create_project(demo.tenant, "gone", actor=ROOT, now=now())
    make_stage(gone, "test")
    admin = Client(headers={"authorization": f"Bearer {token_of(make_operator('root'))}"})
    found = [
        watch("a bystander", demo, token_of(member("bea", demo))),
        page("a bystander with a page", demo, session_of(member("ben", demo))),
    ]
    where, account = watcher_role(demo, "watcher")
    base = "/t/acme/v1beta1/projects/demo"
    revoked = role_token(account, "ci")
    found.append(
        watch("a token is deleted", demo, revoked, lambda: admin.delete(f"{base}/api-tokens/ci"))
    )
    where, account = watcher_role(demo, "fading")
    verbs = Permission("stages", ("watch",))
    found.append(
        watch(
            "a role loses a verb",
            demo,
            role_token(account, "fading"),
            lambda: revoke_permission(where, "fading", verbs, actor=ROOT, now=now()),
        )
    )
    doomed, account = watcher_role(demo, "doomed")
    found.append(
        watch(
            "a role is deleted",
            demo,
            role_token(account, "doomed"),
            lambda: delete_role(doomed, "doomed", actor=ROOT, now=now()),
        )
    )
    carl, dora, eve, fay = (member(it, demo) for it in ("carl", "dora", "eve", "fay"))
    found += [
        watch("a role is taken back", demo, token_of(carl), lambda: _take_roles(carl)),
        page("a role is taken back from a page", demo, session_of(dora), lambda: _take_roles(dora)),
    ]
    out, changed = session_of(eve), session_of(fay)
    found += [
        page("a session ends", demo, out, lambda: out.post("/accounts/logout/")),
        page("a password changes", demo, changed, lambda: _set_password(fay)),
        watch(
            "a tenant is suspended",
            leaving,
            token_of(member("gil", leaving)),
            lambda: _suspend(leaving),
        ),
        page("a tenant is suspended, a page", leaving, session_of(member("hal", leaving))),
        watch("a project is deleted", gone, token_of(member("ida", gone)), lambda: _delete(gone)),
        watch("a token expires", demo, token_of(member("jan", demo), seconds=EXPIRES_IN), bool),
        watch(
            "a person is switched off",
            demo,
            token_of(member("kim", demo)),
            lambda: _switch_off("kim"),
        ),
    ]
    return found


def _take_roles(user: User) -> None:
    for membership in Membership.objects.filter(user=user):
        revoke_role(membership, actor=ROOT, now=now())


def _set_password(user: User) -> None:
    client = session_of(user)
    form = {"oldpassword": PASSWORD, "password1": "x7-quiet-otter", "password2": "x7-quiet-otter"}
    assert client.post("/accounts/password/change/", form).status_code == 302


def _suspend(project: Project) -> None:
    suspend_tenant(project.tenant, actor=ROOT, reason="unpaid", now=now())


def _delete(project: Project) -> None:
    delete_project(project, actor=ROOT, now=now())


def _switch_off(username: str) -> None:
    client = session_of(make_operator("olga"))
    user = User.objects.get(username=username)
    form = {
        "username": username,
        "email": user.email,
        "date_joined_0": "2026-01-01",
        "date_joined_1": "00:00",
    }
    answer = client.post(f"/admin/rbac/user/{user.pk}/change/", form)
    assert answer.status_code == 302, answer.content


def test_open_streams_end_within_seconds_of_the_loss_of_access(server: Server) -> None:
    given = cases()
    losers = [it for it in given if not it.name.startswith("a bystander")]

    ended, heard = asyncio.run(_scenario(server, given))

    assert sorted({it.name for it in losers} - set(ended)) == [], "these went on"
    assert {name: it for name, it in ended.items() if it > SECONDS} == {}
    assert heard == {"a bystander": True, "a bystander with a page": True}


async def _scenario(server: Server, given: list[Case]) -> tuple[dict[str, float], dict[str, bool]]:
    async with AsyncExitStack() as stack:
        streams = {it.name: await _open(server, it, stack) for it in given}
        await asyncio.sleep(4.0)  # they have been asked once by then
        lost_at: dict[str, float] = {}
        ends = {
            name: asyncio.create_task(_until_end(reader))
            for name, reader in streams.items()
            if not name.startswith("a bystander")
        }
        for case in given:
            if case.lose is not None:
                await sync_to_async(case.lose)()
            lost_at[case.name] = time.monotonic()
        await asyncio.wait(ends.values(), timeout=SECONDS)
        ended = {name: it.result() - lost_at[name] for name, it in ends.items() if it.done()}
        for it in ends.values():
            it.cancel()
        await sync_to_async(_touch)()
        heard = {
            name: await _hears(reader)
            for name, reader in streams.items()
            if name.startswith("a bystander")
        }
    await sync_to_async(connections.close_all)()
    return ended, heard


async def _open(server: Server, case: Case, stack: AsyncExitStack) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    stack.callback(writer.close)
    lines = [f"GET {case.path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in case.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    async with asyncio.timeout(20):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), (case.name, head)
        await reader.readuntil(b"\n\n\r\n")
    return reader


async def _until_end(reader: asyncio.StreamReader) -> float:
    while await reader.read(1 << 16):
        pass
    return time.monotonic()


async def _hears(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(5):
        while True:
            chunk = await reader.read(1 << 16)
            if not chunk:
                return False
            if b"MODIFIED" in chunk or b"event: change" in chunk:
                return True


def _touch() -> None:
    stage = Stage.objects.get(project__name="demo", project__tenant__name="acme")
    record_change(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )
