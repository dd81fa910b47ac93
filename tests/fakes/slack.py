"""Slack's Web API, as far as messages go, with its own rules.

Rules are from Slack's documentation of ``chat.postMessage``, ``conversations.history`` and
``conversations.replies``, "Rate limits", "Message metadata" and "Truncating content": a refusal is
``{"ok": false, "error": …}`` under status 200, except that too many requests are 429.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from common.jsontypes import JSONValue, as_list, as_object
from tests.fakes.scm_server import ApiServer, Reply, Request, Routes, refuse, serving_api

MOST_BLOCKS = 50
MOST_CHARACTERS = 40_000

_TIMESTAMP = re.compile(r"\d{10}\.\d{6}")


@dataclass
class FakeSlack:
    """A workspace.

    Attributes:
        tokens: Scopes by bot token.
        channels: Conversations, and whether the bot is a member.
        busy: How many posts are turned away before one is taken.
    """

    tokens: dict[str, set[str]] = field(default_factory=lambda: {"xoxb-good": {"chat:write"}})
    channels: dict[str, bool] = field(default_factory=lambda: {"C1": True, "C2": False})
    messages: list[dict[str, Any]] = field(default_factory=list)
    busy: int = 0

    def routes(self) -> Routes:
        return Routes(
            (
                ("POST", "/api/chat.postMessage", self.post),
                ("GET", "/api/conversations.history", self.history),
                ("GET", "/api/conversations.replies", self.replies),
            ),
            missing=_no("unknown_method"),
        )

    def post(self, request: Request) -> Reply:
        self._require(request, "chat:write")
        refuse(_no("invalid_json"), when=not request.body)
        refuse(
            _no("invalid_arguments"),
            when=not request.header("Content-Type").startswith("application/json"),
        )
        body = request.body
        self._check_channel(body.get("channel"))
        _check_content(body)
        thread = body.get("thread_ts")
        refuse(
            _no("invalid_thread_ts"),
            when=thread is not None
            and (not isinstance(thread, str) or not _TIMESTAMP.fullmatch(thread)),
        )
        has_icon = "icon_emoji" in body or "icon_url" in body
        if has_icon:
            self._require(request, "chat:write.customize")
        if self.busy:
            self.busy -= 1
            limited: JSONValue = {"ok": False, "error": "ratelimited"}
            return Reply(429, limited, headers=(("Retry-After", "1"),))
        timestamp = f"17000000{len(self.messages):02}.000100"
        self.messages.append({**body, "ts": timestamp})
        return Reply(200, {"ok": True, "channel": body["channel"], "ts": timestamp})

    def history(self, request: Request) -> Reply:
        self._require(request, "channels:history")
        self._check_channel(request.param("channel"))
        return self._found(request, "")

    def replies(self, request: Request) -> Reply:
        self._require(request, "channels:history")
        self._check_channel(request.param("channel"))
        thread = request.param("ts")
        refuse(_no("thread_not_found"), when=not _TIMESTAMP.fullmatch(thread))
        return self._found(request, thread)

    def _found(self, request: Request, thread: str) -> Reply:
        shows_all = request.param("include_all_metadata") == "true"
        refuse(_no("invalid_limit"), when=not 1 <= int(request.param("limit") or "100") <= 999)
        found = [
            {name: it[name] for name in it if shows_all or name != "metadata"}
            for it in reversed(self.messages)
            if it["channel"] == request.param("channel") and it.get("thread_ts", "") == thread
        ]
        return Reply(200, {"ok": True, "messages": found})

    def _require(self, request: Request, scope: str) -> None:
        scheme, _, token = request.header("Authorization").partition(" ")
        refuse(_no("not_authed"), when=scheme != "Bearer" or not token)
        refuse(_no("invalid_auth"), when=token not in self.tokens)
        missing: JSONValue = {"ok": False, "error": "missing_scope", "needed": scope}
        refuse(Reply(200, missing), when=scope not in self.tokens[token])

    def _check_channel(self, channel: JSONValue) -> None:
        refuse(_no("channel_not_found"), when=channel not in self.channels)
        refuse(_no("not_in_channel"), when=not self.channels[str(channel)])


def _check_content(body: dict[str, JSONValue]) -> None:
    text, blocks = body.get("text"), body.get("blocks")
    refuse(_no("no_text"), when=not text and not blocks)
    refuse(_no("msg_too_long"), when=isinstance(text, str) and len(text) > MOST_CHARACTERS)
    refuse(_no("invalid_blocks_format"), when="blocks" in body and not isinstance(blocks, list))
    listed = as_list(blocks)
    wrong = [it for it in listed if not as_object(it).get("type")]
    details: JSONValue = {"messages": ["[ERROR] missing required field: type"]}
    told: JSONValue = {"ok": False, "error": "invalid_blocks", "response_metadata": details}
    refuse(Reply(200, told), when=wrong or len(listed) > MOST_BLOCKS)
    metadata = as_object(body.get("metadata"))
    is_metadata = metadata.get("event_type") and isinstance(metadata.get("event_payload"), dict)
    refuse(_no("metadata_must_be_sent_as_json"), when="metadata" in body and not is_metadata)


def _no(error: str) -> Reply:
    return Reply(200, {"ok": False, "error": error})


@contextmanager
def serving_slack(slack: FakeSlack) -> Iterator[ApiServer]:
    """Serve a workspace; its API is at ``<url>/api``."""
    with serving_api(slack.routes()) as server:
        yield server
