"""The manifest of a ControlPlane: how one Argo CD is reached, and whose it is.

The platform's own kind; the native API and the admin read and write the same ``spec``. Credentials
go in and never come out.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from cryptography import x509
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from common.errors import FieldProblem, InvalidError
from projects.models import ControlPlane
from promotions.manifests.kubeconfig import read_kubeconfig
from promotions.manifests.metadata import Manifest, manifest_to, metadata_to, present, timestamp
from promotions.manifests.schema import LabelName, Model, ResourceName, as_json, matching
from promotions.manifests.secret import REDACTED

PLATFORM_API = "platform.kargo.io/v1alpha1"
DEFAULT_NAMESPACE = "argocd"
INLINE = ("token", "kubeconfig", "client_certificate", "client_key")
"""The fields of a credential that are encrypted and not shown."""

_LONGEST_SECRET = 256 * 1024
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
_FINGERPRINT = r"(?i)(sha256:)?([0-9a-f]{2}:?){31}[0-9a-f]{2}"


def _check_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        is_good = is_good and parts.username is None and not _UNPRINTABLE.search(text)
    except ValueError:
        is_good = False
    if not is_good:
        raise PydanticCustomError("format", "must be an http or https address, without a user")
    if "?" in text or "#" in text:
        raise PydanticCustomError("format", "must be an address without a query or a fragment")
    return text.rstrip("/")


def _check_pem(text: str) -> str:
    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise PydanticCustomError("pem", "must be one or more certificates in PEM") from error
    return text


Url = Annotated[str, Field(max_length=500), AfterValidator(_check_url)]
Hidden = Annotated[str | None, Field(max_length=_LONGEST_SECRET, repr=False)]
HostName = Annotated[str, matching(r"[A-Za-z0-9._-]+", "a host name", longest=253)]
AppProject = Annotated[str, matching(r"[A-Za-z0-9.*_-]+", "the name of an AppProject", longest=253)]


class TlsSettings(Model):
    """Which certificate the server must show."""

    blank_is_absent: ClassVar[bool] = True
    mode: Literal["system", "ca", "pin"] = "system"
    ca_bundle: Annotated[str, Field(max_length=256 * 1024), AfterValidator(_check_pem)] | None = (
        None
    )
    sha256: Annotated[str, matching(_FINGERPRINT, "64 hexadecimal digits")] | None = None
    server_name: HostName | None = None


class RateLimit(Model):
    """How much is asked of it at once; source: what argocd-server stands without complaint."""

    requests_per_second: Annotated[int, Field(ge=1, le=1000)] = 10
    burst: Annotated[int, Field(ge=1, le=10_000)] = 20
    connections: Annotated[int, Field(ge=1, le=256)] = 8


class SecretName(Model):
    """A Secret among the tenant's own."""

    name: ResourceName


class Credential(Model):
    """Who we are there: exactly one way of saying it. All but ``secretRef`` is written only."""

    blank_is_absent: ClassVar[bool] = True
    secret_ref: SecretName | None = None
    token: Hidden = None
    kubeconfig: Hidden = None
    client_certificate: Hidden = None
    client_key: Hidden = None

    def given(self) -> dict[str, str]:
        """Return what is to be encrypted, under the names that :data:`INLINE` lists."""
        return {name: value for name in INLINE if (value := getattr(self, name))}


class ControlPlaneSpec(Model):
    """Everything that is said of a control plane.

    Attributes:
        projects: Which projects' Stages it serves; none is all of the tenant.
        app_projects: On which of Argo CD's AppProjects its rights are looked at.
        enabled: One that is not is asked nothing.
    """

    blank_is_absent: ClassVar[bool] = True
    kind: Literal["rest", "kubernetes"]
    address: Url | None = None
    ui_url: Url | None = None
    tls: TlsSettings | None = None
    default_namespace: LabelName = DEFAULT_NAMESPACE
    allowed_namespaces: Annotated[list[LabelName], Field(max_length=500)] | None = None
    app_projects: Annotated[list[AppProject], Field(max_length=100)] | None = None
    shard: LabelName | None = None
    projects: Annotated[list[ResourceName], Field(max_length=5000)] | None = None
    rate_limit: RateLimit | None = None
    enabled: bool = True
    credential: Credential | None = None


class ControlPlaneManifest(Manifest):
    """A ControlPlane as somebody wrote it."""

    spec: ControlPlaneSpec


