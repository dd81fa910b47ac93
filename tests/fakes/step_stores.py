"""What is behind the ports of steps that write on the platform and ask people, in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from common.errors import ConflictError, InvalidError, NotFoundError, UpstreamError
from common.jsontypes import JSONObject
from promotions.engine.approvals import Response
from promotions.ports.audit import RecordedEvent
from promotions.ports.intents import NOTHING, Intent
from promotions.ports.metadata import MetadataKind
from promotions.ports.notify import Channel, ChannelKind, Email, SlackMessage
from promotions.ports.origin import StepOrigin

UNREACHABLE = UpstreamError("no answer", retryable=True)


@dataclass
class FakeMetadata:
    """Objects by kind and name; ``failure`` is raised instead of an answer."""

    objects: dict[tuple[MetadataKind, str], dict[str, object]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None

    def upsert(
        self, origin: StepOrigin, *, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        if self.failure:
            raise self.failure
        if (kind, name) not in self.objects:
            raise NotFoundError(f'"{name}" not found')
        if "" in values:
            raise InvalidError("key must not be empty")
        self.objects[kind, name].update(values)

    def set_freight_alias(self, origin: StepOrigin, *, name: str, alias: str) -> str:
        if self.failure:
            raise self.failure
        if name not in self.aliases:
            raise NotFoundError(f'"{name}" not found')
        if any(it == alias for key, it in self.aliases.items() if key != name):
            raise ConflictError(f'alias "{alias}" already exists')
        before, self.aliases[name] = self.aliases[name], alias
        return before


@dataclass
class FakeResponses:
    """Answers that are there already; remembers what was asked."""

    given: list[Response] = field(default_factory=list)
    asked: list[tuple[str, JSONObject]] = field(default_factory=list)
    failure: Exception | None = None

    def ask(self, origin: StepOrigin, *, kind: str, config: JSONObject) -> tuple[Response, ...]:
        if self.failure:
            raise self.failure
        self.asked.append((kind, config))
        return tuple(self.given)


@dataclass
class FakeAuditLog:
    """Events by promotion and alias."""

    events: dict[tuple[str, str], RecordedEvent] = field(default_factory=dict)
    failure: Exception | None = None

    def record(self, origin: StepOrigin, event: RecordedEvent) -> None:
        if self.failure:
            raise self.failure
        self.events.setdefault((origin.promotion_uid, origin.alias), event)


@dataclass
class FakeChannels:
    """Channels by kind and name."""

    channels: dict[tuple[ChannelKind, str], Channel] = field(default_factory=dict)

    def find(self, origin: StepOrigin, *, kind: ChannelKind, name: str) -> Channel:
        if (kind, name) not in self.channels:
            raise NotFoundError(f'{kind} "{name}" not found')
        return self.channels[kind, name]


@dataclass
class FakeMessenger:
    """Keeps what is sent; ``failures`` are raised one after the other, after sending if told."""

    posts: list[SlackMessage] = field(default_factory=list)
    mails: list[Email] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    fails_after_sending: bool = False
    may_look: bool = True
    refused: tuple[str, ...] = ()

    def post(self, channel: Channel, message: SlackMessage) -> str:
        self._fail_before()
        self.posts.append(message)
        self._fail_after()
        return f"1700000000.{len(self.posts):06}"

    def posted(self, channel: Channel, message: SlackMessage, *, since: datetime) -> str:
        keys = [it.key for it in self.posts] if self.may_look else []
        return f"1700000000.{keys.index(message.key) + 1:06}" if message.key in keys else ""

    def mail(self, channel: Channel, email: Email) -> tuple[str, ...]:
        self._fail_before()
        self.mails.append(email)
        self._fail_after()
        return self.refused

    def _fail_before(self) -> None:
        if self.failures and not self.fails_after_sending:
            raise self.failures.pop(0)

    def _fail_after(self) -> None:
        if self.failures and self.fails_after_sending:
            raise self.failures.pop(0)


@dataclass
class FakeIntents:
    """Intents by promotion and alias; ``finishes`` false loses the note that it was done."""

    known: dict[tuple[str, str], Intent] = field(default_factory=dict)
    finishes: bool = True

    def begin(self, origin: StepOrigin, *, now: datetime, note: JSONObject = NOTHING) -> Intent:
        key = (origin.promotion_uid, origin.alias)
        before = self.known.get(key)
        self.known[key] = before or Intent(now, note)
        return before or Intent()

    def renew(self, origin: StepOrigin, *, now: datetime, note: JSONObject = NOTHING) -> None:
        self.known[(origin.promotion_uid, origin.alias)] = Intent(now, note)

    def finish(self, origin: StepOrigin, outcome: JSONObject, *, now: datetime) -> None:
        if not self.finishes:
            raise UNREACHABLE
        key = (origin.promotion_uid, origin.alias)
        self.known[key] = replace(self.known[key], outcome=outcome)
