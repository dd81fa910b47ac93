"""How a control plane is reached, and as whom: its spec and its credential, put together."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cryptography import x509

from common.errors import ConflictError, InvalidError
from common.jsontypes import JSONObject, as_object, as_text
from common.redaction import note_secrets
from projects.encryption import decrypt
from projects.models import ControlPlane, Secret
from projects.models.secret import SYSTEM_NAMESPACE
from promotions.engine.argocd.bearer_tokens import expires_at
from promotions.manifests.control_plane import ControlPlaneSpec, RateLimit, TlsSettings
from promotions.manifests.kubeconfig import Kubeconfig, read_kubeconfig
from promotions.ports.argocd import Transport
from promotions.ports.argocd_access import Pace, PlaneAccess, TlsMode, TlsTrust

CURRENT, NEXT = "", "next."
"""What the keys of the two credentials begin with, in what is encrypted."""

_MARK_LENGTH = 12
_IN_SECRETS = {
    "token": "token",
    "clientCertificate": "client_certificate",
    "clientKey": "client_key",
    "kubeconfig": "kubeconfig",
}
_MODES = {"system": TlsMode.SYSTEM, "ca": TlsMode.CA_BUNDLE, "pin": TlsMode.PIN}


@dataclass(frozen=True, slots=True)
class PlaneCredential:
    """Who we are at a control plane: a bearer token, or a client certificate with its key."""

    token: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.token or self.client_certificate)

    def mark(self, *, salt: str) -> str:
        """Return what tells it from others and gives nothing away."""
        text = f"{salt}\0{self.token}\0{self.client_certificate}\0{self.client_key}"
        return hashlib.sha256(text.encode()).hexdigest()[:_MARK_LENGTH]

    def expires_at(self) -> datetime | None:
        """Return when it ends, if it says."""
        return expires_at(self.token) if self.token else _certificate_expiry(self)


@dataclass(frozen=True, slots=True)
class Reach:
    """How a control plane is reached, and the credentials for it.

    Attributes:
        access: With no credential in it.
        credentials: The current one and, while they are exchanged, the next one after it.
    """

    access: PlaneAccess
    credentials: tuple[PlaneCredential, ...]

    def by(self, credential: PlaneCredential) -> PlaneAccess:
        """Return the access with one credential."""
        pem = f"{credential.client_certificate.rstrip()}\n{credential.client_key}"
        return replace(
            self.access,
            token=credential.token,
            client_certificate=pem if credential.client_certificate else "",
        )

    def by_all(self) -> PlaneAccess:
        """Return the access with the current credential, and the next one if that is refused."""
        current, *upcoming = self.credentials
        return replace(self.by(current), next_token=upcoming[0].token if upcoming else "")


def reach_of(plane: ControlPlane) -> Reach:
    """Return how a control plane is reached; ``plane.tenant`` is read.

    Raises:
        ConflictError: Its Secret is not there, or has no credential in it.
        InvalidError: The kubeconfig in its Secret cannot be used.
    """
    spec = ControlPlaneSpec.model_validate(plane.spec)
    values = _values(plane, spec)
    kubeconfig = values.pop("kubeconfig", "")
    read = read_kubeconfig(kubeconfig) if kubeconfig else None
    if read is not None:
        values = {
            "token": read.token,
            "client_certificate": read.client_certificate,
            "client_key": read.client_key,
        }
    found = (_credential(values, CURRENT), _credential(values, NEXT))
    credentials = tuple(it for it in found if it)
    if not credentials:
        raise ConflictError(
            f'The control plane "{plane.name}" has no credential; give it one.',
            code="no_credential",
        )
    return Reach(_access(plane, spec, read), credentials)


def secret_of(plane: ControlPlane) -> Secret | None:
    """Return the Secret that holds a control plane's credential, if its spec names one."""
    name = secret_name(plane)
    if not name:
        return None
    rows = Secret.objects.filter(tenant_id=plane.tenant_id, namespace=SYSTEM_NAMESPACE, name=name)
    return rows.first()


def secret_name(plane: ControlPlane) -> str:
    """Return the name of the Secret that a control plane's spec names; may be empty."""
    credential: JSONObject = as_object(plane.spec.get("credential"))
    return as_text(as_object(credential.get("secretRef")).get("name"))


def _access(plane: ControlPlane, spec: ControlPlaneSpec, read: Kubeconfig | None) -> PlaneAccess:
    pace = spec.rate_limit or RateLimit()
    return PlaneAccess(
        uid=str(plane.uid),
        name=plane.name,
        transport=Transport(spec.kind),
        base_url=spec.address or (read.server if read else ""),
        tls=_trust(spec.tls, read),
        default_namespace=spec.default_namespace,
        allowed_namespaces=tuple(spec.allowed_namespaces or ()),
        pace=Pace(float(pace.requests_per_second), pace.burst, pace.connections),
    )


def _trust(tls: TlsSettings | None, read: Kubeconfig | None) -> TlsTrust:
    if tls is None and read is not None:
        mode = TlsMode.CA_BUNDLE if read.ca_bundle else TlsMode.SYSTEM
        return TlsTrust(mode, ca_bundle=read.ca_bundle, server_name=read.server_name)
    tls = tls or TlsSettings()
    return TlsTrust(
        _MODES[tls.mode],
        ca_bundle=tls.ca_bundle or "",
        pinned_sha256=tls.sha256 or "",
        server_name=tls.server_name or "",
    )


def _values(plane: ControlPlane, spec: ControlPlaneSpec) -> dict[str, str]:
    if spec.credential is None or spec.credential.secret_ref is None:
        values = decrypt(plane.encrypted, tenant_uid=plane.tenant.uid, bound_to=str(plane.uid))
        note_secrets(values.values())
        return values
    secret = secret_of(plane)
    if secret is None:
        raise ConflictError(
            f'The control plane "{plane.name}" has its credential in the Secret '
            f'"{secret_name(plane)}" of {SYSTEM_NAMESPACE}, which is not there; create it.',
            code="no_credential",
        )
    held = decrypt(secret.encrypted, tenant_uid=plane.tenant.uid, bound_to=str(secret.uid))
    note_secrets(held.values())
    found = {name: held[key].strip() for key, name in _IN_SECRETS.items() if held.get(key)}
    if not found:
        raise ConflictError(
            f'The Secret "{secret.name}" has none of {", ".join(_IN_SECRETS)}.',
            code="no_credential",
        )
    return found


def _credential(values: Mapping[str, str], prefix: str) -> PlaneCredential:
    names = ("token", "client_certificate", "client_key")
    return PlaneCredential(*(values.get(f"{prefix}{name}", "") for name in names))


def _certificate_expiry(credential: PlaneCredential) -> datetime | None:
    try:
        found = x509.load_pem_x509_certificates(credential.client_certificate.encode())
    except ValueError as error:
        raise InvalidError("The client certificate is not PEM.") from error
    return min(it.not_valid_after_utc for it in found)
