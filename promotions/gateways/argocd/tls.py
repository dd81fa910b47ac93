"""Whom do we believe to be an Argo CD? Turns a control plane's trust into a client."""

import re
from urllib.parse import urlsplit

from common.egress import EgressPolicy
from common.errors import InvalidError
from common.http import Client, client
from common.transport import Peer
from promotions.ports.argocd_access import PlaneAccess, TlsMode, TlsTrust

_DIGEST = re.compile(r"[0-9a-f]{64}")


def open_client(policy: EgressPolicy, access: PlaneAccess) -> Client:
    """Return a client that believes whom the control plane's trust says.

    Raises:
        InvalidError: The address and the trust do not go together, or a part is malformed.
    """
    _check_address(access)
    trust = access.tls
    mode = trust.mode
    if mode is TlsMode.CA_BUNDLE and not trust.ca_bundle.strip():
        raise InvalidError("There is no CA bundle; give the authorities' certificates as PEM text.")
    pin = normal_pin(trust.pinned_sha256) if mode is TlsMode.PIN else ""
    return client(
        policy,
        verify_tls=mode not in {TlsMode.PIN, TlsMode.INSECURE},
        proxy=access.proxy_url,
        ca_certificates=trust.ca_bundle if mode is TlsMode.CA_BUNDLE else "",
        client_certificate=access.client_certificate,
        peer=Peer(trust.server_name, pin),
    )


def normal_pin(text: str) -> str:
    """Return a SHA-256 digest in lower-case hexadecimal, however it is written.

    Raises:
        InvalidError: It is none.
    """
    digest = text.strip().lower().removeprefix("sha256:").replace(":", "")
    if not _DIGEST.fullmatch(digest):
        raise InvalidError(
            "The pin is not the SHA-256 fingerprint of a certificate: 64 hexadecimal digits, as"
            " `openssl x509 -noout -fingerprint -sha256` prints them."
        )
    return digest


def _check_address(access: PlaneAccess) -> None:
    try:
        url = urlsplit(access.base_url)
        is_address = bool(url.hostname) and url.scheme in {"http", "https"} and url.port != 0
    except ValueError:
        is_address = False
        url = urlsplit("")
    if not is_address or url.query or url.fragment or url.username is not None:
        raise InvalidError(
            "The address of a control plane begins with https://, and has no user, query or"
            " fragment."
        )
    if url.scheme == "http" and _expects_tls(access.tls, access.client_certificate):
        raise InvalidError("Certificates are of use only if the address begins with https://.")
    if access.proxy_url.lower().startswith("https:") and _is_particular(access.tls):
        raise InvalidError(
            "A pin or a server name cannot be used through a proxy that itself speaks TLS."
        )


def _expects_tls(trust: TlsTrust, client_certificate: str) -> bool:
    return trust.mode in {TlsMode.PIN, TlsMode.CA_BUNDLE} or bool(client_certificate)


def _is_particular(trust: TlsTrust) -> bool:
    return trust.mode is TlsMode.PIN or bool(trust.server_name)
