"""What steps may ask of message channels, and of the services behind them.

Errors: :class:`common.errors.UpstreamError`; its ``retryable`` says whether to send again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from common.jsontypes import JSONValue
from promotions.ports.origin import StepOrigin


class ChannelKind(StrEnum):
    """Whose channel: a project's, or one that all projects of a tenant share."""

    PROJECT = "MessageChannel"
    CLUSTER = "ClusterMessageChannel"


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A Slack conversation, and the bot token that may write to it."""

    channel_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmtpChannel:
    """A mail server.

    Attributes:
        to: Default recipients: the first is the addressee, the rest get copies.
        use_tls: Refuse to go on without TLS.
        username: Empty for a server that asks for none.
    """

    sender: str
    host: str
    port: int
    to: tuple[str, ...] = ()
    use_tls: bool = True
    verify_tls: bool = True
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class HttpChannel:
    """An endpoint; ``authorization`` is the whole value of that header, or empty."""

    url: str
    method: str = "POST"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    timeout: timedelta = timedelta(seconds=10)
    verify_tls: bool = True
    success_expression: str = ""
    failure_expression: str = ""
    authorization: str = field(default="", repr=False)


Channel: TypeAlias = SlackChannel | SmtpChannel | HttpChannel


@dataclass(frozen=True, slots=True)
class SlackMessage:
    """One message.

    Attributes:
        key: Identifies it; it travels with the message, unseen by people.
    """

    channel_id: str
    key: str
    text: str = ""
    blocks: Sequence[JSONValue] = ()
    thread_ts: str = ""
    icon_emoji: str = ""
    icon_url: str = ""


@dataclass(frozen=True, slots=True)
class Email:
    """One e-mail.

    Attributes:
        to: The first is the addressee, the rest get copies.
        message_id: With angle brackets; the same e-mail has the same one.
    """

    sender: str
    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str
    date: datetime
    html: bool = False


class Channels(Protocol):
    """Finds message channels."""

    def find(self, origin: StepOrigin, *, kind: ChannelKind, name: str) -> Channel:
        """Return a channel with its credential.

        Raises:
            NotFoundError: There is no such channel, or its Secret is gone.
            InvalidError: The Secret lacks a key that the channel needs.
            UpstreamError: The store cannot be reached (retryable).
        """
        ...


class Messenger(Protocol):
    """Sends messages under the operator's egress policy."""

    def post(self, channel: SlackChannel, message: SlackMessage) -> str:
        """Post to Slack and return the message's timestamp.

        Raises:
            UpstreamError: Slack did not take it.
        """
        ...

    def posted(self, channel: SlackChannel, message: SlackMessage, *, since: datetime) -> str:
        """Return the timestamp of the message with this key if Slack has it, else nothing.

        Where the token may not look, nothing is found.

        Raises:
            UpstreamError: Slack did not answer.
        """
        ...

    def mail(self, channel: SmtpChannel, email: Email) -> tuple[str, ...]:
        """Hand an e-mail to the server; return the recipients it refused while it took others.

        Raises:
            InvalidError: It cannot be an e-mail.
            UpstreamError: The server did not take it for anybody.
        """
        ...
