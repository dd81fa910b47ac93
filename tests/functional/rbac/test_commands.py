"""What operators do from the console."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from common.clock import now
from rbac.actors import ActorKind, operator_at_console
from rbac.authorizer import Scope
from rbac.models import AuditEvent, Membership, User
from rbac.selectors import authenticate_token
from rbac.services import create_operator, grant_role
from rbac.services.roles import RoleDraft, create_role
from tests.factories.domain import NOON, make_project, make_tenant
from tests.factories.people import make_person

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_an_operator_is_made_with_a_password_that_is_printed_once() -> None:
    printed = run("create_operator", "admin", "--email", "admin@example.com")

    user = User.objects.get()
    password = printed.split("password: ")[1].strip()
    assert user.is_superuser
    assert user.check_password(password)
    assert AuditEvent.objects.get().action == "operator.create"
    assert password not in str(AuditEvent.objects.values().get())


def test_an_operator_can_bring_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("open sesame\n"))

    printed = run("create_operator", "admin", "--password-stdin")

    assert User.objects.get().check_password("open sesame")
    assert "sesame" not in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("create_operator", "alice"), "already exists"),
        (("create_operator", "not a name"), "not valid"),
        (("create_operator", "bob", "--email", "nonsense"), "not valid"),
        (("issue_token", "nobody"), "no account"),
        (("issue_token", "alice", "--tenant", "nowhere"), "not found"),
        (("grant_role", "alice", "kargo-admin", "--project", "nowhere"), "not found"),
        (("grant_role", "nobody", "kargo-admin"), "no account"),
        (("grant_role", "alice", "kargo-promoter"), "there are always kargo-admin"),
        (("grant_role", "alice", "made-up"), 'role "made-up" not found'),
    ],
)
def test_mistakes_are_told_in_a_sentence(arguments: tuple[str, ...], reason: str) -> None:
    make_tenant()
    make_person("alice")

    with pytest.raises(CommandError, match=reason):
        run(*arguments)


def test_a_token_is_issued_for_a_tenant_and_some_days() -> None:
    tenant = make_tenant()
    make_person("alice")

    plaintext = run("issue_token", "alice", "--tenant", "default", "--days", "7").strip()

    token = authenticate_token(plaintext, now=now())
    assert token.tenant_uid == tenant.uid
    assert token.expires_at is not None
    assert (token.expires_at - token.created_at).days == 7


def test_a_role_is_granted_once_however_often_it_is_asked_for() -> None:
    project = make_project()
    make_person("alice")

    for _ in range(2):
        run("grant_role", "alice", "kargo-promoter", "--project", "demo")
    run("grant_role", "alice", "kargo-viewer")

    rows = Membership.objects.order_by("pk").values_list("role", "project_uid")
    assert list(rows) == [("kargo-promoter", project.uid), ("kargo-viewer", None)]
    assert AuditEvent.objects.filter(action="role.grant").count() == 2


def test_a_role_of_a_projects_own_is_granted_too() -> None:
    project = make_project()
    make_person("alice")
    where = Scope(project.tenant.uid, project.uid, "demo")
    create_role(where, RoleDraft("deployer"), actor=operator_at_console("tests"), now=NOON)

    printed = run("grant_role", "alice", "deployer", "--project", "demo")

    assert printed.strip() == "alice holds deployer in project demo"
    with pytest.raises(CommandError, match='role "deployer" not found'):
        run("grant_role", "alice", "deployer")


def test_a_grant_does_not_outlive_its_project() -> None:
    project = make_project()
    alice = make_person("alice")
    grant_role(
        alice,
        role="kargo-admin",
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        actor=operator_at_console("tests"),
        now=NOON,
    )
    project.deleted_at = NOON
    project.save(update_fields=["deleted_at"])

    again = make_project()

    assert again.uid != Membership.objects.get().project_uid


def test_an_operator_made_by_a_program_has_the_password_it_was_given() -> None:
    user, password = create_operator(
        "root", "", password="open sesame", actor=operator_at_console("tests"), now=NOON
    )

    assert password == "open sesame"
    assert user.check_password(password)
    assert operator_at_console("x").kind is ActorKind.USER


def test_no_role_is_stored_twice_not_even_for_a_whole_tenant() -> None:
    binding = Membership(
        user=make_person("alice"), tenant_uid=make_tenant().uid, role="kargo-admin"
    )
    binding.save()
    binding.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        binding.save(force_insert=True)
