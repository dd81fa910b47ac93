"""The same act on an identity provider, through the API and in the admin, is decided alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from common.clock import now
from projects.models import IdentityProvider, Project
from projects.services.identity_provider_specs import ProviderSpec
from projects.services.identity_providers import create_identity_provider
from rbac.actors import operator_at_console
from rbac.models import AuditEvent, User
from tests.functional.identity_providers.conftest import PLATFORMS, TENANTS, program, send

pytestmark = pytest.mark.django_db
PAGES = "/admin/projects/identityprovider/"

_BODY: Mapping[str, Any] = {
    "name": "corp",
    "issuer": "https://login.corp.example",
    "clientId": "kargo",
    "scopes": ["openid"],
}
_FORM: Mapping[str, str] = {
    "name": "corp",
    "issuer": "https://login.corp.example",
    "client_id": "kargo",
    "client_auth": "client_secret_basic",
    "scopes": "openid",
    "username_claim": "email",
    "groups_claim": "groups",
    "is_enabled": "on",
}
_KEYS = {
    "issuer": "issuer",
    "clientId": "client_id",
    "usernameClaim": "username_claim",
    "trustsEmail": "trusts_email",
    "emailDomains": "email_domains",
}

Trace = tuple[Any, ...]


@pytest.fixture
def staff(people: dict[str, User]) -> dict[str, User]:
    """Everybody may come into the admin; what they may do there is another question."""
    User.objects.update(is_staff=True)
    return {who: User.objects.get(pk=user.pk) for who, user in people.items()}


def page_of(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def made(project: Project | None) -> IdentityProvider:
    tenant = project.tenant if project else None
    spec = ProviderSpec(
        name="corp", issuer="https://login.corp.example", client_id="kargo", scopes=("openid",)
    )
    actor = operator_at_console("tests")
    return create_identity_provider(tenant, spec, actor=actor, now=now())


def trace() -> Trace:
    """Return what an act has left: the rows, and what the audit says of them."""
    rows = IdentityProvider.objects.order_by("name").values_list(
        "name", "tenant__name", "issuer", "client_id", "title", "trusts_email", "is_enabled"
    )
    events = AuditEvent.objects.filter(kind="IdentityProvider").exclude(
        actor__startswith="operator:"
    )
    acts = events.order_by("at").values_list("action", "actor", "object_name", "after")
    return tuple(rows), tuple((*it[:3], str(it[3])) for it in acts)


@dataclass(frozen=True, slots=True)
class Scene:
    """Somebody with a client for each door, and where the provider is that they would write."""

    api: Client
    admin: Client
    base: str
    form: Mapping[str, str]
    pk: int | None


Knock = Callable[[Scene], object]
ACTS: Mapping[str, tuple[Knock, Knock]] = {
    "create": (
        lambda it: send(it.api, "post", it.base, dict(_BODY)),
        lambda it: it.admin.post(f"{PAGES}add/", it.form),
    ),
    "update": (
        lambda it: send(it.api, "patch", f"{it.base}/corp", {"title": "New"}),
        lambda it: it.admin.post(f"{PAGES}{it.pk}/change/", {**_FORM, "title": "New"}),
    ),
    "delete": (
        lambda it: it.api.delete(f"{it.base}/corp"),
        lambda it: it.admin.post(f"{PAGES}{it.pk}/delete/", {"post": "yes"}),
    ),
}


def outcome(knock: Knock, scene: Scene) -> Trace:
    """Return what an act leaves behind, and undo it."""
    with transaction.atomic():
        knock(scene)
        left = trace()
        transaction.set_rollback(True)
    return left


@pytest.mark.parametrize("whose", ["tenant", "platform"])
@pytest.mark.parametrize("act", ACTS)
def test_both_doors_decide_alike(
    staff: dict[str, User], project: Project, act: str, whose: str
) -> None:
    owner = project if whose == "tenant" else None
    pk = made(owner).pk if act != "create" else None
    base = TENANTS if owner else PLATFORMS
    form = {**_FORM, "tenant": str(project.tenant.pk)} if owner else _FORM
    before, apart, done = trace(), {}, set()
    for who, user in staff.items():
        scene = Scene(program(user), page_of(user), base, form, pk)
        by_api, by_admin = (outcome(knock, scene) for knock in ACTS[act])
        if by_api != by_admin:
            apart[who] = (by_api, by_admin)
        if by_api != before:
            done.add(who)

    assert apart == {}
    assert done == ({"operator", "tenant admin"} if owner else {"operator"})


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "http://login.corp.example"},
        {"issuer": "https://login.corp.example/?a=1"},
        {"issuer": "http://127.0.0.1:8000"},
        {"usernameClaim": "controller"},
        {"trustsEmail": True},
        {"emailDomains": ["a@b.example"]},
    ],
    ids=str,
)
def test_both_doors_refuse_in_the_same_words(
    staff: dict[str, User], project: Project, change: dict[str, Any]
) -> None:
    user = staff["tenant admin"]
    key, value = next(iter(change.items()))
    shown = "on" if value is True else " ".join(value) if isinstance(value, list) else value
    form = {**_FORM, "tenant": str(project.tenant.pk), _KEYS[key]: shown}

    said = send(program(user), "post", TENANTS, {**_BODY, **change}).json()["error"]
    page = page_of(user).post(f"{PAGES}add/", form)

    reasons = page.context["adminform"].form.errors[_KEYS[key]]
    assert said == f"The identity provider is not valid: {key}: {'; '.join(reasons)}"
    assert not IdentityProvider.objects.exists()


def test_a_name_that_is_taken_is_refused_by_both(staff: dict[str, User], project: Project) -> None:
    made(project)
    user = staff["tenant admin"]

    answer = send(program(user), "post", TENANTS, dict(_BODY))
    page = page_of(user).post(f"{PAGES}add/", {**_FORM, "tenant": str(project.tenant.pk)})

    assert answer.status_code == 409
    assert "of that name already" in page.content.decode()
    assert IdentityProvider.objects.count() == 1
