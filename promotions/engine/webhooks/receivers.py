"""Which receiver answers a delivery, and with which secret?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from common.errors import InvalidError
from promotions.engine.webhooks import (
    artifactory,
    azure,
    bitbucket,
    dockerhub,
    gitea,
    github,
    gitlab,
    harbor,
    quay,
)
from promotions.engine.webhooks.decisions import Decision, RefusedError
from promotions.engine.webhooks.deliveries import Delivery

LARGEST_BODY = 2 << 20
"""How many bytes a body may have."""

GENERIC = "generic"
"""The kind of receiver that is told what to do: see :mod:`promotions.engine.webhooks.generic`."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """What the deliveries of one provider come to.

    Attributes:
        receive: Raises RefusedError.
        secret_key: The key that the receiver's Secret must have.
    """

    receive: Callable[[Delivery], Decision]
    secret_key: str


RECEIVERS: Mapping[str, Receiver] = {
    "artifactory": Receiver(artifactory.receive, artifactory.SECRET_KEY),
    "azure": Receiver(azure.receive, azure.SECRET_KEY),
    "bitbucket": Receiver(bitbucket.receive, bitbucket.SECRET_KEY),
    "dockerhub": Receiver(dockerhub.receive, dockerhub.SECRET_KEY),
    "gitea": Receiver(gitea.receive, gitea.SECRET_KEY),
    "github": Receiver(github.receive, github.SECRET_KEY),
    "gitlab": Receiver(gitlab.receive, gitlab.SECRET_KEY),
    "harbor": Receiver(harbor.receive, harbor.SECRET_KEY),
    "quay": Receiver(quay.receive, quay.SECRET_KEY),
}
"""Every provider by the kind of receiver that a manifest names."""

_SECRET_KEYS = {kind: it.secret_key for kind, it in RECEIVERS.items()} | {GENERIC: "secret"}


def decide(kind: str, delivery: Delivery) -> Decision:
    """Return what a delivery to a provider's receiver comes to; a refusal is a reply too.

    Raises:
        InvalidError: There is no provider of that kind.
    """
    receiver = RECEIVERS.get(kind)
    if receiver is None:
        raise _unknown(kind)
    try:
        check_size(len(delivery.body))
        return receiver.receive(delivery)
    except RefusedError as refusal:
        return refusal.reply


def check_size(size_bytes: int) -> None:
    """Check the length of a body, whether read or announced.

    Raises:
        RefusedError: It is too large.
    """
    if size_bytes > LARGEST_BODY:
        message = f"content exceeds limit of {LARGEST_BODY} bytes"
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def secret_values(kind: str, secret: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """Return what of a receiver's Secret makes its address hard to guess.

    Raises:
        InvalidError: The Secret lacks the key, or its value is empty: anybody could work out the
            address then, and sign with it.
    """
    key = _SECRET_KEYS.get(kind)
    if key is None:
        raise _unknown(kind)
    if not secret.get(key):
        message = f'A receiver of kind {kind} needs a Secret with the key "{key}"; add it.'
        raise InvalidError(message)
    return (secret[key],)


def _unknown(kind: str) -> InvalidError:
    return InvalidError(
        f"{kind!r} is not a kind of receiver; use one of {', '.join(_SECRET_KEYS)}."
    )
