"""What does a ``send-message`` configuration say to send, for each kind of channel?"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.documents.xml_values import load_xml
from promotions.engine.documents.yaml_values import load_document
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json, write_json
from promotions.engine.runner import StepContext, StepError
from promotions.ports.http import HttpRequest
from promotions.ports.notify import Email, HttpChannel, SlackChannel, SlackMessage, SmtpChannel
from promotions.steps.support.web import pairs

MAX_RESPONSE_BYTES = 1024 * 1024

_KEYS = UUID("5b0f0a56-5e0f-4c7c-8a37-5c2a7b8c9e21")
_PORTS = {"http": 80, "https": 443}


def key_of(context: StepContext) -> str:
    """Return what identifies the message of a step: the same whenever the step runs again."""
    return str(uuid5(_KEYS, f"{context.promotion_uid}/{context.alias}"))


def document_of(config: JSONObject) -> JSONObject | None:
    """Return the message's document, or ``None`` if it is plain text.

    Raises:
        StepError: The message is not what its encoding says (Failed, terminal).
    """
    encoding = as_text(config.get("encodingType"))
    if not encoding:
        return None
    try:
        document = _DECODERS[encoding](as_text(config["message"]))
    except (InvalidError, OperandError) as error:
        raise _refusal(f"the message is not {encoding}: {error}") from error
    if not isinstance(document, Mapping):
        raise _refusal(f"the message is {encoding}, but no object with fields")
    return document


def slack_message(
    context: StepContext, channel: SlackChannel, document: JSONObject | None
) -> SlackMessage:
    """Return what to post: the plain message with its options, or the document alone."""
    config, key = context.config, key_of(context)
    if document is None:
        options = as_object(config.get("slack"))
        return SlackMessage(
            as_text(options.get("channelID")) or channel.channel_id,
            key,
            text=as_text(config["message"]),
            thread_ts=as_text(options.get("threadTS")),
        )
    emoji = _text(document, "icon_emoji")
    blocks = document.get("blocks")
    return SlackMessage(
        _text(document, "channel") or channel.channel_id,
        key,
        text=_text(document, "text"),
        blocks=[blocks] if isinstance(blocks, Mapping) else as_list(blocks),
        thread_ts=_text(document, "thread_ts"),
        icon_emoji=emoji,
        icon_url="" if emoji else _text(document, "icon_url"),
    )


def email(context: StepContext, channel: SmtpChannel, document: JSONObject | None) -> Email:
    """Return the e-mail: the plain message with its options, or the document alone.

    Raises:
        StepError: There is nobody to send it to (Failed, terminal).
    """
    options = as_object(context.config.get("smtp")) if document is None else document
    body = as_text(context.config["message"]) if document is None else _text(document, "body")
    recipients = tuple(map(as_text, _listed(options.get("to")))) or channel.to
    if not recipients:
        raise _refusal("there is nobody to send the e-mail to: neither the step nor the channel")
    domain = channel.sender.rpartition("@")[2].strip("> ") or "localhost"
    return Email(
        sender=channel.sender,
        to=recipients,
        subject=_text(options, "subject") or f"Kargo: {context.project}/{context.stage}",
        body=body,
        message_id=f"<{key_of(context)}@{domain}>",
        date=context.now,
        html=options.get("html") in {True, "true"},
    )


def http_request(
    context: StepContext, channel: HttpChannel, document: JSONObject | None
) -> HttpRequest:
    """Return the request: the plain message as its body, or what the document says.

    The channel's credential goes only to the channel's own origin.
    """
    document = document or {"body": as_text(context.config["message"])}
    url = _text(document, "url") or channel.url
    content, content_type = _content(document.get("body"))
    headers = pairs(document.get("headers")) or channel.headers
    names = {name.lower() for name, _ in headers}
    own = [
        ("Authorization", channel.authorization if _same_origin(url, channel.url) else ""),
        ("Content-Type", content_type),
        ("Idempotency-Key", key_of(context)),
    ]
    return HttpRequest(
        method=(_text(document, "method") or channel.method).upper(),
        url=url,
        timeout=channel.timeout,
        max_bytes=MAX_RESPONSE_BYTES,
        headers=(*headers, *((n, v) for n, v in own if v and n.lower() not in names)),
        params=pairs(document.get("queryParams")) or channel.params,
        content=content,
        verify_tls=channel.verify_tls,
    )


def criteria(channel: HttpChannel, document: JSONObject | None) -> HttpChannel:
    """Return the channel with the expressions that the document puts in place of its own."""
    document = document or {}
    return replace(
        channel,
        success_expression=_text(document, "successExpression") or channel.success_expression,
        failure_expression=_text(document, "failureExpression") or channel.failure_expression,
    )


_DECODERS: Mapping[str, Callable[[str], JSONValue]] = {
    "json": read_json,
    "yaml": load_document,
    "xml": load_xml,
}


def _text(document: JSONObject, field: str) -> str:
    value = document.get(field)
    if value is not None and not isinstance(value, str):
        raise _refusal(f"{field} must be text")
    return as_text(value)


def _listed(value: JSONValue) -> list[JSONValue]:
    if isinstance(value, str):
        return [value] if value else []
    return list(as_list(value))


def _content(body: JSONValue) -> tuple[bytes, str]:
    if body is None:
        return b"", ""
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return write_json(body).encode(), "application/json"


def _same_origin(one: str, other: str) -> bool:
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), parts.hostname, parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError as error:
        raise _refusal(f"the address cannot be: {error}") from error


def _refusal(message: str) -> StepError:
    return StepError(message, failed=True, terminal=True)
