"""The admin shows every model to operators, and to nobody else."""

from typing import cast

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from common.clock import now
from common.models import Resource
from projects.encryption import encrypt
from projects.models import ControlPlane, IdentityProvider, Secret, Tenant
from promotions.engine.phases import PromotionPhase
from promotions.models import MessageChannel, Promotion, StepExecution, Verification
from rbac.actors import operator_at_console
from rbac.models import ApiToken, AuditEvent, Membership, User
from rbac.selectors import authenticate_token
from rbac.services import issue_token
from tests.factories.domain import (
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_tenant,
    make_warehouse,
)
from tests.factories.people import make_admin, make_operator, make_stranger

pytestmark = pytest.mark.django_db

OURS = [
    model
    for label in ("rbac", "projects", "promotions")
    for model in apps.get_app_config(label).get_models()
]
SECRET = "do-not-show-me"


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_operator())
    return client


@pytest.fixture
def _rows() -> None:
    """One row of most models."""
    project = make_project()
    make_admin(project)
    freight = make_freight(make_warehouse(project), tag="1.0.0")
    promotion = make_promotion(make_stage(project), freight, phase=PromotionPhase.SUCCEEDED)
    collection = hold_freight(promotion.stage, freight, promotion=promotion)
    Verification.objects.create(collection=collection, phase="Successful", started_at=now())
    StepExecution.objects.create(promotion=promotion, index=0, alias="a", kind="copy")
    secret = Secret(tenant=project.tenant, project=project, name="git", namespace="demo")
    secret.keys = ["password"]
    secret.encrypted = encrypt(
        {"password": SECRET}, tenant_uid=secret.tenant.uid, bound_to=str(secret.uid)
    )
    secret.save()
    issue_token(
        User.objects.get(username="alice"),
        name="ci",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=now(),
    )


