"""Finds message channels and their credentials."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError

from common.errors import InvalidError, NotFoundError, UpstreamError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from common.redaction import note_secrets
from projects.encryption import decrypt
from projects.models.secret import SYSTEM_NAMESPACE
from promotions.manifests.promotion_steps import duration_from
from promotions.models import ClusterMessageChannel, MessageChannel
from promotions.ports.notify import Channel, ChannelKind, HttpChannel, SlackChannel, SmtpChannel
from promotions.ports.origin import StepOrigin
from promotions.selectors import replicas

_LONGEST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DatabaseChannels:
    """:class:`~promotions.ports.notify.Channels` in the database."""

    def find(self, origin: StepOrigin, *, kind: ChannelKind, name: str) -> Channel:
        """Return a channel with its credential."""
        try:
            spec = _spec(origin, kind, name)
            reference = as_text(as_object(spec.get("secretRef")).get("name"))
            secret = _secret(origin, kind, reference) if reference else {}
        except (InterfaceError, OperationalError) as error:
            raise UpstreamError(
                "The platform's database did not answer.",
                retryable=True,
                code="database_unavailable",
            ) from error
        return _channel(spec, secret, where=f'{kind} "{name}"')


def _spec(origin: StepOrigin, kind: ChannelKind, name: str) -> JSONObject:
    row: MessageChannel | ClusterMessageChannel | None
    if kind is ChannelKind.CLUSTER:
        row = ClusterMessageChannel.objects.filter(tenant__uid=origin.tenant_uid, name=name).first()
    else:
        row = MessageChannel.objects.filter(
            project__tenant__uid=origin.tenant_uid, project__name=origin.project, name=name
        ).first()
    if row is None:
        raise NotFoundError(f'{kind} "{name}" not found')
    spec: dict[str, Any] = row.spec
    return spec


def _secret(origin: StepOrigin, kind: ChannelKind, name: str) -> dict[str, str]:
    namespace = SYSTEM_NAMESPACE if kind is ChannelKind.CLUSTER else origin.project
    row = replicas.secret_in(namespace, name, tenant_uid=origin.tenant_uid)
    if row is None:
        raise NotFoundError(f'Secret "{name}" not found in namespace "{namespace}"')
    values = decrypt(row.encrypted, tenant_uid=origin.tenant_uid, bound_to=str(row.uid))
    note_secrets(it for key, it in values.items() if key != "username")
    return values


def _channel(spec: JSONObject, secret: dict[str, str], *, where: str) -> Channel:
    if "slack" in spec:
        slack = as_object(spec["slack"])
        token = _key(secret, "apiKey", where=where)
        return SlackChannel(as_text(slack.get("channelID")), token=token)
    if "smtp" in spec:
        return _smtp(as_object(spec["smtp"]), secret, where=where)
    return _http(as_object(spec.get("http")), secret)


def _smtp(smtp: JSONObject, secret: dict[str, str], *, where: str) -> SmtpChannel:
    port = smtp.get("port")
    return SmtpChannel(
        sender=as_text(smtp.get("from")),
        host=as_text(smtp.get("host")),
        port=port if isinstance(port, int) else 0,
        to=tuple(map(as_text, as_list(smtp.get("to")))),
        use_tls=smtp.get("useTLS") is not False,
        verify_tls=smtp.get("insecureSkipVerify") is not True,
        username=_key(secret, "username", where=where) if secret else "",
        password=_key(secret, "password", where=where) if secret else "",
    )


def _http(http: JSONObject, secret: dict[str, str]) -> HttpChannel:
    bearer = secret.get("bearerToken", "").strip()
    return HttpChannel(
        url=as_text(http.get("url")),
        method=as_text(http.get("method")) or "POST",
        headers=_pairs(http.get("headers")),
        params=_pairs(http.get("queryParams")),
        timeout=min(duration_from(as_text(http.get("timeout")) or "10s"), _LONGEST),
        verify_tls=http.get("insecureSkipTLSVerify") is not True,
        success_expression=as_text(http.get("successExpression")),
        failure_expression=as_text(http.get("failureExpression")),
        authorization=secret.get("authorization", "").strip()
        or (f"Bearer {bearer}" if bearer else ""),
    )


def _key(secret: dict[str, str], key: str, *, where: str) -> str:
    value = secret.get(key, "").strip()
    if not value:
        raise InvalidError(f'the Secret of {where} has no "{key}"')
    return value


def _pairs(entries: JSONValue) -> tuple[tuple[str, str], ...]:
    objects = map(as_object, as_list(entries))
    return tuple((as_text(it.get("name")), as_text(it.get("value"))) for it in objects)
