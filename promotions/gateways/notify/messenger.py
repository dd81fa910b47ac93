"""Satisfies the port for messages: Slack and mail servers, under one egress policy."""

from dataclasses import dataclass
from datetime import datetime

from common.egress import EgressPolicy
from promotions.gateways.json_api import JsonApi
from promotions.gateways.notify import smtp
from promotions.gateways.notify.slack import Slack
from promotions.ports.notify import Email, SlackChannel, SlackMessage, SmtpChannel


@dataclass(frozen=True, slots=True)
class CheckedMessenger:
    """Satisfies :class:`promotions.ports.notify.Messenger`.

    Attributes:
        slack_url: Slack's Web API, such as ``https://slack.com/api``.
    """

    policy: EgressPolicy
    slack_url: str

    def post(self, channel: SlackChannel, message: SlackMessage) -> str:
        """Post to Slack and return the message's timestamp."""
        return self._slack().post(channel, message)

    def posted(self, channel: SlackChannel, message: SlackMessage, *, since: datetime) -> str:
        """Return the timestamp of the message with this key if Slack has it."""
        return self._slack().posted(channel, message, since=since)

    def mail(self, channel: SmtpChannel, email: Email) -> tuple[str, ...]:
        """Hand an e-mail to the server; return the recipients it refused."""
        return smtp.mail(self.policy, channel, email)

    def _slack(self) -> Slack:
        return Slack(self._connect)

    def _connect(self, token: str) -> JsonApi:
        authorization = (("Authorization", f"Bearer {token}"),)
        return JsonApi(self.policy, self.slack_url, authorization, name="Slack")
