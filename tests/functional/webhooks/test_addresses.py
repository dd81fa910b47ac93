"""Where receivers listen, what their configurations say of it, and when that changes."""

import hashlib
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from common.clock import now
from common.errors import InvalidError
from common.jsontypes import JSONObject
from projects.models import Change, ProjectConfig, Secret
from promotions.models import WebhookReceiver
from promotions.services.cluster_configs import delete_cluster_config
from promotions.services.project_configs import delete_project_config, refresh_project_config
from promotions.services.projects import delete_project
from promotions.services.secrets import delete_secret
from rbac.models import AuditEvent
from tests.factories.domain import make_project, make_tenant
from tests.factories.people import make_viewer
from tests.functional.api.conftest import client_for
from tests.functional.webhooks.hooks import ACTOR, PUSH, SYSTEM, Hooks, entry, push
from tests.unit.engine.webhooks.samples import KEY

pytestmark = pytest.mark.django_db


def _digest(project: str, name: str, key: bytes = KEY) -> str:
    return hashlib.sha256(f"{project}{name}".encode() + key).hexdigest()


def _ready(status: dict[str, Any]) -> tuple[str, str, str]:
    (condition,) = status["conditions"]
    return condition["status"], condition["reason"], condition["message"]


def test_a_receiver_listens_at_a_hash_of_its_secret(hooks: Hooks, settings: Settings) -> None:
    settings.BASE_URL = "https://kargo.example.com/"
    hooks.secret()

    hooks.configure(entry("github"))

    status = hooks.status()
    path = f"/webhooks/github/{_digest('demo', 'hook')}"
    assert status["webhookReceivers"] == [
        {"name": "hook", "path": path, "url": f"https://kargo.example.com{path}"}
    ]
    assert _ready(status) == ("True", "Synced", "ProjectConfig is synced and ready for use")
    assert status["observedGeneration"] == 1


def test_the_installation_says_what_addresses_begin_with(hooks: Hooks, settings: Settings) -> None:
    settings.WEBHOOK_BASE_URL = "https://hooks.example.com/kargo"

    path = hooks.receiver("github")

    (shown,) = hooks.status()["webhookReceivers"]
    assert path == f"/kargo/webhooks/github/{_digest('demo', 'hook')}"
    assert shown["url"] == f"https://hooks.example.com{path}"


def test_another_tenants_receivers_have_its_name_in_their_address(db: None) -> None:
    hooks = Hooks(make_project(tenant=make_tenant("acme")))

    assert hooks.receiver("github") == f"/t/acme/webhooks/github/{_digest('demo', 'hook')}"


def test_a_receiver_of_the_whole_tenant_reads_the_systems_secret(hooks: Hooks) -> None:
    hooks.secret(namespace=SYSTEM)

    hooks.configure_cluster(entry("github"))

    status = hooks.cluster_status()
    assert hooks.cluster_path() == f"/webhooks/github/{_digest('', 'hook')}"
    assert _ready(status)[2] == "ClusterConfig is synced and ready for use"


def test_a_receiver_without_its_secret_says_so_and_stops_no_other(hooks: Hooks) -> None:
    hooks.secret()

    hooks.configure(entry("gitlab", "first"), entry("github", "second"), entry("quay", "3", "no"))

    status = hooks.status()
    assert [it["name"] for it in status["webhookReceivers"]] == ["second"]
    assert _ready(status)[:2] == ("False", "SyncWebhookReceiversFailed")
    assert _ready(status)[2] == (
        'Failed to sync webhook receivers: receiver "first": A receiver of kind gitlab needs a '
        'Secret with the key "secret-token"; add it.; receiver "3": Secret "no" not found in '
        'namespace "demo"'
    )


def test_a_secret_that_comes_later_gives_the_address_and_tells_watchers(hooks: Hooks) -> None:
    hooks.configure(entry("github"))
    assert "webhookReceivers" not in hooks.status()
    revision = ProjectConfig.objects.get().revision

    hooks.secret()

    assert hooks.path().endswith(_digest("demo", "hook"))
    assert _ready(hooks.status())[0] == "True"
    assert ProjectConfig.objects.get().revision > revision
    assert Change.objects.filter(kind="ProjectConfig").count() == 2


def test_a_new_secret_moves_the_receiver(hooks: Hooks) -> None:
    old = hooks.receiver("github")
    hooks.warehouse()

    hooks.secret(secret="another horse")

    new = hooks.path()
    assert new == f"/webhooks/github/{_digest('demo', 'hook', b'another horse')}"
    assert hooks.send(old, push(), PUSH).status_code == 404
    assert hooks.send(new, push(), PUSH).status_code == 401
    assert "another horse" not in str(list(AuditEvent.objects.values()))