def page(model: type[Model], name: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_model_is_registered_searchable_and_filterable(model: type[Model]) -> None:
    shown = admin.site.get_model_admin(model)

    assert shown.search_fields
    assert shown.list_filter


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
@pytest.mark.usefixtures("_rows")
def test_every_page_opens_for_an_operator(operator: Client, model: type[Model]) -> None:
    assert operator.get(page(model, "changelist")).status_code == 200
    assert operator.get(page(model, "changelist"), {"q": "demo"}).status_code == 200
    is_made_here = model in {User, ApiToken, Membership, Tenant, IdentityProvider, ControlPlane}
    assert operator.get(page(model, "add")).status_code == (200 if is_made_here else 403)
    row = model._default_manager.first()
    if row is not None:
        assert operator.get(page(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_page_sends_others_to_sign_in(client: Client, model: type[Model]) -> None:
    client.force_login(make_stranger(make_tenant()))

    response = client.get(page(model, "changelist"))

    assert response.status_code == 302
    assert "login" in response["Location"]


@pytest.mark.parametrize(
    "model",
    [model for model in OURS if issubclass(model, Resource)],
    ids=lambda model: model.__name__,
)
def test_a_list_takes_as_many_queries_for_many_as_for_few(model: type[Model]) -> None:
    shown = admin.site.get_model_admin(model)
    relations = {field.name for field in model._meta.fields if field.is_relation}
    followed = {
        str(name).split("__")[0] for name in cast("tuple[str, ...]", shown.list_select_related)
    }

    displayed = {str(name) for name in shown.list_display}

    assert relations & displayed <= followed


@pytest.mark.usefixtures("_rows")
def test_what_a_secret_or_a_token_holds_is_on_no_page(operator: Client) -> None:
    secret, token = Secret.objects.get(), ApiToken.objects.get()
    addresses = [
        page(Secret, "changelist"),
        page(Secret, "change", secret.pk),
        page(ApiToken, "changelist"),
        page(ApiToken, "change", token.pk),
    ]

    text = "".join(operator.get(address).content.decode() for address in addresses)

    for hidden in (SECRET, secret.encrypted, token.digest):
        assert hidden not in text


@pytest.mark.usefixtures("_rows")
def test_refreshing_a_warehouse_is_audited_as_the_operators_act(operator: Client) -> None:
    model = apps.get_model("promotions", "Warehouse")
    row = model._default_manager.get()

    act(operator, model, "refresh", row.pk)

    event = AuditEvent.objects.get(action="warehouse.refresh")
    assert (event.actor, event.object_name) == ("email:root@example.com", "main")


@pytest.mark.usefixtures("_rows")
def test_freight_is_promoted_to_a_stage_chosen_in_between(operator: Client) -> None:
    promotion = Promotion.objects.get()
    freight = type(promotion.freight)

    asked = act(operator, freight, "promote", promotion.freight.pk)
    act(operator, freight, "promote", promotion.freight.pk, stage=promotion.stage.pk)

    assert asked.status_code == 200
    assert "Promote" in asked.content.decode()
    newest = Promotion.objects.exclude(pk=promotion.pk).get()
    assert newest.freight == promotion.freight
    assert newest.actor == "email:root@example.com"


@pytest.mark.usefixtures("_rows")
def test_freight_cannot_be_promoted_to_another_projects_stage(operator: Client) -> None:
    promotion = Promotion.objects.get()
    other = make_stage(make_project("other"))

    response = act(
        operator, type(promotion.freight), "promote", promotion.freight.pk, stage=other.pk
    )

    assert "Select a valid choice" in response.content.decode()
    assert Promotion.objects.count() == 1


@pytest.mark.usefixtures("_rows")
def test_aborting_ends_what_runs_and_says_what_has_ended(operator: Client) -> None:
    ended = Promotion.objects.get()
    waiting = make_promotion(ended.stage, ended.freight)

    response = act(operator, Promotion, "abort", ended.pk, waiting.pk)

    waiting.refresh_from_db()
    assert waiting.phase == PromotionPhase.ABORTED
    text = response.content.decode()
    assert f"{ended} has ended already." in text
    assert AuditEvent.objects.get(action="promotion.abort").actor == "email:root@example.com"


def test_a_token_made_here_is_shown_once_and_works(operator: Client) -> None:
    user = User.objects.get()
    form = {"user": user.pk, "name": "ci", "tenant_uid": "", "expires_at_0": "", "expires_at_1": ""}

    text = operator.post(page(ApiToken, "add"), form, follow=True).content.decode()

    plaintext = text.split("not shown again: ")[1].split("<")[0].strip()
    assert authenticate_token(plaintext, now=now()).name == "ci"
    assert plaintext not in operator.get(page(ApiToken, "changelist")).content.decode()


@pytest.mark.usefixtures("_rows")
def test_tokens_are_revoked_and_roles_given_and_taken_through_services(operator: Client) -> None:
    token, membership = ApiToken.objects.get(), Membership.objects.get()
    form = {"user": membership.user.pk, "tenant_uid": membership.tenant_uid, "role": "kargo-viewer"}

    act(operator, ApiToken, "revoke", token.pk)
    operator.post(page(Membership, "add"), form)
    operator.post(page(Membership, "delete", membership.pk), {"post": "yes"})

    token.refresh_from_db()
    assert token.revoked_at is not None
    assert list(Membership.objects.values_list("role", flat=True)) == ["kargo-viewer"]
    acts = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"token.revoke", "role.grant", "role.revoke"} <= acts


def test_accounts_and_tenants_are_written_with_an_audit(operator: Client) -> None:
    root = User.objects.get()
    password = "correct horse battery"
    person = {"username": "dora", "password1": password, "password2": password}

    operator.post(page(User, "add"), {**person, "usable_password": "true"})
    operator.post(page(Tenant, "add"), {"name": "acme", "title": "Acme"})
    address = reverse("admin:auth_user_password_change", args=[root.pk])
    operator.post(address, {"password1": password, "password2": password})

    rows = AuditEvent.objects.order_by("pk").values_list("action", "object_name", "actor")
    actor = "email:root@example.com"
    assert list(rows) == [
        ("user.create", "dora", actor),
        ("tenant.create", "acme", actor),
        ("user.update", "root", actor),
    ]
    assert password not in str(list(AuditEvent.objects.values()))


def act(
    client: Client, model: type[Model], action: str, *rows: object, **fields: object
) -> HttpResponse:
    response: HttpResponse = client.post(  # type: ignore[assignment] # Django's test response
        page(model, "changelist"),
        {"action": action, "_selected_action": [str(row) for row in rows], **fields},
        follow=True,
    )
    return response


def test_a_channels_headers_are_shown_without_what_is_usually_secret(operator: Client) -> None:
    headers = [{"name": "X-Api-Key", "value": SECRET}, {"name": "X-Team", "value": "shop"}]
    spec = {"http": {"url": "https://example.com/hook", "headers": headers}}
    channel = MessageChannel.objects.create(project=make_project(), name="chat", spec=spec)

    page = operator.get(reverse("admin:promotions_messagechannel_change", args=[channel.pk]))

    assert SECRET not in page.content.decode()
    assert "shop" in page.content.decode()
