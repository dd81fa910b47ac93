"""Steps that record, write metadata and send messages, in real promotions."""

from uuid import uuid4

import pytest
from pytest_django import Settings

from common.errors import NotFoundError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.approvals import Action
from promotions.models import Freight, Stage, StepIntent
from promotions.ports.metadata import MAX_METADATA_BYTES, MetadataKind
from promotions.ports.origin import StepOrigin
from promotions.services.metadata import DatabaseMetadata
from rbac.audit import first_broken_link
from rbac.models import AuditEvent
from tests.factories.people import make_viewer
from tests.fakes.scm_server import Fault, Reply
from tests.fakes.slack import FakeSlack, serving_slack
from tests.functional.domain.conftest import build
from tests.functional.domain.people import approval, output, person, promoted, respond, step
from tests.functional.domain.world import World


# ------------------------------------------------------------ record-audit-event
def test_an_event_is_in_the_audit_chain_once_also_after_a_replay(world: World) -> None:
    event = step("record-audit-event", "audit", type="deployed", message="Out", data={"a": "b"})
    promotion = promoted(world, event, approval(), {**event, "as": "again"})
    (world.work_dir / f"promotion-{promotion.uid}").rmdir()
    world.hasten(promotion)
    respond(promotion, person(world, make_viewer, "bob"), Action.APPROVE)
    world.settle()

    events = list(AuditEvent.objects.filter(action="deployed").order_by("sequence"))
    assert [it.after for it in events] == [
        {"recordedBy": world.alice.name, "step": alias, "data": {"a": "b"}}
        for alias in ("audit", "again")
    ]
    assert {(it.kind, it.actor, it.reason) for it in events} == {
        ("RecordedEvent", world.alice.name, "Out")
    }
    assert events[0].object_uid == promotion.uid
    assert first_broken_link(world.project.tenant.uid) is None


def test_an_event_may_be_attributed_to_somebody_and_says_who_did_so(world: World) -> None:
    promoted(world, step("record-audit-event", message="ok", actor="bob"))

    event = AuditEvent.objects.get(kind="RecordedEvent")
    assert (event.action, event.actor) == ("recorded", "bob")
    assert event.after is not None
    assert event.after["recordedBy"] == world.alice.name


# ------------------------------------------------------------ set-metadata, set-freight-alias
def test_metadata_is_written_exactly_and_by_the_promotions_actor(world: World) -> None:
    values: JSONValue = {"nothing": None, "text": "${{ quote('1.10') }}", "deep": {"a": [None]}}
    updates: JSONValue = [
        {"kind": "Stage", "name": "test", "values": values},
        {"kind": "Freight", "name": "${{ ctx.targetFreight.name }}", "values": {"seen": True}},
    ]

    promotion = promoted(world, step("set-metadata", updates=updates))

    assert promotion.phase == "Succeeded"
    stage = Stage.objects.get(name="test")
    assert stage.metadata == {"nothing": None, "text": "1.10", "deep": {"a": [None]}}
    assert Freight.objects.get(pk=promotion.freight_id).metadata == {"seen": True}
    event = AuditEvent.objects.get(action="stage.set_metadata")
    assert event.actor == world.alice.name
    assert (event.before, event.after) == ({}, stage.metadata)


def test_metadata_that_is_there_already_is_not_written_again(world: World) -> None:
    same: JSONValue = [{"kind": "Stage", "name": "test", "values": {"a": 1}}]
    promoted(
        world, step("set-metadata", "one", updates=same), step("set-metadata", "two", updates=same)
    )

    assert AuditEvent.objects.filter(action="stage.set_metadata").count() == 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"": 1}, "key must not be empty"),
        ({"a": "x" * MAX_METADATA_BYTES}, "bytes long; at most 262144"),
    ],
)
def test_metadata_has_bounds(world: World, values: JSONObject, reason: str) -> None:
    promotion = promoted(
        world, step("set-metadata", updates=[{"kind": "Stage", "name": "test", "values": values}])
    )

    assert promotion.phase == "Errored"
    assert reason in promotion.message
    assert Stage.objects.get(name="test").metadata == {}


def test_metadata_of_another_project_or_tenant_is_not_there(world: World) -> None:
    world.warehouse()
    world.stage("test")
    store = DatabaseMetadata()
    tenant = str(world.project.tenant.uid)

    for origin in (
        StepOrigin(tenant, "other", "", "a"),
        StepOrigin(str(uuid4()), world.project.name, "", "a"),
    ):
        with pytest.raises(NotFoundError, match='"test" not found'):
            store.upsert(origin, kind=MetadataKind.STAGE, name="test", values={"a": 1})


