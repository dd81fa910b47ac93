"""Staff who administer a tenant use the admin for its rows, and find nothing of another's."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.db import transaction
from django.db.models import ForeignKey, Model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from common.tenancy import of_tenants, tenant_path
from projects.models import ControlPlane, IdentityProvider, Project, Tenant
from projects.services.tenants import suspend_tenant
from promotions.models import Freight, Promotion, Stage, Warehouse
from rbac.actors import operator_at_console
from rbac.defaults import ADMIN, TENANT_ADMIN, VIEWER
from rbac.models import ApiToken, AuditEvent, User
from tests.factories.domain import NOON, make_tenant
from tests.factories.everything import make_everything
from tests.factories.people import grant, make_operator, make_person

pytestmark = pytest.mark.django_db

BY_PASSWORD = "django.contrib.auth.backends.ModelBackend"
MINE, THEIRS = "mineralwater", "theodolite"
"""Words that are on a page only if a row of that tenant is."""

OWNED = sorted(
    (it for it in admin.site._registry if tenant_path(it)), key=lambda it: it._meta.label
)
READ_ONLY = [it for it in OWNED if it not in {ControlPlane, IdentityProvider}]
"""A tenant says itself whom it trusts and addresses: those have tests of their own."""
FOREIGN = sorted(
    (it for it in admin.site._registry if not tenant_path(it)), key=lambda it: it._meta.label
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Two tenants with a row of everything, and somebody who administers the first."""

    mine: Tenant
    theirs: Tenant
    rows: dict[type[Model], Model]
    foreign: dict[type[Model], Model]
    client: Client
    user: User


Rows = dict[type[Model], Model]


