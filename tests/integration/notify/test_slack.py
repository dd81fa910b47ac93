"""Messages to Slack, over HTTP, to a fake that keeps Slack's rules."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from common.egress import EgressPolicy
from common.errors import UpstreamError
from promotions.gateways.json_api import JsonApi
from promotions.gateways.notify.slack import Slack
from promotions.ports.notify import SlackChannel, SlackMessage
from tests.fakes.scm_server import ApiServer, Fault, Reply
from tests.fakes.slack import FakeSlack, serving_slack

POLICY = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
CHANNEL = SlackChannel("C1", token="xoxb-good")
MESSAGE = SlackMessage("C1", key="k1", text="hello")
BEFORE = datetime(2023, 11, 14, tzinfo=UTC)


@dataclass
class Workspace:
    """A fake workspace, and our door to it."""

    fake: FakeSlack
    server: ApiServer
    slack: Slack
    naps: list[float]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    fake = FakeSlack()
    naps: list[float] = []
    with serving_slack(fake) as server:

        def connect(token: str) -> JsonApi:
            headers = (("Authorization", f"Bearer {token}"),)
            return JsonApi(POLICY, f"{server.url}/api", headers, name="Slack", sleep=naps.append)

        yield Workspace(fake, server, Slack(connect), naps)


def test_a_message_gets_a_timestamp(workspace: Workspace) -> None:
    message = replace(MESSAGE, blocks=[{"type": "divider"}], thread_ts="1700000000.000100")

    timestamp = workspace.slack.post(CHANNEL, message)

    (posted,) = workspace.fake.messages
    assert posted["ts"] == timestamp
    assert (posted["text"], posted["thread_ts"]) == ("hello", "1700000000.000100")


@pytest.mark.parametrize(
    ("token", "message", "error"),
    [
        ("xoxb-bad", MESSAGE, "invalid_auth"),
        ("xoxb-good", replace(MESSAGE, channel_id="C404"), "channel_not_found"),
        ("xoxb-good", replace(MESSAGE, channel_id="C2"), "not_in_channel"),
        ("xoxb-good", replace(MESSAGE, text=""), "no_text"),
        ("xoxb-good", replace(MESSAGE, text="x" * 40_001), "msg_too_long"),
        ("xoxb-good", replace(MESSAGE, thread_ts="5"), "invalid_thread_ts"),
        ("xoxb-good", replace(MESSAGE, blocks=[{}]), "invalid_blocks"),
        ("xoxb-good", replace(MESSAGE, icon_emoji=":x:"), "needs the scope chat:write.customize"),
    ],
)
def test_what_slack_refuses_no_retry_helps(
    workspace: Workspace, token: str, message: SlackMessage, error: str
) -> None:
    with pytest.raises(UpstreamError, match=error) as caught:
        workspace.slack.post(SlackChannel("C1", token=token), message)

    assert not caught.value.retryable
    assert token not in caught.value.message
    assert workspace.fake.messages == []


def test_slack_says_what_is_wrong_with_a_block(workspace: Workspace) -> None:
    with pytest.raises(UpstreamError, match="missing required field: type"):
        workspace.slack.post(CHANNEL, replace(MESSAGE, blocks=[{}]))


def test_a_busy_slack_is_given_the_time_that_it_asks_for(workspace: Workspace) -> None:
    workspace.fake.busy = 2

    workspace.slack.post(CHANNEL, MESSAGE)

    assert workspace.naps == [1.0, 1.0]
    assert len(workspace.fake.messages) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"ok": False, "error": "internal_error"}),
        Reply(503, raw=b"upstream"),
        Reply(200, raw=b"<html>"),
    ],
)
def test_what_may_pass_may_be_tried_again(workspace: Workspace, reply: Reply) -> None:
    workspace.server.fail(Fault(before=reply))

    with pytest.raises(UpstreamError) as caught:
        workspace.slack.post(CHANNEL, MESSAGE)

    assert caught.value.retryable


def test_a_message_is_found_by_its_key_where_the_token_may_look(workspace: Workspace) -> None:
    workspace.fake.tokens["xoxb-good"].add("channels:history")
    reply = replace(MESSAGE, key="k2", thread_ts="1700000000.000100")

    first = workspace.slack.post(CHANNEL, MESSAGE)
    second = workspace.slack.post(CHANNEL, reply)

    assert workspace.slack.posted(CHANNEL, MESSAGE, since=BEFORE) == first
    assert workspace.slack.posted(CHANNEL, reply, since=BEFORE) == second
    assert workspace.slack.posted(CHANNEL, replace(MESSAGE, key="k3"), since=BEFORE) == ""


def test_nothing_is_found_where_the_token_may_not_look(workspace: Workspace) -> None:
    workspace.slack.post(CHANNEL, MESSAGE)

    assert workspace.slack.posted(CHANNEL, MESSAGE, since=BEFORE) == ""