def test_freight_gets_an_alias_from_the_promotions_actor(world: World) -> None:
    name = "${{ ctx.targetFreight.name }}"
    promotion = promoted(world, step("set-freight-alias", name=name, alias="release-7"))

    freight = Freight.objects.get(pk=promotion.freight_id)
    assert freight.alias == "release-7"
    assert AuditEvent.objects.get(action="freight.update").actor == world.alice.name


def test_an_alias_that_is_taken_fails_the_promotion(world: World) -> None:
    world.warehouse()
    taken = world.freight("b").alias
    stage = world.stage(
        "test", step("set-freight-alias", name="${{ ctx.targetFreight.name }}", alias=taken)
    )
    promotion = world.promote(stage, world.freight("a"))
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Failed"
    assert f'alias "{taken}" already exists' in promotion.message


@pytest.mark.parametrize("alias", ["two words", "x" * 64, "-x"])
def test_what_cannot_be_an_alias_fails_the_promotion(world: World, alias: str) -> None:
    name = "${{ ctx.targetFreight.name }}"
    promotion = promoted(world, step("set-freight-alias", name=name, alias=alias))

    assert promotion.phase == "Failed"
    assert "The alias must be an alias of at most 63 letters" in promotion.message


def test_argo_cd_is_not_connected(world: World) -> None:
    promotion = promoted(world, step("argocd-update", apps=[{"name": "shop"}]))

    assert promotion.phase == "Errored"
    assert "Argo CD integration is disabled on this controller" in promotion.message


# ------------------------------------------------------------ send-message
@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack(tokens={"xoxb-good": {"chat:write", "channels:history"}})


def connect(world: World, *, kind: str = "MessageChannel", namespace: str = "demo") -> None:
    metadata = {"name": "slack", **({"namespace": "demo"} if kind == "MessageChannel" else {})}
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "slack", "namespace": namespace},
            "stringData": {"apiKey": "xoxb-good"},
        }
    )
    world.apply_content(
        {
            "apiVersion": "ee.kargo.akuity.io/v1alpha1",
            "kind": kind,
            "metadata": metadata,
            "spec": {"secretRef": {"name": "slack"}, "slack": {"channelID": "C1"}},
        }
    )


def message(kind: str = "MessageChannel") -> JSONObject:
    return step("send-message", "say", channel={"kind": kind, "name": "slack"}, message="hi")


@pytest.mark.parametrize(
    ("kind", "namespace"),
    [("MessageChannel", "demo"), ("ClusterMessageChannel", "kargo-system-resources")],
)
def test_a_message_is_sent_through_a_channel(
    operator: Settings, db: None, slack: FakeSlack, kind: str, namespace: str
) -> None:
    with serving_slack(slack) as server:
        operator.SLACK_API_URL = f"{server.url}/api"
        world = build(operator)
        connect(world, kind=kind, namespace=namespace)
        promotion = promoted(world, message(kind))

    assert promotion.phase == "Succeeded", promotion.message
    assert output(promotion, "say") == {"slack": {"threadTS": slack.messages[0]["ts"]}}
    assert StepIntent.objects.get().outcome == output(promotion, "say")


def test_a_message_whose_answer_was_lost_is_not_sent_again(
    operator: Settings, db: None, slack: FakeSlack
) -> None:
    with serving_slack(slack) as server:
        operator.SLACK_API_URL = f"{server.url}/api"
        world = build(operator)
        connect(world)
        server.fail(Fault("POST", "chat.postMessage", after=Reply(503, raw=b"gone")))
        promotion = promoted(world, {**message(), "retry": {"errorThreshold": 3}})
        world.hasten(promotion)

    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded", promotion.message
    assert len(slack.messages) == 1
    assert output(promotion, "say") == {"slack": {"threadTS": slack.messages[0]["ts"]}}


def test_a_channel_without_its_secret_says_so(world: World) -> None:
    world.apply_content(
        {
            "apiVersion": "ee.kargo.akuity.io/v1alpha1",
            "kind": "MessageChannel",
            "metadata": {"name": "slack", "namespace": "demo"},
            "spec": {"secretRef": {"name": "gone"}, "slack": {"channelID": "C1"}},
        }
    )

    promotion = promoted(world, message())

    assert promotion.phase == "Failed"
    assert 'Secret "gone" not found in namespace "demo"' in promotion.message
