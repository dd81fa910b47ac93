"""Messages survive the death of their worker; what tells one from another stays the same."""

from collections.abc import Callable

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.models import Promotion
from tests.fakes.scm_server import Reply, Request, serving_api
from tests.fakes.slack import FakeSlack, serving_slack
from tests.fakes.smtp_server import FakeMailServer, serving_mail
from tests.functional.domain.people import step
from tests.functional.domain.world import World
from tests.functional.kills.fate import Fate, secret
from tests.functional.kills.mortal import Moment
from tests.functional.kills.proxy import Effect

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_suffices]


def say() -> JSONObject:
    channel: JSONValue = {"kind": "MessageChannel", "name": "channel"}
    return step("send-message", "say", channel=channel, message="hello")


def connected(kind: str, settings: JSONObject, **values: str) -> Callable[[World], None]:
    """Return what gives the project a channel, and the Secret with its credential."""

    def connect(world: World) -> None:
        spec: dict[str, JSONValue] = {kind: settings}
        if values:
            secret(world, "channel", **values)
            spec["secretRef"] = {"name": "channel"}
        world.apply_content(
            {
                "apiVersion": "ee.kargo.akuity.io/v1alpha1",
                "kind": "MessageChannel",
                "metadata": {"name": "channel", "namespace": world.project.name},
                "spec": spec,
            }
        )

    return connect


def sendings(fate: Fate) -> int:
    """Return how often a receiver that cannot be asked gets the message."""
    return 2 if fate.moment is Moment.DURING else 1


def posted(fate: Fate, slack: FakeSlack) -> Promotion:
    effect = Effect("POST", r"/chat\.postMessage$")
    with serving_slack(slack) as server, fate.watching(server.url, effect) as proxy:
        fate.settings.SLACK_API_URL = f"{proxy.url}/api"
        given = connected("slack", {"channelID": "C1"}, apiKey="xoxb-good")
        promotion = fate.promoted(say(), given=given)
    assert promotion.phase == "Succeeded", promotion.message
    return promotion


def test_slack_shows_a_message_once(fate: Fate) -> None:
    slack = FakeSlack(tokens={"xoxb-good": {"chat:write", "channels:history"}})

    promotion = posted(fate, slack)

    assert [it["text"] for it in slack.messages] == ["hello"]
    assert promotion.state["say"] == {"slack": {"threadTS": slack.messages[0]["ts"]}}


def test_slack_may_show_it_twice_to_a_token_that_cannot_look(fate: Fate) -> None:
    slack = FakeSlack(tokens={"xoxb-good": {"chat:write"}})

    posted(fate, slack)

    keys = [it["metadata"]["event_payload"]["key"] for it in slack.messages]
    assert len(keys) == sendings(fate)
    assert len(set(keys)) == 1


def test_a_mail_server_gets_one_message_id(fate: Fate) -> None:
    mail = FakeMailServer(
        before_taking=lambda: fate.reaper.strike(Moment.BEFORE),
        when_taken=lambda: fate.reaper.strike(Moment.DURING),
    )
    with serving_mail(mail):
        smtp: JSONObject = {
            "host": "127.0.0.1",
            "port": mail.port,
            "from": "kargo@example.com",
            "to": ["bob@example.com"],
            "useTLS": False,
        }
        promotion = fate.promoted(say(), given=connected("smtp", smtp))

    assert promotion.phase == "Succeeded", promotion.message
    assert len(mail.mails) == sendings(fate)
    assert len({it.message["Message-ID"] for it in mail.mails}) == 1
    assert len({it.content for it in mail.mails}) == 1


def test_an_endpoint_gets_one_idempotency_key(fate: Fate) -> None:
    taken: list[Request] = []

    def take(request: Request) -> Reply:
        taken.append(request)
        return Reply(200, {})

    with serving_api(take) as server, fate.watching(server.url, Effect("POST", "/hook")) as proxy:
        given = connected("http", {"url": f"{proxy.url}/hook"})
        promotion = fate.promoted(say(), given=given)

    assert promotion.phase == "Succeeded", promotion.message
    assert len(taken) == sendings(fate)
    assert len({it.header("Idempotency-Key") for it in taken}) == 1
    assert {it.content for it in taken} == {b"hello"}
