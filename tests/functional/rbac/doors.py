"""A table of acts and doors: the API, the portal, the admin, the command line, manifests."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from promotions.engine.phases import PromotionPhase
from promotions.models import Promotion, PromotionPrompt, StepExecution
from rbac.models import ApiToken, Membership, User
from tests.factories.domain import NOON, make_promotion
from tests.factories.people import PASSWORD
from tests.functional.api.conftest import client_for
from tests.functional.portal.scenes import Scene

ADDRESS = "203.0.113.7"
REASON = "because of the audit"
P = "/v1beta1/projects/shop"
OPERATOR, ALICE = "email:root@example.com", "email:alice@example.com"
CONSOLE = "operator:tester"

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {colour: %s}
"""
PROJECT = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata: {name: fresh}\n"


@dataclass(slots=True)
class World:
    """What acts are done to, and who does them."""

    scene: Scene
    folder: Path
    operator: User
    alice: User
    bob: User
    doors: dict[str, Client] = field(default_factory=dict)

    @property
    def api(self) -> Client:
        """Alice with a token."""
        return self._once("api", lambda: client_for(self.alice))

    @property
    def portal(self) -> Client:
        """Alice in a browser."""
        return self._once("portal", lambda: _signed_in(self.alice))

    @property
    def admin(self) -> Client:
        """The operator in a browser."""
        return self._once("admin", lambda: _signed_in(self.operator))

    @property
    def waiting(self) -> Promotion:
        return Promotion.objects.get(phase=PromotionPhase.PENDING.value)

    def _once(self, name: str, make: Callable[[], Client]) -> Client:
        if name not in self.doors:
            self.doors[name] = make()
        return self.doors[name]


@dataclass(frozen=True, slots=True)
class Row:
    """One act through one door, and the event that it leads to."""

    door: str
    action: str
    do: Callable[[World], Any]
    actor: str


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    kind = "text/plain" if isinstance(body, str) else "application/json"
    response = client.generic(
        method,
        path,
        data,
        content_type=kind,
        headers={"X-Kargo-Reason": REASON, **headers},
        REMOTE_ADDR=ADDRESS,
    )
    assert response.status_code < 400, response.content
    return response


def rest(action: str, method: str, path: str | Callable[[World], str], body: Any = None) -> Row:
    def do(world: World) -> None:
        where = path if isinstance(path, str) else path(world)
        content = body(world) if callable(body) else body
        send(world.api, method, where, content)

    return Row("api", action, do, ALICE)


def submit(client: Client, path: str, **fields: Any) -> Any:
    response = client.post(path, {"reason": REASON, **fields}, REMOTE_ADDR=ADDRESS)
    assert response.status_code in {200, 302}, response.content
    return response


def page(action: str, name: str, *arguments: Any, **fields: Any) -> Row:
    def do(world: World) -> None:
        given = [it(world) if callable(it) else it for it in arguments]
        values = {key: it(world) if callable(it) else it for key, it in fields.items()}
        submit(world.portal, reverse(f"portal:{name}", args=["shop", *given]), **values)

    return Row("portal", action, do, ALICE)


def support(action: str, do: Callable[[World], Any]) -> Row:
    return Row("admin", action, do, OPERATOR)


def console(action: str, do: Callable[[World], Any]) -> Row:
    return Row("console", action, do, CONSOLE)


def run(*arguments: str) -> None:
    call_command(*arguments, stdout=StringIO(), stderr=StringIO())


def apply(world: World, text: str) -> None:
    file = world.folder / "manifest.yaml"
    file.write_text(text)
    run("apply", "-f", str(file))


def newest(world: World) -> str:
    return world.scene.freight[2].name


def oldest(world: World) -> str:
    return world.scene.freight[0].name


def waiting_name(world: World) -> str:
    return world.waiting.name


def in_admin(world: World, model: str, page: str, /, *arguments: Any, **fields: Any) -> Any:
    app = next(it._meta.app_label for it in apps.get_models() if it.__name__ == model)
    address = reverse(f"admin:{app}_{model.lower()}_{page}", args=arguments)
    return submit(world.admin, address, **fields)


def admin_action(world: World, model: str, action: str, pk: Any) -> None:
    in_admin(world, model, "changelist", action=action, _selected_action=str(pk))


def answer_api(world: World) -> None:
    promotion = asked(world)
    path = f"/api/v1/projects/shop/promotions/{promotion.name}/steps/ask/responses"
    send(world.api, "POST", path, {"action": "approve", "message": REASON})


def answer_portal(world: World) -> None:
    path = reverse("portal:respond-to-promotion", args=["shop", asked(world).name, "ask"])
    submit(world.portal, path, action="approve", message=REASON)


def asked(world: World) -> Promotion:
    stage, freight = world.scene.stages["test"], world.scene.freight[0]
    promotion = make_promotion(stage, freight, phase=PromotionPhase.RUNNING)
    config: dict[str, Any] = {}
    StepExecution.objects.create(
        promotion=promotion, index=0, alias="ask", kind="approve", status="Running", started_at=NOON
    )
    promotion.spec = {"steps": [{"uses": "approve", "as": "ask", "config": config}]}
    promotion.save(update_fields=["spec"])
    PromotionPrompt.objects.create(
        promotion=promotion, alias="ask", kind="approve", config=config, asked_at=NOON
    )
    return promotion


def change_password(world: World) -> None:
    fields = {
        "oldpassword": PASSWORD,
        "password1": "another horse 42",
        "password2": "another horse 42",
    }
    submit(world.portal, reverse("account_change_password"), **fields)


def sign_in(world: World) -> None:
    submit(Client(), "/accounts/login/", login="alice", password=PASSWORD)


