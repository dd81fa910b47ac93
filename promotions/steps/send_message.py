"""``send-message``: sends a message through a message channel."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, assert_never

from common.errors import InvalidError, NotFoundError, PlatformError, UpstreamError
from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.expressions.bare import compile_bare
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.http import HttpResponse, HttpSender
from promotions.ports.intents import Intent, Intents
from promotions.ports.notify import (
    Channel,
    ChannelKind,
    Channels,
    HttpChannel,
    Messenger,
    SlackChannel,
    SmtpChannel,
)
from promotions.ports.origin import origin_of
from promotions.steps.support.http_response import environment
from promotions.steps.support.messages import (
    criteria,
    document_of,
    email,
    http_request,
    slack_message,
)

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "SendMessageConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["channel", "message"],
    "properties": {
        "channel": {
            "type": "object",
            "additionalProperties": False,
            "required": ["kind", "name"],
            "properties": {
                "kind": {"type": "string", "enum": [kind.value for kind in ChannelKind]},
                "name": {"type": "string", "minLength": 1},
            },
        },
        "message": {
            "type": "string",
            "minLength": 1,
            "maxLength": 1_000_000,
            "description": "Plain text, or a document in the encoding.",
        },
        "encodingType": {
            "type": "string",
            "enum": ["", "json", "yaml", "xml"],
            "description": "What the message is written in; only its own fields count then.",
        },
        "slack": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "channelID": {"type": "string", "description": "Instead of the channel's own."},
                "threadTS": {"type": "string", "description": "The thread to answer in."},
            },
        },
        "smtp": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "to": {
                    "type": ["string", "array"],
                    "items": {"type": "string", "minLength": 1},
                    "maxItems": 100,
                    "description": "Instead of the channel's own; the first, then copies.",
                },
                "subject": {"type": "string"},
                "html": {"type": "boolean", "default": False},
            },
        },
    },
}

_SUCCESSES = range(200, 300)
_PASSING = frozenset({408, 429})
_SERVER_ERRORS = 500
_BUSY = 429


@dataclass(frozen=True, slots=True)
class SendMessage(StepDefaults):
    """Sends once: a message that is known to be sent is not sent when the step runs again.

    Source: Kargo's ``send-message`` step, after its documentation; HTTP channels are ours.
    """

    channels: Channels
    messenger: Messenger
    intents: Intents
    sender: HttpSender

    kind: ClassVar[str] = "send-message"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Send, and put out ``slack.threadTS`` if it is a message to Slack.

        Raises:
            StepError: The channel or the message cannot be used, or the service refused (Failed,
                terminal); or it could not be reached.
        """
        sent = _sent_before(context)
        if sent is not None:
            return StepResult(message="sent before", output=sent)
        document = document_of(context.config)
        try:
            channel = self._channel(context)
            intent = self.intents.begin(origin_of(context), now=context.now)
            if intent.outcome is not None:
                return StepResult(message="sent before", output=intent.outcome)
            result = self._send(context, channel, document, intent)
            self.intents.finish(origin_of(context), result.output or {}, now=context.now)
        except (InvalidError, NotFoundError) as error:
            message = f"error sending message: {error}"
            raise StepError(message, failed=True, terminal=True) from error
        except PlatformError as error:
            is_final = isinstance(error, UpstreamError) and not error.retryable
            message = f"error sending message: {error}"
            raise StepError(message, failed=is_final, terminal=is_final) from error
        return result

    def would(self, context: StepContext) -> str:
        """Name the channel."""
        channel = as_object(context.config["channel"])
        return f"send a message to {as_text(channel['kind'])} {as_text(channel['name'])}"

    def _channel(self, context: StepContext) -> Channel:
        channel = as_object(context.config["channel"])
        kind = ChannelKind(as_text(channel["kind"]))
        return self.channels.find(origin_of(context), kind=kind, name=as_text(channel["name"]))

    def _send(
        self,
        context: StepContext,
        channel: Channel,
        document: JSONObject | None,
        intent: Intent,
    ) -> StepResult:
        match channel:
            case SlackChannel():
                return self._post(context, channel, document, intent)
            case SmtpChannel():
                dated = replace(context, now=intent.begun_at or context.now)
                refused = self.messenger.mail(channel, email(dated, channel, document))
                said = f"sent, but refused for {', '.join(refused)}" if refused else "sent"
                return StepResult(message=said, output={})
            case HttpChannel():
                response = self.sender.send(http_request(context, channel, document))
                _judge(response, criteria(channel, document))
                return StepResult(message="sent", output={"http": {"status": response.status}})
            case _:
                assert_never(channel)

    def _post(
        self,
        context: StepContext,
        channel: SlackChannel,
        document: JSONObject | None,
        intent: Intent,
    ) -> StepResult:
        """Post to Slack, unless an attempt that was cut short got through."""
        message = slack_message(context, channel, document)
        timestamp = ""
        if intent.begun_at is not None:
            timestamp = self.messenger.posted(channel, message, since=intent.begun_at)
        timestamp = timestamp or self.messenger.post(channel, message)
        thread: JSONObject = {"threadTS": message.thread_ts or timestamp}
        return StepResult(message="sent", output={"slack": thread})


def _sent_before(context: StepContext) -> JSONObject | None:
    """Return what the step put out when it sent to Slack in an earlier run, if it did."""
    output = as_object(context.state.get(context.alias))
    return output if as_object(output.get("slack")).get("threadTS") else None


def _judge(response: HttpResponse, channel: HttpChannel) -> None:
    """Accept a response that says the message was taken.

    Raises:
        UpstreamError: It was not.
    """
    status = response.status
    if status == _BUSY:
        raise _refusal(f"the endpoint is busy ({status})", retryable=True)
    if _holds(response, channel.failure_expression):
        raise _refusal(f"the response ({status}) met the failure criteria", retryable=False)
    succeeded = _holds(response, channel.success_expression)
    if succeeded is None:
        succeeded = status in _SUCCESSES
    if not succeeded:
        may_pass = status >= _SERVER_ERRORS or status in _PASSING or status in _SUCCESSES
        raise _refusal(f"the response ({status}) is not a success", retryable=may_pass)


def _holds(response: HttpResponse, expression: str) -> bool | None:
    """Return whether an expression over a response is true; ``None`` if there is none."""
    if not expression:
        return None
    names: Mapping[str, object] = environment(response)
    return compile_bare(expression, path="expression").evaluate_boolean(names)


def _refusal(message: str, *, retryable: bool) -> UpstreamError:
    return UpstreamError(message, retryable=retryable, code="message_refused")