@pytest.fixture(scope="module")
def rows_of_both(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Rows, Rows]]:
    """Make them once; each test's own transaction is inside this one."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield (
            make_everything(make_tenant(f"{MINE}-tenant"), marker=MINE),
            make_everything(make_tenant(f"{THEIRS}-tenant"), marker=THEIRS),
        )
        transaction.set_rollback(True)


@pytest.fixture
def scene(rows_of_both: tuple[Rows, Rows], client: Client) -> Scene:
    mine, theirs = make_tenant(f"{MINE}-tenant"), make_tenant(f"{THEIRS}-tenant")
    rows, foreign = copy.deepcopy(rows_of_both)
    user = make_staff("dora", mine)
    client.force_login(user, BY_PASSWORD)
    return Scene(mine, theirs, rows, foreign, client, user)


def make_staff(username: str, tenant: Tenant, role: str = TENANT_ADMIN) -> User:
    user = make_person(username)
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    grant(user, role, tenant=tenant)
    return user


def page(model: type[Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def row_of(model: type[Model], tenant: Tenant) -> Model:
    row = of_tenants(model._base_manager.all(), [tenant.uid]).order_by("pk").first()
    assert row is not None, f"make_everything makes no {model._meta.label}"
    return row


def is_missing(response: Any) -> bool:
    """Return whether the admin says that an object is not there: it leads back to the index."""
    is_there = response.status_code == 302 and response["Location"] == reverse("admin:index")
    return is_there or response.status_code in {403, 404}


def words_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def filters_of(model: type[Model], foreign: Model) -> Iterator[dict[str, Any]]:
    """Yield the queries that name the foreign row, or what it refers to, by every filter."""
    yield {"q": THEIRS}
    for entry in admin.site.get_model_admin(model).list_filter:
        if not isinstance(entry, str):
            continue
        fields = get_fields_from_path(model, entry)
        if not isinstance(fields[-1], ForeignKey):
            continue
        value: Any = foreign
        for name in entry.split("__"):
            value = getattr(value, name) if value is not None else None
        if value is not None:
            yield {f"{entry}__{fields[-1].target_field.name}__exact": value.pk}


@pytest.mark.parametrize("model", OWNED, ids=lambda it: it._meta.label)
def test_lists_searches_and_filters_show_what_is_mine_and_nothing_of_theirs(
    scene: Scene, model: type[Model]
) -> None:
    foreign = row_of(model, scene.theirs)

    everything = scene.client.get(page(model, "changelist"))
    found = [
        scene.client.get(page(model, "changelist"), query, follow=True)
        for query in filters_of(model, foreign)
    ]

    assert everything.status_code == 200
    shown = {it.pk for it in everything.context["cl"].queryset}
    expected = of_tenants(model._default_manager.all(), [scene.mine.uid])
    assert shown == set(expected.values_list("pk", flat=True))
    text = words_of(everything)
    assert THEIRS not in text
    assert str(scene.theirs.uid) not in text
    for response in found:
        assert response.status_code == 200
        changes = response.context["cl"]
        # What one has typed oneself is shown again.
        echoes = sum(words_of(response).count(f"q{it}{THEIRS}") for it in ("=", "%3D"))
        assert words_of(response).count(THEIRS) <= echoes + 1
        assert set(changes.queryset.values_list("pk", flat=True)) <= shown
        assert not {it.pk for it in changes.queryset} & {foreign.pk}


@pytest.mark.parametrize("model", OWNED, ids=lambda it: it._meta.label)
def test_pages_of_their_rows_are_as_pages_of_rows_that_are_not_there(
    scene: Scene, model: type[Model]
) -> None:
    mine, foreign = row_of(model, scene.mine), row_of(model, scene.theirs)
    nobody = UUID(int=1) if isinstance(foreign.pk, UUID) else 987_654_321

    for name in ("change", "history", "delete"):
        theirs = scene.client.get(page(model, name, foreign.pk))
        missing = scene.client.get(page(model, name, nobody))
        assert is_missing(theirs), name
        assert (theirs.status_code, theirs.get("Location")) == (
            missing.status_code,
            missing.get("Location"),
        )
    own = scene.client.get(page(model, "change", mine.pk), follow=True)
    history = scene.client.get(page(model, "history", mine.pk))

    assert own.status_code == history.status_code == 200
    assert THEIRS not in words_of(own) + words_of(history)


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda it: it._meta.label)
def test_nothing_is_added_changed_or_deleted_by_form(scene: Scene, model: type[Model]) -> None:
    before = {
        it: list(it._base_manager.order_by("pk").values()) for it in (model, Tenant, AuditEvent)
    }
    mine, foreign = row_of(model, scene.mine), row_of(model, scene.theirs)
    form = {"name": "changed", "role": ADMIN, "tenant_uid": str(scene.theirs.uid), "post": "yes"}

    statuses = [
        scene.client.post(page(model, "add"), form).status_code,
        scene.client.post(page(model, "delete", mine.pk), form).status_code,
        scene.client.post(page(model, "delete", foreign.pk), form).status_code,
        scene.client.post(page(model, "change", foreign.pk), form).status_code,
    ]
    if model is not Tenant:
        statuses.append(scene.client.post(page(model, "change", mine.pk), form).status_code)

    assert set(statuses) <= {302, 403, 404}
    for it, rows in before.items():
        assert list(it._base_manager.order_by("pk").values()) == rows


@pytest.mark.parametrize("model", OWNED, ids=lambda it: it._meta.label)
def test_no_action_reaches_their_rows(scene: Scene, model: type[Model]) -> None:
    foreign = row_of(model, scene.theirs)
    shown = admin.site.get_model_admin(model)
    actions = [it if isinstance(it, str) else it.__name__ for it in shown.actions or ()]
    before = {
        it: list(it._base_manager.order_by("pk").values()) for it in (model, Promotion, AuditEvent)
    }

    for action in (*actions, "delete_selected"):
        form = {"action": action, "_selected_action": [str(foreign.pk)], "post": "yes"}
        response = scene.client.post(page(model, "changelist"), form, follow=True)
        assert THEIRS not in words_of(response)

    for it, rows in before.items():
        assert list(it._base_manager.order_by("pk").values()) == rows


@pytest.mark.parametrize("model", OWNED, ids=lambda it: it._meta.label)
def test_autocompletion_offers_nothing_of_theirs(scene: Scene, model: type[Model]) -> None:
    for asking, shown in admin.site._registry.items():
        for name in shown.autocomplete_fields:
            query: dict[str, Any] = {
                "term": THEIRS,
                "app_label": asking._meta.app_label,
                "model_name": asking._meta.model_name,
                "field_name": name,
            }
            response = scene.client.get(reverse("admin:autocomplete"), query)
            assert response.status_code in {200, 403}
            assert THEIRS not in words_of(response)
    assert scene.client.get(page(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", FOREIGN, ids=lambda it: it._meta.label)
def test_what_no_tenant_owns_is_not_shown(scene: Scene, model: type[Model]) -> None:
    statuses = {
        scene.client.get(page(model, "changelist")).status_code,
        scene.client.get(page(model, "add")).status_code,
    }
    row = model._default_manager.first()
    if row is not None:
        statuses |= {
            scene.client.get(page(model, name, row.pk)).status_code
            for name in ("change", "history", "delete")
        }

    assert statuses <= {302, 403}
    assert model._meta.label_lower not in words_of(scene.client.get(reverse("admin:index")))


def test_the_index_and_the_applications_name_only_what_is_mine(scene: Scene) -> None:
    index = words_of(scene.client.get(reverse("admin:index")))
    apps = [
        words_of(scene.client.get(reverse("admin:app_list", args=[label])))
        for label in ("rbac", "projects", "promotions")
    ]

    assert page(Stage, "changelist") in index
    assert page(User, "changelist") not in index
    assert "/admin/django_q/" not in index
    assert THEIRS not in index + "".join(apps)
    assert scene.client.get(reverse("tools")).status_code == 403


def test_a_tenant_admin_titles_the_tenant_and_changes_nothing_else(scene: Scene) -> None:
    address = page(Tenant, "change", scene.mine.pk)

    scene.client.post(
        address,
        {"name": "other", "title": "Mineral Water", "max_projects": "99", "suspended_at_0": ""},
    )

    tenant = Tenant.objects.get(pk=scene.mine.pk)
    quota = tenant.quota
    assert (tenant.name, tenant.title) == (scene.mine.name, "Mineral Water")
    assert quota.max_projects is None
    event = AuditEvent.objects.get(tenant_uid=tenant.uid, action="tenant.update")
    assert event.after == {"title": "Mineral Water"}
    assert event.actor == "email:dora@example.com"


def test_a_tenant_admin_cannot_suspend_resume_or_delete_a_tenant(scene: Scene) -> None:
    for action in ("suspend", "resume", "delete_for_good"):
        form = {"action": action, "_selected_action": [scene.mine.pk], "confirmation": "x"}
        scene.client.post(page(Tenant, "changelist"), form, follow=True)

    assert Tenant.objects.get(pk=scene.mine.pk).state == "Active"


def test_a_tenant_admin_acts_on_what_is_theirs(scene: Scene) -> None:
    warehouse, token = scene.rows[Warehouse], scene.rows[ApiToken]

    for row, action in ((warehouse, "refresh"), (token, "revoke")):
        form = {"action": action, "_selected_action": [row.pk]}
        assert (
            scene.client.post(page(type(row), "changelist"), form, follow=True).status_code == 200
        )

    assert ApiToken.objects.get(pk=token.pk).revoked_at is not None
    event = AuditEvent.objects.get(action="warehouse.refresh")
    assert (event.tenant_uid, event.actor) == (scene.mine.uid, "email:dora@example.com")


def test_freight_is_promoted_only_to_stages_of_its_own_project(scene: Scene) -> None:
    form = {
        "action": "promote",
        "_selected_action": [scene.rows[Freight].pk],
        "stage": scene.foreign[Stage].pk,
    }

    response = scene.client.post(page(Freight, "changelist"), form, follow=True)

    assert "Select a valid choice" in words_of(response)
    assert THEIRS not in words_of(response)


@pytest.mark.parametrize("role", [VIEWER, ADMIN, ""])
def test_staff_who_do_not_administer_a_tenant_stay_outside(client: Client, role: str) -> None:
    tenant = make_tenant("acme")
    user = make_staff("eve", tenant, role or "kargo-user")
    client.force_login(user, BY_PASSWORD)

    response = client.get(page(Stage, "changelist"))

    assert response.status_code == 302
    assert "login" in response["Location"]


def test_who_administers_only_a_suspended_tenant_stays_outside(scene: Scene) -> None:
    suspend_tenant(scene.mine, actor=operator_at_console("tests"), reason="unpaid", now=NOON)

    response = scene.client.get(page(Stage, "changelist"))

    assert response.status_code == 302
    assert "login" in response["Location"]


def test_operators_still_see_everything(scene: Scene, client: Client) -> None:
    client.force_login(make_operator(), BY_PASSWORD)

    shown = client.get(page(Project, "changelist"))

    assert MINE in words_of(shown)
    assert THEIRS in words_of(shown)
    assert scene.mine.pk


def test_an_operator_suspends_resumes_and_deletes_from_the_admin(client: Client) -> None:
    client.force_login(make_operator(), BY_PASSWORD)
    client.post(
        page(Tenant, "add"), {"name": "acme", "title": "Acme", "max_projects": "3"}, follow=True
    )
    tenant = Tenant.objects.get(name="acme")
    states = []

    for action, extra in (
        ("suspend", {}),
        ("resume", {}),
        ("delete_for_good", {}),
        ("delete_for_good", {"confirmation": "wrong"}),
        ("delete_for_good", {"confirmation": "acme"}),
    ):
        form = {"action": action, "_selected_action": [tenant.pk], **extra}
        assert client.post(page(Tenant, "changelist"), form, follow=True).status_code == 200
        states.append(Tenant.objects.get(pk=tenant.pk).state)

    assert states == ["Suspended", "Active", "Active", "Active", "Deleting"]
    assert tenant.quota.max_projects == 3


def test_a_tenant_whose_name_cannot_be_an_address_is_refused_in_the_form(client: Client) -> None:
    client.force_login(make_operator(), BY_PASSWORD)

    response = client.post(page(Tenant, "add"), {"name": "Acme_1", "title": ""})

    assert response.status_code == 200
    assert "must be at most 63 small letters" in words_of(response)