def set_password_in_admin(world: World) -> None:
    fields = {"password1": "another horse 42", "password2": "another horse 42"}
    address = reverse("admin:auth_user_password_change", args=[world.bob.pk])
    submit(world.admin, address, **fields)


def change_person(world: World) -> None:
    bob = world.bob
    fields = {
        "username": bob.username,
        "email": "robert@example.com",
        "is_active": "on",
        "date_joined_0": "2026-06-01",
        "date_joined_1": "12:00:00",
    }
    in_admin(world, "User", "change", bob.pk, **fields)


def new_person(world: World) -> None:
    password = {"password1": "another horse 42", "password2": "another horse 42"}
    in_admin(world, "User", "add", username="dora", usable_password="true", **password)


def new_member(world: World) -> None:
    project = world.scene.project
    where = {"tenant_uid": project.tenant.uid, "project_uid": project.uid}
    in_admin(world, "Membership", "add", user=world.bob.pk, role="kargo-admin", **where)


def make_token(world: World) -> ApiToken:
    run("issue_token", "bob", "--name", "bobs")
    return ApiToken.objects.get(name="bobs")


STAGE_TEST, WAREHOUSE_MAIN = f"{P}/stages/test", f"{P}/warehouses/main"

ROWS = [
    rest("stage.refresh", "POST", f"{STAGE_TEST}/refresh"),
    rest("warehouse.refresh", "POST", f"{WAREHOUSE_MAIN}/refresh"),
    rest("promotion.create", "POST", f"{STAGE_TEST}/promotions", lambda w: {"freight": newest(w)}),
    rest("promotion.abort", "POST", lambda w: f"{P}/promotions/{waiting_name(w)}/abort"),
    rest("promotion.refresh", "POST", lambda w: f"{P}/promotions/{waiting_name(w)}/refresh"),
    rest("freight.approve", "POST", lambda w: f"{P}/freight/{newest(w)}/approve?stage=prod"),
    rest("freight.update", "PATCH", lambda w: f"{P}/freight/{newest(w)}/alias?newAlias=loud-lynx"),
    rest("config_map.create", "POST", "/v1beta1/resources", CONFIG_MAP % "red"),
    rest("config_map.create", "PUT", "/v1beta1/resources?upsert=true", CONFIG_MAP % "red"),
    rest("stage.delete", "DELETE", f"{P}/stages/prod"),
    rest("warehouse.delete", "DELETE", WAREHOUSE_MAIN),
    rest("project.delete", "DELETE", P),
    rest(
        "role.create",
        "POST",
        f"{P}/roles",
        {"metadata": {"name": "release"}, "claims": [{"name": "email", "values": ["x@y.z"]}]},
    ),
    rest(
        "role.grant_to_users",
        "POST",
        f"{P}/roles/grants",
        {
            "role": "kargo-viewer",
            "userClaims": {"claims": [{"name": "email", "values": ["x@y.z"]}]},
        },
    ),
    rest("token.issue", "POST", f"{P}/roles/kargo-viewer/api-tokens", {"name": "ci"}),
    Row("api", "promotion.respond", answer_api, ALICE),
    page("promotion.create", "promote-stage", "test", freight=newest),
    page("promotion.preview", "preview-promotion", "test", freight=newest),
    page("promotion.abort", "abort-promotion", waiting_name),
    page("stage.refresh", "refresh-stage", "test"),
    page("warehouse.refresh", "refresh-warehouse", "main"),
    page("freight.approve", "approve-freight", newest, stage="prod"),
    Row("portal", "promotion.respond", answer_portal, ALICE),
    Row("portal", "user.sign_in", sign_in, ALICE),
    Row("portal", "user.sign_out", lambda w: submit(w.portal, "/accounts/logout/"), ALICE),
    Row("portal", "user.set_password", change_password, ALICE),
    Row(
        "portal",
        "user.fail_sign_in",
        lambda _: submit(Client(), "/accounts/login/", login="alice", password="wrong"),
        "unknown actor",
    ),
    support("user.sign_out", lambda w: submit(w.admin, "/admin/logout/")),
    support("user.create", new_person),
    support("user.update", change_person),
    support("user.update", set_password_in_admin),
    support("user.delete", lambda w: in_admin(w, "User", "delete", w.bob.pk, post="yes")),
    support("role.grant", new_member),
    support(
        "role.revoke",
        lambda w: in_admin(
            w, "Membership", "delete", Membership.objects.get(user=w.bob).pk, post="yes"
        ),
    ),
    support(
        "token.issue",
        lambda w: in_admin(w, "ApiToken", "add", user=w.bob.pk, name="ci", tenant_uid=""),
    ),
    support("token.revoke", lambda w: admin_action(w, "ApiToken", "revoke", make_token(w).pk)),
    support("tenant.create", lambda w: in_admin(w, "Tenant", "add", name="acme", title="Acme")),
    support(
        "warehouse.refresh",
        lambda w: admin_action(w, "Warehouse", "refresh", w.scene.warehouse.pk),
    ),
    support("promotion.abort", lambda w: admin_action(w, "Promotion", "abort", w.waiting.pk)),
    console("operator.create", lambda _: run("create_operator", "ruth")),
    console("token.issue", lambda _: run("issue_token", "bob")),
    console("role.grant", lambda _: run("grant_role", "bob", "kargo-admin", "--project", "shop")),
    console("promotion.create", lambda w: run("promote", "shop", "test", newest(w))),
    console("tenant.create", lambda _: run("tenant", "create", "acme")),
    console("keys.wrap", lambda _: run("rotate_keys")),
    console("config_map.create", lambda w: apply(w, CONFIG_MAP % "red")),
    console("project.create", lambda w: apply(w, PROJECT)),
]
