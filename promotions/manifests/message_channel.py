"""The manifest of a MessageChannel: a Slack conversation, a mail server or an endpoint.

Source: Kargo's documentation of message channels; they are part of its paid edition.
"""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from common.errors import FieldProblem, InvalidError
from promotions.engine.expressions.bare import compile_bare
from promotions.manifests.metadata import Manifest, manifest_to, metadata_to
from promotions.manifests.schema import GoDuration, Model, Text, matching
from promotions.models import MessageChannel

MESSAGES_API = "ee.kargo.akuity.io/v1alpha1"
PROVIDERS = ("slack", "smtp", "http")


def _check_address(text: str) -> str:
    if "@" not in parseaddr(text)[1] or any(it in text for it in "\r\n\0"):
        raise PydanticCustomError("format", "must be an e-mail address")
    return text


def _check_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good:
        raise PydanticCustomError("format", "must be an http or https address")
    return text


Address = Annotated[str, AfterValidator(_check_address)]


class SecretReference(Model):
    """The Secret that holds a channel's credential."""

    name: Text
    namespace: str | None = None


class SlackSettings(Model):
    """A Slack conversation; the Secret has the bot token as ``apiKey``."""

    channel_id: Annotated[Text, Field(alias="channelID")]


class SmtpSettings(Model):
    """A mail server; the Secret has ``username`` and ``password``."""

    sender: Annotated[Address, Field(alias="from")]
    host: Annotated[str, matching(r"[\w.:\-]+", "a host name or address", longest=253)]
    port: Annotated[int, Field(ge=1, le=65535)]
    to: list[Address] | None = None
    use_tls: Annotated[bool, Field(alias="useTLS")] = True
    insecure_skip_verify: bool = False


class Pair(Model):
    """A header or a parameter."""

    name: Text
    value: str


class HttpSettings(Model):
    """An endpoint; the Secret may have ``bearerToken`` or ``authorization``."""

    url: Annotated[str, AfterValidator(_check_url)]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    headers: list[Pair] | None = None
    query_params: list[Pair] | None = None
    timeout: GoDuration = "10s"
    insecure_skip_tls_verify: Annotated[bool | None, Field(alias="insecureSkipTLSVerify")] = None
    success_expression: str | None = None
    failure_expression: str | None = None


class MessageChannelSpec(Model):
    """Exactly one provider, and its Secret."""

    blank_is_absent: ClassVar[bool] = True
    secret_ref: SecretReference | None = None
    slack: SlackSettings | None = None
    smtp: SmtpSettings | None = None
    http: HttpSettings | None = None


class AnyMessageChannelManifest(Manifest):
    """A MessageChannel or ClusterMessageChannel as somebody wrote it."""

    spec: MessageChannelSpec


class MessageChannelManifest(AnyMessageChannelManifest):
    """A MessageChannel as somebody wrote it."""


def problems(manifest: MessageChannelManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    yield from channel_problems(manifest.spec)
    reference = manifest.spec.secret_ref
    namespace = manifest.metadata.namespace
    if reference is not None and reference.namespace not in {None, "", namespace}:
        reason = f'must be "{namespace}", the project; a channel reads no other Secrets'
        yield FieldProblem("spec.secretRef.namespace", reason)


def channel_problems(spec: MessageChannelSpec) -> Iterator[FieldProblem]:
    """Yield what is wrong with a channel of either kind."""
    chosen = [name for name in PROVIDERS if getattr(spec, name) is not None]
    if len(chosen) != 1:
        given = f", not {' and '.join(chosen)}" if chosen else ""
        yield FieldProblem("spec", f"must have exactly one of {', '.join(PROVIDERS)}{given}")
    if spec.slack is not None and spec.secret_ref is None:
        yield FieldProblem("spec.secretRef", "is required: the Secret with the apiKey of Slack")
    if spec.http is not None:
        yield from _expression_problems(spec.http)


def to_manifest(channel: MessageChannel) -> dict[str, Any]:
    """Write a MessageChannel as Kargo's JSON; reads ``channel.project``."""
    metadata = metadata_to(channel, namespace=channel.project.name)
    return manifest_to("MessageChannel", metadata, api_version=MESSAGES_API, spec=channel.spec)


def _expression_problems(http: HttpSettings) -> Iterator[FieldProblem]:
    for field, text in (
        ("successExpression", http.success_expression),
        ("failureExpression", http.failure_expression),
    ):
        try:
            if text:
                compile_bare(text, path=field)
        except InvalidError as error:
            yield FieldProblem(f"spec.http.{field}", error.message)
