"""How is one Argo CD reached, and as whom?"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from promotions.ports.argocd import ArgoCD, Transport


class TlsMode(StrEnum):
    """What makes a server's certificate one to believe."""

    SYSTEM = "system"
    CA_BUNDLE = "ca-bundle"
    PIN = "pin"
    INSECURE = "insecure"


@dataclass(frozen=True, slots=True)
class TlsTrust:
    """Whom to believe to be the server.

    Attributes:
        mode: ``insecure`` believes anybody; only an operator may choose that.
        ca_bundle: PEM text of authorities, for ``ca-bundle``.
        pinned_sha256: Digest of the server's own certificate, for ``pin``: 64 hexadecimal
            digits, with or without colons or ``sha256:`` before them.
        server_name: The name to ask for and to find in the certificate, if it is not the
            address's host.
    """

    mode: TlsMode = TlsMode.SYSTEM
    ca_bundle: str = ""
    pinned_sha256: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much may be asked of one Argo CD by one process.

    Attributes:
        per_second: Requests, in the long run.
        burst: Requests at once after a pause.
        concurrency: Requests that may wait for their answers; watches do not count.
    """

    per_second: float = 10.0
    burst: int = 20
    concurrency: int = 8


@dataclass(frozen=True, slots=True)
class PlaneAccess:
    """Everything needed to speak to one Argo CD.

    Attributes:
        uid: Of the control plane; its limits and its circuit are kept under it.
        name: For people.
        base_url: Of Argo CD's server, with its root path; or of the Kubernetes API server.
        token: Sent as a bearer token; empty if a client certificate is all there is.
        next_token: Tried when ``token`` is refused, so that rotating one needs no pause.
        client_certificate: PEM text of a certificate and its unencrypted key; Kubernetes only.
        proxy_url: Empty is what the environment says.
        default_namespace: Of applications that name none; where Argo CD itself runs.
        allowed_namespaces: Of which applications may be read and changed; empty is of any.
    """

    uid: str
    name: str
    transport: Transport
    base_url: str
    token: str = field(default="", repr=False)
    next_token: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    tls: TlsTrust = TlsTrust()
    proxy_url: str = field(default="", repr=False)
    default_namespace: str = "argocd"
    allowed_namespaces: tuple[str, ...] = ()
    pace: Pace = Pace()


class ArgoCDs(Protocol):
    """Opens Argo CDs."""

    def open(self, access: PlaneAccess) -> ArgoCD:
        """Return the Argo CD, without speaking to it yet; the same access gives the same one.

        Raises:
            InvalidError: The address, a certificate, the pin or the token cannot be so.
        """
        ...
