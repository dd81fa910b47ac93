"""Posts to Slack, and looks for what was posted already.

Source: Slack Web API, ``chat.postMessage``, ``conversations.history`` and
``conversations.replies``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.errors import UpstreamError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.gateways.json_api import JsonApi
from promotions.ports.notify import SlackChannel, SlackMessage

EVENT_TYPE = "kargo_step_message"
"""Under which name a message's key travels in its metadata."""

_PASSING = frozenset(
    {
        "fatal_error",
        "internal_error",
        "rate_limited",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_BLIND = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "no_permission"})
_CLOCK_SKEW = timedelta(minutes=5)
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Slack:
    """Slack, as one token sees it; ``connect`` makes a client from the token."""

    connect: Callable[[str], JsonApi]

    def post(self, channel: SlackChannel, message: SlackMessage) -> str:
        """Post a message and return its timestamp."""
        fields: dict[str, JSONValue] = {
            "text": message.text,
            "blocks": list(message.blocks),
            "thread_ts": message.thread_ts,
            "icon_emoji": message.icon_emoji,
            "icon_url": message.icon_url,
        }
        body: JSONObject = {
            "channel": message.channel_id,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": message.key}},
            **{name: value for name, value in fields.items() if value},
        }
        answer = self._call(channel, "POST", "chat.postMessage", body=body)
        _refuse_unless_ok(answer)
        return as_text(answer.get("ts"))

    def posted(self, channel: SlackChannel, message: SlackMessage, *, since: datetime) -> str:
        """Return the timestamp of the message with this key, if Slack shows it."""
        method = "conversations.replies" if message.thread_ts else "conversations.history"
        params = {
            "channel": message.channel_id,
            "include_all_metadata": "true",
            "limit": str(_LOOKED_AT),
            "oldest": f"{(since - _CLOCK_SKEW).timestamp():.6f}",
            **({"ts": message.thread_ts} if message.thread_ts else {}),
        }
        answer = self._call(channel, "GET", method, params=params)
        if as_text(answer.get("error")) in _BLIND:
            return ""
        _refuse_unless_ok(answer)
        found = map(as_object, as_list(answer.get("messages")))
        return next((as_text(it.get("ts")) for it in found if _key_of(it) == message.key), "")

    def _call(
        self,
        channel: SlackChannel,
        verb: str,
        method: str,
        *,
        params: Mapping[str, str] = {},
        body: JSONValue = None,
    ) -> JSONObject:
        api = self.connect(channel.token)
        return as_object(api.call(verb, method, params=params.items(), body=body).body)


def _key_of(message: JSONObject) -> str:
    metadata = as_object(message.get("metadata"))
    is_ours = metadata.get("event_type") == EVENT_TYPE
    return as_text(as_object(metadata.get("event_payload")).get("key")) if is_ours else ""


def _refuse_unless_ok(answer: JSONObject) -> None:
    """Raise what Slack says is wrong; it says so under the status 200."""
    if answer.get("ok") is True:
        return
    error = as_text(answer.get("error")) or "no error given"
    details = as_list(as_object(answer.get("response_metadata")).get("messages"))
    said = "; ".join(filter(None, map(as_text, details)))[:500]
    needed = as_text(answer.get("needed"))
    hint = f"; the token needs the scope {needed}" if needed else ""
    raise UpstreamError(
        f"Slack refused: {error[:100]}{hint}" + (f" ({said})" if said else ""),
        retryable=error in _PASSING,
        code="slack_refused",
    )
