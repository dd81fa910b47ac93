"""Who may watch, and for how long: nothing of others is told, and a watch ends when access does."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from projects.models import ChangeType, Project
from rbac.actors import operator_at_console
from rbac.models import (
    ApiToken,
    Membership,
    Role,
    RoleBinding,
    RoleBindingSubject,
    ServiceAccount,
    User,
)
from rbac.services import revoke_token
from tests.factories.domain import (
    make_project,
    make_stage,
    make_tenant,
)
from tests.factories.people import make_person, make_viewer
from tests.functional.api.conftest import Scene, client_for
from tests.functional.api.event_streams import following, touch

P = "/v1beta1/projects/demo"
ROOT = operator_at_console("tests")


def test_whoever_may_not_watch_is_told_before_anything_is_sent(
    charlie: Client, client: Client, scene: Scene
) -> None:
    other = make_project("other")
    reader = client_for(_reader_of(scene.project))

    assert client.get(f"{P}/stages?watch=true").status_code == 401
    assert charlie.get(f"{P}/stages?watch=true").status_code == 404
    assert reader.get(f"{P}/stages").status_code == 200
    refused = reader.get(f"{P}/stages?watch=true", headers={"Accept": "text/event-stream"})
    assert refused.status_code == 403
    assert refused.json() == {
        "error": "stages.kargo.akuity.io is forbidden: watch is not permitted"
    }
    assert reader.get(f"/v1beta1/projects/{other.name}/stages?watch=true").status_code == 403
    assert reader.get("/v1beta1/projects/none/stages?watch=true").status_code == 404


def _reader_of(project: Project) -> User:
    """Return somebody who may get and list everything in a project, and watch nothing."""
    user = make_person("rita")
    place: dict[str, Any] = {
        "tenant_uid": project.tenant.uid,
        "project_uid": project.uid,
        "namespace": project.name,
    }
    Membership.objects.create(
        user=user, tenant_uid=project.tenant.uid, project_uid=project.uid, role="reader"
    )
    ServiceAccount.objects.create(**place, name="reader")
    rules = [{"apiGroups": ["kargo.akuity.io"], "resources": ["*"], "verbs": ["get", "list"]}]
    Role.objects.create(**place, name="reader", rules=rules)
    binding = RoleBinding.objects.create(
        **place, name="reader", role_kind="Role", role_name="reader"
    )
    RoleBindingSubject.objects.create(binding=binding, namespace=project.name, name="reader")
    return user


def test_nothing_of_others_is_told(bob: Client, scene: Scene) -> None:
    there = make_project("demo", tenant=make_tenant("elsewhere"))
    beside = make_project("beside")
    with following(bob, f"{P}/stages") as events:
        events.take(2)
        for project in (there, beside):
            touch(make_stage(project, "test"), ChangeType.ADDED)
        touch(scene.warehouse)
        touch(scene.test)

        assert [it.says for it in events.take(1)] == [("MODIFIED", "test")]


def test_a_quiet_watch_says_that_it_is_there(bob: Client, scene: Scene, settings: Any) -> None:
    settings.WATCH_KEEP_ALIVE_SECONDS = 0.2
    settings.WATCH_CHECK_SECONDS = 1.0
    with following(bob, f"{P}/warehouses") as events:
        events.take(1)
        ApiToken.objects.update(revoked_at=now())

        assert list(events) == []
        assert events.comments >= 1


def _revoke_token(scene: Scene) -> None:
    revoke_token(ApiToken.objects.get(user__username="bob"), actor=ROOT, now=now())


def _deactivate(scene: Scene) -> None:
    User.objects.filter(username="bob").update(is_active=False)


def _take_role(scene: Scene) -> None:
    Membership.objects.filter(user__username="bob").delete()


def _suspend_tenant(scene: Scene) -> None:
    type(scene.project.tenant).objects.update(suspended_at=now())


def _replace_project(scene: Scene) -> None:
    Project.objects.filter(pk=scene.project.pk).update(deleted_at=now())
    again = make_project(scene.project.name)
    Membership.objects.filter(user__username="bob").update(project_uid=again.uid)


@pytest.mark.parametrize(
    "lose", [_revoke_token, _deactivate, _take_role, _suspend_tenant, _replace_project]
)
def test_a_watch_ends_when_access_does(bob: Client, scene: Scene, settings: Any, lose: Any) -> None:
    settings.WATCH_CHECK_SECONDS = 0.3
    with following(bob, f"{P}/warehouses") as events:
        events.take(1)
        lose(scene)
        rest = list(events)

    assert rest == []


def test_a_watch_ends_when_its_session_does(client: Client, scene: Scene, settings: Any) -> None:
    settings.WATCH_CHECK_SECONDS = 0.3
    client.force_login(
        make_viewer(scene.project, "dora"), backend="django.contrib.auth.backends.ModelBackend"
    )
    with following(client, f"{P}/warehouses") as events:
        events.take(1)
        touch(scene.warehouse)
        news = events.take(1)
        client.session.flush()
        rest = list(events)

    assert [it.says for it in news] == [("MODIFIED", "main")]
    assert rest == []
