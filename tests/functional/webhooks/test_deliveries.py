"""What the address answers: to strangers, to providers, to what is too much."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from common.clock import now
from projects.encryption import encrypt
from projects.models import Secret, TenantKey
from promotions.engine.webhooks.receivers import LARGEST_BODY
from promotions.models import Warehouse
from promotions.webhooks import receive_delivery
from rbac.models import AuditEvent
from tests.factories.domain import make_project, make_tenant
from tests.functional.webhooks.hooks import (
    GIT,
    PUSH,
    SYSTEM,
    Hooks,
    entry,
    is_refreshed,
    push,
)
from tests.unit.engine.webhooks.samples import (
    KEY,
    SAMPLES,
    proof,
)

pytestmark = pytest.mark.django_db

_REFRESHED = {"msg": "refreshed 1 warehouse(s)"}


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_a_signature_of_another_body_is_refused(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    of_another = proof("github", b"{}")

    answer = hooks.send(path, push(), {**PUSH, **of_another})

    assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized"})


def test_a_body_is_not_parsed_before_its_sender_is_known(hooks: Hooks) -> None:
    path = hooks.receiver("github")

    unknown = hooks.send(path, b"{", {**PUSH, **proof("github", b"[")})
    known = hooks.send(path, b"{", PUSH)

    assert unknown.status_code == 401
    assert (known.status_code, known.json()) == (400, {"error": "invalid request body"})


@pytest.mark.parametrize(
    ("kind", "headers", "status"),
    [("github", {"X-GitHub-Event": "fork"}, 400), ("gitea", {"X-Gitea-Event": "fork"}, 501)],
)
def test_an_event_that_nobody_knows_is_refused(
    hooks: Hooks, kind: str, headers: dict[str, str], status: int
) -> None:
    answer = hooks.send(hooks.receiver(kind), {}, headers)

    assert answer.status_code == status
    assert answer.json() == {"error": "event type fork is not supported"}


def test_a_body_that_is_too_long_is_refused_unread(hooks: Hooks) -> None:
    path = hooks.receiver("github")

    longest = hooks.send(path, b"[" + b" " * (LARGEST_BODY - 2) + b"]", PUSH)
    longer = hooks.send(path, b"[" + b" " * (LARGEST_BODY - 1) + b"]", PUSH)
    boasting = hooks.client.post(
        path, b"{}", content_type="application/json", headers=PUSH, CONTENT_LENGTH="99999999"
    )

    assert longest.status_code == 400
    for answer in (longer, boasting):
        assert answer.status_code == 413
        assert answer.json() == {"error": "content exceeds limit of 2097152 bytes"}


@pytest.mark.parametrize(
    "path", ["", "github", "github/", "github/ab", "nothing/{digest}", "quay/{digest}", "{path}/"]
)
def test_where_nobody_listens_there_is_nothing(hooks: Hooks, path: str) -> None:
    listening = hooks.receiver("github").removeprefix("/webhooks/")
    digest = listening.partition("/")[2]
    address = "/webhooks/" + path.format(digest=digest, path=listening)

    answer = hooks.client.post(address, b"{}", content_type="application/json")

    assert (answer.status_code, answer.json()) == (404, {"error": "not found"})


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_other_methods_find_nothing(hooks: Hooks, method: str) -> None:
    path = hooks.receiver("github")

    answer = getattr(hooks.client, method)(path)

    assert answer.status_code == 404


def test_another_tenant_has_no_such_receiver(hooks: Hooks) -> None:
    acme = Hooks(make_project(tenant=make_tenant("acme")))
    path, theirs = hooks.receiver("github"), acme.receiver("github")
    ours, others = hooks.warehouse(), acme.warehouse()

    elsewhere = hooks.send(f"/t/nowhere{path}", push(), PUSH)
    answer = acme.send(theirs, push(), PUSH)

    assert theirs == f"/t/acme{path}"
    assert elsewhere.status_code == 404
    assert answer.json() == _REFRESHED
    assert is_refreshed(others)
    assert not is_refreshed(ours)


def test_the_default_tenant_answers_under_its_name_too(hooks: Hooks) -> None:
    path = hooks.receiver("github")

    assert hooks.send(f"/t/default{path}", push(), PUSH).status_code == 200


def test_a_suspended_tenants_receivers_are_unknown(db: None) -> None:
    hooks = Hooks(make_project(tenant=make_tenant("acme")))
    path = hooks.receiver("github")
    row = hooks.warehouse()
    type(hooks.tenant).objects.update(suspended_at=now())

    answer = hooks.send(path, push(), PUSH)

    assert (answer.status_code, answer.json()) == (404, {"error": "not found"})
    assert not is_refreshed(row)


def test_nobody_needs_a_session_or_a_form_token(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    hooks.client = Client(enforce_csrf_checks=True)

    answer = hooks.send(path, push(), PUSH)

    assert answer.status_code == 200
    assert not answer.cookies


def test_an_authorization_header_is_the_receivers_own_business(hooks: Hooks) -> None:
    path = hooks.receiver("quay")

    answer = hooks.send(path, SAMPLES["quay push"].payload, {"Authorization": "Bearer rubbish"})

    assert answer.json() == {"msg": "refreshed 0 warehouse(s)"}


def test_only_the_pushed_branch_and_its_files_matter(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    wide = hooks.warehouse("wide")
    narrow = hooks.warehouse(
        "narrow", {"git": {"repoURL": GIT, "branch": "trunk", "includePaths": ["docs"]}}
    )

    other_branch = hooks.send(path, push(GIT, "refs/heads/other"), PUSH)
    other_files = hooks.send(path, push(GIT, "refs/heads/trunk", "src/main.go"), PUSH)

    assert other_branch.json() == {"msg": "refreshed 0 warehouse(s)"}
    assert other_files.json() == _REFRESHED
    assert is_refreshed(wide)
    assert not is_refreshed(narrow)


def test_a_warehouse_is_found_by_what_it_subscribes_to_now(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    hooks.warehouse()
    hooks.warehouse("main", {"git": {"repoURL": "https://github.com/acme/new"}})

    old = hooks.send(path, push(), PUSH)
    new = hooks.send(path, push("https://github.com/acme/new.git", "refs/heads/main"), PUSH)

    assert old.json() == {"msg": "refreshed 0 warehouse(s)"}
    assert new.json() == _REFRESHED


def test_a_projects_receiver_touches_no_other_project(hooks: Hooks) -> None:
    other = Hooks(make_project("other"))
    mine, theirs = hooks.warehouse(), other.warehouse()

    answer = hooks.send(hooks.receiver("github"), push(), PUSH)

    assert answer.json() == _REFRESHED
    assert is_refreshed(mine)
    assert not is_refreshed(theirs)


def test_a_tenants_receiver_touches_all_of_its_projects_and_no_other_tenants(hooks: Hooks) -> None:
    other = Hooks(make_project("other"))
    stranger = Hooks(make_project("other", tenant=make_tenant("acme")))
    rows = [hooks.warehouse(), other.warehouse()]
    theirs = stranger.warehouse()
    hooks.secret(namespace=SYSTEM)
    hooks.configure_cluster(entry("github"))

    answer = hooks.send(hooks.cluster_path(), push(), PUSH)

    assert answer.json() == {"msg": "refreshed 2 warehouse(s)"}
    assert all(map(is_refreshed, rows))
    assert not is_refreshed(theirs)


def test_the_audit_says_which_receiver_it_was_and_who_sent(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    hooks.warehouse()

    hooks.send(path, push(), PUSH)

    event = AuditEvent.objects.get(action="warehouse.refresh")
    assert (event.actor, event.address) == ("webhook-receiver:hook", "127.0.0.1")
    assert (event.object_name, event.project_uid) == ("main", hooks.project.uid)
    assert path.rpartition("/")[2] not in str(list(AuditEvent.objects.values()))


def test_what_cannot_be_refreshed_is_counted_and_stops_no_other(hooks: Hooks) -> None:
    path = hooks.receiver("quay")
    for name in ("bad", "good"):
        hooks.warehouse(name, {"image": {"repoURL": "quay.io/acme/shop"}})
    broken = {"image": {"repoURL": "quay.io/acme/shop", "constraint": "not a version"}}
    Warehouse.objects.filter(name="bad").update(spec={"subscriptions": [broken]})

    answer = hooks.send(path, SAMPLES["quay push"].payload)

    assert answer.status_code == 500
    assert answer.json() == {"error": "failed to refresh 1 of 2 warehouses"}
    assert is_refreshed(Warehouse.objects.get(name="good"))


def test_a_secret_that_cannot_be_read_is_an_error_without_words(
    hooks: Hooks, told: pytest.LogCaptureFixture
) -> None:
    path = hooks.receiver("github")
    TenantKey.objects.all().delete()

    answer = hooks.send(path, push(), PUSH)

    assert (answer.status_code, answer.json()) == (500, {})
    assert KEY.decode() not in told.text


def test_a_secret_that_changed_behind_the_platforms_back_moves_the_receiver(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    row = Secret.objects.get()
    changed = encrypt({"secret": "x"}, tenant_uid=hooks.tenant.uid, bound_to=str(row.uid))
    Secret.objects.update(encrypted=changed)
    without = hooks.send(path, push(), PUSH)
    Secret.objects.update(encrypted="")
    lacking = hooks.send(path, push(), PUSH)

    assert without.status_code == 404
    assert (lacking.status_code, lacking.json()) == (500, {})


def test_the_address_of_what_is_refused_is_in_no_log(
    hooks: Hooks, told: pytest.LogCaptureFixture
) -> None:
    path = hooks.receiver("github")

    hooks.send(path, push(), {**PUSH, "X-Hub-Signature-256": "wrong"})
    hooks.send(path, push(), {"X-GitHub-Event": "fork"})
    hooks.send(path, push(), PUSH)

    assert path.rpartition("/")[2] not in told.text


def test_a_flood_is_told_to_wait_and_harms_no_other_receiver(
    hooks: Hooks, settings: Settings
) -> None:
    settings.WEBHOOK_BURST, settings.WEBHOOKS_PER_SECOND = 3, 0.01
    receive_delivery.buckets.cache_clear()
    hooks.secret()
    hooks.configure(entry("github"), entry("quay", "other"))
    path, other = hooks.path(), hooks.path("other")

    answers = [hooks.send(path, push(), PUSH) for _ in range(5)]
    calm = hooks.send(other, SAMPLES["quay push"].payload)

    receive_delivery.buckets.cache_clear()
    assert [it.status_code for it in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) in range(90, 101)
    assert "try again in" in answers[-1].json()["error"]
    assert calm.status_code == 200


def test_strangers_cost_one_look(hooks: Hooks, django_assert_num_queries: Any) -> None:
    hooks.receiver("github")

    with django_assert_num_queries(1):
        hooks.send(f"/webhooks/github/{'0' * 64}", push(), PUSH)


def test_a_delivery_costs_the_same_whatever_there_is_besides(hooks: Hooks) -> None:
    path = hooks.receiver("github")
    hooks.warehouse()
    hooks.send(path, push(), PUSH)
    with CaptureQueriesContext(connection) as few:
        hooks.send(path, push(), PUSH)
    for number in range(10):
        hooks.warehouse(f"w{number}", {"image": {"repoURL": "example.com/other"}})
        hooks.secret(f"s{number}")

    with CaptureQueriesContext(connection) as many:
        hooks.send(path, push(), PUSH)

    assert len(many) <= len(few)


def test_a_list_that_is_too_long_counts_as_none(hooks: Hooks) -> None:
    path = hooks.receiver("quay")
    row = hooks.warehouse("main", {"image": {"repoURL": "quay.io/acme/shop"}})
    tags = [f"no-version-{number}" for number in range(100_000)]

    answer = hooks.send(path, {"docker_url": "quay.io/acme/shop", "updated_tags": tags})

    assert answer.json() == _REFRESHED
    assert is_refreshed(row)


def test_more_addresses_than_a_statement_holds_are_looked_up(hooks: Hooks) -> None:
    path = hooks.receiver("bitbucket")
    row = hooks.warehouse("main", {"git": {"repoURL": "https://example.com/r1999"}})
    links = [{"href": f"https://example.com/r{number}"} for number in range(2_000)]
    payload: Any = {"repository": {"links": {"clone": links}}}

    answer = hooks.send(path, payload, {"X-Event-Key": "repo:refs_changed"})

    assert answer.json() == _REFRESHED
    assert is_refreshed(row)
