"""What a delivery of Artifactory comes to: pushes of images and charts.

Source: Kargo ``pkg/webhook/external`` artifactoryWebhookReceiver.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from common.errors import InvalidError
from promotions.engine.goquote import go_quote
from promotions.engine.gourl import parse_url
from promotions.engine.urls import normalise_chart_url, normalise_image_url
from promotions.engine.webhooks.decisions import Decision, RefusedError, refresh_warehouses
from promotions.engine.webhooks.deliveries import Delivery, check_bare_signature
from promotions.engine.webhooks.payloads import Fields, parse_payload

SECRET_KEY = "secret-token"  # noqa: S105  the key's name

_TAG_AND_MANIFEST = 2
_NORMAL_FORMS: dict[str, Callable[[str], str]] = {
    "docker": normalise_image_url,
    "oci": normalise_chart_url,
}


@dataclass(frozen=True, slots=True)
class _Event:
    domain: str
    event_type: str
    origin: str
    path: str
    repo_key: str
    image_type: str
    tag: str


def receive(delivery: Delivery) -> Decision:
    """Return what to do; the kind of event is in the body.

    Raises:
        RefusedError: The delivery is not authentic, not supported or not valid.
    """
    key = delivery.secret_value(SECRET_KEY)
    check_bare_signature(delivery, header="X-JFrog-Event-Auth", key=key)
    event = _event(parse_payload(delivery.body))
    if event.event_type != "pushed" or event.domain != "docker":
        message = "event type must be 'pushed' and domain must be 'docker'"
        raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, message)
    normal_form = _NORMAL_FORMS.get(event.image_type)
    if normal_form is None:
        message = f"unsupported image type {go_quote(event.image_type)}"
        raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, message)
    repo_url = _repo_url(event, delivery.virtual_repo_name or event.repo_key)
    return refresh_warehouses([normal_form(repo_url)], qualifiers=[event.tag])


def _event(payload: Fields) -> _Event:
    pushed = payload.fields("data")
    pushed.text("image_name")
    return _Event(
        domain=payload.text("domain"),
        event_type=payload.text("event_type"),
        origin=payload.text("jpd_origin"),
        path=pushed.text("path"),
        repo_key=pushed.text("repo_key"),
        image_type=pushed.text("image_type"),
        tag=pushed.text("tag"),
    )


def _repo_url(event: _Event, repo_name: str) -> str:
    """Return ``host/repository/image``; the path ends in the tag and the manifest's name."""
    try:
        host = parse_url(event.origin).host
    except InvalidError as error:
        raise _bad_value(event.origin, "jpd_origin") from error
    sections = event.path.split("/")
    if len(sections) < _TAG_AND_MANIFEST:
        raise _bad_value(event.path, "data.path")
    return "/".join((host, repo_name, *sections[:-_TAG_AND_MANIFEST]))


def _bad_value(value: str, field: str) -> RefusedError:
    message = f"invalid value {go_quote(value)} in payload's {field} field"
    return RefusedError(HTTPStatus.BAD_REQUEST, message)