def problems(manifest: ControlPlaneManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema, and quote no credential."""
    for problem in spec_problems(manifest.spec):
        yield FieldProblem(f"spec.{problem.path}", problem.reason)


def spec_problems(spec: ControlPlaneSpec) -> Iterator[FieldProblem]:
    """Yield what is wrong with what is said of a control plane, by path from ``spec``."""
    credential = spec.credential or Credential()
    yield from credential_problems(credential, kind=spec.kind)
    if spec.address is None and credential.kubeconfig is None:
        yield FieldProblem("address", "is required: where Argo CD's API answers, such as https://…")
    yield from _tls_problems(spec.tls or TlsSettings())


def credential_problems(
    credential: Credential, *, kind: str, path: str = "credential"
) -> Iterator[FieldProblem]:
    """Yield what is wrong with a credential; one that is empty or redacted is no problem."""
    given = credential.given()
    ways = {"client_certificate" if name == "client_key" else name for name in given}
    if len(ways) + (credential.secret_ref is not None) > 1:
        ways_known = "secretRef, token, kubeconfig, or clientCertificate with clientKey"
        yield FieldProblem(path, f"must be said in one way: {ways_known}")
    if ("client_certificate" in given) != ("client_key" in given):
        yield FieldProblem(path, "needs clientCertificate and clientKey together")
    if kind == "rest" and ways - {"token"}:
        yield FieldProblem(path, "must be a token for Argo CD's own API")
    token = given.get("token", "")
    if token and token != REDACTED and _TOKEN.fullmatch(token.strip()) is None:
        yield FieldProblem(f"{path}.token", "must be one word of printable characters")
    yield from _embedded_problems(given, path)


def to_manifest(plane: ControlPlane) -> dict[str, Any]:
    """Write a ControlPlane: its credential as a reference, or as a mark that one is kept."""
    return manifest_to(
        "ControlPlane",
        metadata_to(plane),
        api_version=PLATFORM_API,
        spec=spec_to(plane),
        status=status_to(plane) or None,
    )


def spec_to(plane: ControlPlane) -> dict[str, Any]:
    """Write what is said of a control plane."""
    if not plane.encrypted:
        return dict(plane.spec)
    return {**plane.spec, "credential": {"token": REDACTED}}


def status_to(plane: ControlPlane) -> dict[str, Any]:
    """Write what checks found."""
    times = {
        "expiresAt": plane.expires_at,
        "nextExpiresAt": plane.next_expires_at,
        "rotatedAt": plane.rotated_at,
        "lastOkAt": plane.last_ok_at,
        "checkedAt": plane.checked_at,
    }
    return present(
        {
            "state": plane.state,
            "reason": plane.reason,
            "version": plane.version,
            "permissions": plane.permissions,
            **{key: timestamp(at) if at else None for key, at in times.items()},
        }
    )


def stored_spec(spec: ControlPlaneSpec) -> dict[str, Any]:
    """Return what is stored in the clear: all but the credential, of which only a reference."""
    stored = as_json(spec)
    reference = spec.credential.secret_ref if spec.credential else None
    stored.pop("credential", None)
    if reference is not None:
        stored["credential"] = {"secretRef": as_json(reference)}
    return stored


def _tls_problems(tls: TlsSettings) -> Iterator[FieldProblem]:
    if tls.mode == "ca" and not tls.ca_bundle:
        yield FieldProblem("tls.caBundle", "is required in the mode ca: certificates in PEM")
    if tls.mode == "pin" and not tls.sha256:
        yield FieldProblem(
            "tls.sha256", "is required in the mode pin: the fingerprint of the certificate"
        )
    if tls.mode != "ca" and tls.ca_bundle:
        yield FieldProblem("tls.mode", 'must be "ca" for caBundle to count')
    if tls.mode != "pin" and tls.sha256:
        yield FieldProblem("tls.mode", 'must be "pin" for sha256 to count')


def _embedded_problems(given: dict[str, str], path: str) -> Iterator[FieldProblem]:
    certificate, kubeconfig = given.get("client_certificate"), given.get("kubeconfig")
    if certificate:
        try:
            x509.load_pem_x509_certificates(certificate.encode())
        except ValueError:
            yield FieldProblem(f"{path}.clientCertificate", "must be a certificate in PEM")
    if kubeconfig:
        try:
            read_kubeconfig(kubeconfig)
        except InvalidError as error:
            yield FieldProblem(f"{path}.kubeconfig", error.message)