def test_a_secret_that_stays_as_it_is_changes_nothing(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    changes = Change.objects.count()

    hooks.secret()

    assert hooks.path() == path
    assert Change.objects.count() == changes


def test_without_its_secret_the_receiver_is_gone(hooks: Hooks) -> None:
    path = hooks.receiver("github")

    delete_secret(Secret.objects.get(), actor=ACTOR, now=now())

    assert "webhookReceivers" not in hooks.status()
    assert 'Secret "hook" not found' in str(_ready(hooks.status())[2])
    assert hooks.send(path, push(), PUSH).status_code == 404


def test_a_receiver_that_leaves_the_configuration_listens_no_more(hooks: Hooks) -> None:
    path = hooks.receiver("github")

    hooks.configure()

    assert "webhookReceivers" not in hooks.status()
    assert hooks.send(path, push(), PUSH).status_code == 404


def test_a_deleted_configuration_takes_its_receivers_along(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    hooks.secret(namespace=SYSTEM)
    hooks.configure_cluster(entry("github"))
    cluster_path = hooks.cluster_path()

    delete_project_config(hooks.project.configs.get(), actor=ACTOR, now=now())
    delete_cluster_config(hooks.tenant.cluster_configs.get(), actor=ACTOR, now=now())

    assert hooks.send(path, push(), PUSH).status_code == 404
    assert hooks.send(cluster_path, push(), PUSH).status_code == 404


def test_a_deleted_project_takes_its_receivers_along(hooks: Hooks) -> None:
    path = hooks.receiver("github")

    delete_project(hooks.project, actor=ACTOR, now=now())

    assert not WebhookReceiver.objects.exists()
    assert hooks.send(path, push(), PUSH).status_code == 404


def test_asking_to_look_again_finds_what_changed_behind_the_platforms_back(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    WebhookReceiver.objects.all().delete()
    assert hooks.send(path, push(), PUSH).status_code == 404

    refresh_project_config(ProjectConfig.objects.get(), actor=ACTOR, now=now())

    assert hooks.send(path, push(), PUSH).status_code == 200


def test_a_replicated_secret_is_as_good_as_one_of_the_project(hooks: Hooks) -> None:
    hooks.configure(entry("github"))
    document: JSONObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "hook",
            "namespace": "kargo-shared-resources",
            "labels": {"kargo.akuity.io/cred-type": "generic"},
            "annotations": {"kargo.akuity.io/replicate-to": "*"},
        },
    }

    hooks.apply({**document, "stringData": {"secret": KEY.decode()}})
    first = hooks.path()
    hooks.apply({**document, "stringData": {"secret": "another horse"}})

    assert first.endswith(_digest("demo", "hook"))
    assert hooks.path().endswith(_digest("demo", "hook", b"another horse"))


def test_two_receivers_never_share_an_address(hooks: Hooks) -> None:
    mine = hooks.receiver("github")
    other = Hooks(make_project("dem"))
    other.secret("ohook")

    other.configure(entry("github", "ohook", "ohook"))

    assert "webhookReceivers" not in other.status()
    assert "another receiver has this address already" in str(_ready(other.status())[2])
    assert hooks.send(mine, push(), PUSH).status_code == 200


@pytest.mark.parametrize(
    ("receivers", "problem"),
    [
        ([entry("github"), entry("quay")], "is already the name of spec.webhookReceivers[0]"),
        ([{**entry("github"), **entry("harbor")}], "must have exactly one of"),
        ([{"name": "hook"}], "must have exactly one of"),
        (
            [entry("generic", actions=[{"action": "Refresh", "targetSelectionCriteria": []}])],
            "targetSelectionCriteria",
        ),
        (
            [
                entry(
                    "generic",
                    actions=[
                        {
                            "action": "Refresh",
                            "targetSelectionCriteria": [{"kind": "Warehouse", "labelSelector": {}}],
                        }
                    ],
                )
            ],
            "must have at least one of name, labelSelector, indexSelector",
        ),
    ],
)
def test_receivers_that_make_no_sense_are_refused(
    hooks: Hooks, receivers: list[dict[str, object]], problem: str
) -> None:
    with pytest.raises(InvalidError, match="webhookReceivers") as refusal:
        hooks.configure(*receivers)  # type: ignore[arg-type] # JSON

    assert problem in str([*refusal.value.problems, refusal.value])


def test_the_rest_api_shows_where_receivers_listen(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    bob: Client = client_for(make_viewer(hooks.project))

    shown = bob.get("/v1beta1/projects/demo/config").json()

    assert shown["status"]["webhookReceivers"][0]["path"] == path
    assert KEY.decode() not in str(shown)
