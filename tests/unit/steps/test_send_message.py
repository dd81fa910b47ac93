"""What ``send-message`` sends, how often, and what comes of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from common.errors import UpstreamError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepContext, StepError, StepResult
from promotions.engine.schema import ConfigSchema
from promotions.ports.http import HttpResponse
from promotions.ports.notify import ChannelKind, HttpChannel, SlackChannel, SmtpChannel
from promotions.steps.send_message import SCHEMA, SendMessage
from tests.fakes.http_sender import CannedSender
from tests.fakes.step_stores import (
    UNREACHABLE,
    FakeChannels,
    FakeIntents,
    FakeMessenger,
)
from tests.unit.steps.contexts import context

SLACK = SlackChannel("C1", token="xoxb-secret")
SMTP = SmtpChannel(
    "kargo@example.com", "mail.example.com", 587, to=("a@example.com", "b@example.com")
)
HTTP = HttpChannel("https://hooks.example.com/in", authorization="Bearer secret")


XML = """<message>
  <channel>C9</channel><blocks><type>divider</type></blocks><icon_emoji>:fire:</icon_emoji>
</message>"""


@dataclass
class Rig:
    """A step with everything behind it, in one promotion."""

    workdir: Path
    messenger: FakeMessenger = field(default_factory=FakeMessenger)
    intents: FakeIntents = field(default_factory=FakeIntents)
    sender: CannedSender = field(default_factory=lambda: CannedSender(HttpResponse(204)))
    http: HttpChannel = HTTP

    def context(self, name: str, **config: JSONValue) -> StepContext:
        channel = {"kind": "MessageChannel", "name": name}
        return context(self.workdir, {"channel": channel, "message": "hello", **config})

    def run(self, name: str, **config: JSONValue) -> StepResult:
        return self.step().run(self.context(name, **config))

    def step(self) -> SendMessage:
        channels = FakeChannels(
            {
                (ChannelKind.PROJECT, "slack"): SLACK,
                (ChannelKind.PROJECT, "smtp"): SMTP,
                (ChannelKind.PROJECT, "http"): self.http,
                (ChannelKind.PROJECT, "nobody"): replace(SMTP, to=()),
            }
        )
        return SendMessage(channels, self.messenger, self.intents, self.sender)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def failing(run: Callable[[], object]) -> StepError:
    with pytest.raises(StepError) as caught:
        run()
    return caught.value


# ------------------------------------------------------------ Slack
def test_a_plain_message_goes_to_the_channels_conversation(rig: Rig) -> None:
    result = rig.run("slack")

    (message,) = rig.messenger.posts
    assert (message.channel_id, message.text, message.thread_ts) == ("C1", "hello", "")
    assert result.output == {"slack": {"threadTS": "1700000000.000001"}}


def test_a_reply_puts_out_the_thread_that_it_was_given(rig: Rig) -> None:
    result = rig.run("slack", slack={"channelID": "C2", "threadTS": "16.1"})

    (message,) = rig.messenger.posts
    assert (message.channel_id, message.thread_ts) == ("C2", "16.1")
    assert result.output == {"slack": {"threadTS": "16.1"}}


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("json", '{"channel": "C9", "blocks": [{"type": "divider"}], "icon_emoji": ":fire:"}'),
        ("yaml", "channel: C9\nblocks:\n- type: divider\nicon_emoji: ':fire:'\n"),
        (
            "xml",
            XML,
        ),
    ],
)
def test_of_a_document_only_its_own_fields_count(rig: Rig, encoding: str, text: str) -> None:
    rig.run("slack", message=text, encodingType=encoding, slack={"threadTS": "16.1"})

    (message,) = rig.messenger.posts
    assert message.channel_id == "C9"
    assert list(message.blocks) == [{"type": "divider"}]
    assert (message.icon_emoji, message.thread_ts, message.text) == (":fire:", "", "")


def test_an_emoji_wins_over_an_icons_address(rig: Rig) -> None:
    both = {"text": "x", "icon_emoji": ":fire:", "icon_url": "https://example.com/i.png"}

    rig.run("slack", message=json.dumps(both), encodingType="json")

    assert rig.messenger.posts[0].icon_url == ""
    assert rig.messenger.posts[0].channel_id == "C1"


@pytest.mark.parametrize(
    ("encoding", "text", "reason"),
    [
        ("json", "{", "the message is not json"),
        ("json", "[1]", "the message is json, but no object"),
        ("yaml", "a: [", "the message is not yaml"),
        ("yaml", "hello", "the message is yaml, but no object"),
        ("xml", "<a>", "the message is not xml"),
        ("xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        ("json", '{"channel": 5}', "channel must be text"),
    ],
)
def test_a_message_that_is_not_what_it_says_fails_for_good(
    rig: Rig, encoding: str, text: str, reason: str
) -> None:
    error = failing(lambda: rig.run("slack", message=text, encodingType=encoding))

    assert reason in error.message
    assert (error.failed, error.terminal) == (True, True)
    assert rig.messenger.posts == []


# ------------------------------------------------------------ once
def test_a_step_that_runs_again_in_a_new_work_directory_does_not_send_again(rig: Rig) -> None:
    first = rig.run("slack")
    replayed = replace(rig.context("slack"), state={"step-1": first.output})

    again = replace(rig, intents=FakeIntents()).step().run(replayed)

    assert again.output == first.output
    assert len(rig.messenger.posts) == 1


@pytest.mark.parametrize("name", ["slack", "smtp", "http"])
def test_a_crash_before_the_output_is_saved_does_not_send_twice(rig: Rig, name: str) -> None:
    first = rig.run(name)

    again = rig.run(name)

    assert again.output == first.output
    assert len(rig.messenger.posts) + len(rig.messenger.mails) + len(rig.sender.requests) == 1


def test_a_crash_between_sending_and_noting_it_is_found_out_by_asking_slack(rig: Rig) -> None:
    rig.intents.finishes = False
    error = failing(lambda: rig.run("slack"))
    rig.intents.finishes = True

    result = rig.run("slack")

    assert not error.terminal
    assert len(rig.messenger.posts) == 1
    assert result.output == {"slack": {"threadTS": "1700000000.000001"}}


def test_where_slack_may_not_be_asked_the_message_is_sent_again_with_the_same_key(
    rig: Rig,
) -> None:
    rig.messenger.failures = [UNREACHABLE]
    rig.messenger.fails_after_sending = True
    rig.messenger.may_look = False

    failing(lambda: rig.run("slack"))
    rig.run("slack")

    assert len({it.key for it in rig.messenger.posts}) == 1
    assert len(rig.messenger.posts) == 2


def test_an_email_that_is_sent_again_has_the_same_message_id(rig: Rig) -> None:
    rig.intents.finishes = False

    failing(lambda: rig.run("smtp"))
    failing(lambda: rig.run("smtp"))
    other = replace(rig.context("smtp"), alias="step-2")
    failing(lambda: rig.step().run(other))

    first, second, third = (it.message_id for it in rig.messenger.mails)
    assert first == second != third
    assert first.endswith("@example.com>")


# ------------------------------------------------------------ e-mail
def test_an_email_has_the_channels_recipients_and_a_subject_unless_told(rig: Rig) -> None:
    result = rig.run("smtp")

    (email,) = rig.messenger.mails
    assert email.to == ("a@example.com", "b@example.com")
    assert (email.subject, email.body, email.html) == ("Kargo: shop/test", "hello", False)
    assert result.output == {}


@pytest.mark.parametrize("to", ["c@example.com", ["c@example.com"]])
def test_the_steps_recipients_replace_the_channels(rig: Rig, to: JSONValue) -> None:
    rig.run("smtp", smtp={"to": to, "subject": "Hi", "html": True})

    (email,) = rig.messenger.mails
    assert (email.to, email.subject, email.html) == (("c@example.com",), "Hi", True)


def test_an_emails_document_is_all_that_counts(rig: Rig) -> None:
    document = {"subject": "S", "body": "<b>B</b>", "to": ["c@example.com"], "html": True}

    rig.run("smtp", message=json.dumps(document), encodingType="json", smtp={"subject": "no"})

    (email,) = rig.messenger.mails
    assert (email.subject, email.body, email.html) == ("S", "<b>B</b>", True)
    assert email.to == ("c@example.com",)


def test_an_email_to_nobody_fails_for_good(rig: Rig) -> None:
    error = failing(lambda: rig.run("nobody"))

    assert "nobody to send" in error.message
    assert error.terminal


def test_recipients_that_a_server_refuses_are_named(rig: Rig) -> None:
    rig.messenger.refused = ("b@example.com",)

    assert rig.run("smtp").message == "sent, but refused for b@example.com"


# ------------------------------------------------------------ HTTP
def test_a_plain_message_is_a_requests_body(rig: Rig) -> None:
    result = rig.run("http")

    (request,) = rig.sender.requests
    assert (request.method, request.url, request.content) == ("POST", HTTP.url, b"hello")
    headers = dict(request.headers)
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Idempotency-Key"]
    assert result.output == {"http": {"status": 204}}


def test_a_document_may_say_all_of_a_request(rig: Rig) -> None:
    document: JSONObject = {
        "method": "put",
        "url": "https://hooks.example.com:443/other",
        "headers": [{"name": "Content-Type", "value": "text/x"}],
        "queryParams": [{"name": "q", "value": "1"}],
        "body": {"a": 1},
    }

    rig.run("http", message=json.dumps(document), encodingType="json")

    (request,) = rig.sender.requests
    assert (request.method, request.content) == ("PUT", b'{"a":1}')
    assert request.params == (("q", "1"),)
    headers = dict(request.headers)
    assert headers["Content-Type"] == "text/x"
    assert headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("url", ["https://evil.example.com/", "http://hooks.example.com/in"])
def test_the_channels_credential_goes_nowhere_else(rig: Rig, url: str) -> None:
    rig.run("http", message=json.dumps({"url": url, "body": "x"}), encodingType="json")

    assert "Authorization" not in dict(rig.sender.requests[0].headers)


@pytest.mark.parametrize(
    ("status", "body", "success", "failure", "outcome"),
    [
        (200, b"", "", "", "sent"),
        (404, b"", "", "", "failed"),
        (408, b"", "", "", "again"),
        (429, b"", "true", "true", "again"),
        (503, b"", "", "", "again"),
        (404, b"", "response.status == 404", "", "sent"),
        (200, b'{"ok": false}', "response.body.ok", "", "again"),
        (200, b'{"ok": true}', "response.body.ok", "", "sent"),
        (200, b'{"ok": false}', "", "!response.body.ok", "failed"),
        (200, b"", "1", "", "failed"),
    ],
)
def test_a_response_is_judged_by_the_channels_expressions(
    rig: Rig, status: int, body: bytes, success: str, failure: str, outcome: str
) -> None:
    headers = {"Content-Type": ("application/json",)}
    rig.sender.answer = HttpResponse(status, headers, body)
    rig.http = replace(HTTP, success_expression=success, failure_expression=failure)

    if outcome == "sent":
        assert rig.run("http").output == {"http": {"status": status}}
    else:
        assert failing(lambda: rig.run("http")).terminal is (outcome == "failed")


def test_a_document_may_replace_the_channels_expressions(rig: Rig) -> None:
    rig.http = replace(HTTP, failure_expression="true")
    document = {"body": "x", "failureExpression": "false"}

    assert rig.run("http", message=json.dumps(document), encodingType="json").message == "sent"


# ------------------------------------------------------------ errors
def test_a_channel_that_is_not_there_fails_for_good(rig: Rig) -> None:
    error = failing(lambda: rig.run("gone"))

    assert error.message == 'error sending message: MessageChannel "gone" not found'
    assert (error.failed, error.terminal) == (True, True)


@pytest.mark.parametrize("retryable", [True, False])
def test_only_what_may_pass_is_tried_again(rig: Rig, *, retryable: bool) -> None:
    rig.messenger.failures = [UpstreamError("Slack refused: x", retryable=retryable)]

    error = failing(lambda: rig.run("slack"))

    assert error.terminal is not retryable
    assert error.failed is not retryable


def test_no_credential_is_shown_by_what_holds_it() -> None:
    shown = repr(SLACK) + repr(replace(SMTP, username="u", password="pw")) + repr(HTTP)

    assert "xoxb" not in shown
    assert "pw" not in shown
    assert "secret" not in shown


def test_a_preview_names_the_channel(rig: Rig) -> None:
    would = rig.step().would(rig.context("slack"))

    assert would == "send a message to MessageChannel slack"
    assert rig.messenger.posts == []


CHANNEL: JSONObject = {"kind": "MessageChannel", "name": "slack"}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"channel": CHANNEL},
        {"message": "x"},
        {"channel": {"kind": "Slack", "name": "x"}, "message": "x"},
        {"channel": {"kind": "MessageChannel", "name": ""}, "message": "x"},
        {"channel": CHANNEL, "message": ""},
        {"channel": CHANNEL, "message": {"text": "already decoded"}},
        {"channel": CHANNEL, "message": "x", "encodingType": "toml"},
        {"channel": CHANNEL, "message": "x", "slack": {"threadTS": 16.1}},
        {"channel": CHANNEL, "message": "x", "smtp": {"to": [""]}},
        {"channel": CHANNEL, "message": "x", "more": 1},
    ],
)
def test_a_bad_configuration_is_refused(config: JSONObject) -> None:
    assert ConfigSchema("send-message", SCHEMA).problems(config)
