"""Reads a kubeconfig: the address, trust and credential of one cluster, and nothing that runs.

Only what stands in the text itself counts. Commands to run, files to read and switched-off
verification are refused, with what to do instead.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.manifests.yaml_values import read_yaml

LONGEST = 256 * 1024
_INSTEAD = "use the token of a ServiceAccount, or a client certificate that is in the file"
_IMPERSONATES = "impersonates somebody; use a ServiceAccount with just the rights that are needed"
_REFUSED_OF_USERS = {
    "exec": f"runs a command; {_INSTEAD}",
    "auth-provider": f"asks another program; {_INSTEAD}",
    "tokenFile": f"names a file; {_INSTEAD}",
    "client-certificate": "names a file; embed it (kubectl config view --flatten --minify)",
    "client-key": "names a file; embed it (kubectl config view --flatten --minify)",
    "username": f"is a password's; {_INSTEAD}",
    "password": f"is not supported; {_INSTEAD}",
    "as": _IMPERSONATES,
    "as-uid": _IMPERSONATES,
    "as-groups": _IMPERSONATES,
    "as-user-extra": _IMPERSONATES,
}
_REFUSED_OF_CLUSTERS = {
    "certificate-authority": "names a file; embed it (kubectl config view --flatten --minify)",
    "insecure-skip-tls-verify": "switches verification off; embed the cluster's CA",
    "proxy-url": "is not supported; the platform's own proxy settings apply",
}


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """What a kubeconfig says of the cluster of its current context.

    Attributes:
        ca_bundle: PEM; empty leaves trust to the system.
        server_name: The name in the server's certificate, if it is not the address's.
        token: Empty if there is a client certificate.
    """

    server: str
    ca_bundle: str = ""
    server_name: str = ""
    token: str = field(default="", repr=False)
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)


def read_kubeconfig(text: str) -> Kubeconfig:
    """Return what the current context of a kubeconfig leads to.

    Raises:
        InvalidError: It is no kubeconfig, incomplete, or needs something that is refused; the
            message says what to do, and quotes no credential.
    """
    document = _document(text)
    context = as_object(_named(document, "contexts", _current(document)).get("context"))
    cluster = as_object(
        _named(document, "clusters", as_text(context.get("cluster"))).get("cluster")
    )
    user = as_object(_named(document, "users", as_text(context.get("user"))).get("user"))
    _refuse(cluster, _REFUSED_OF_CLUSTERS, where="cluster")
    _refuse(user, _REFUSED_OF_USERS, where="user")
    read = Kubeconfig(
        server=as_text(cluster.get("server")),
        ca_bundle=_decoded(cluster, "certificate-authority-data"),
        server_name=as_text(cluster.get("tls-server-name")),
        token=as_text(user.get("token")).strip(),
        client_certificate=_decoded(user, "client-certificate-data"),
        client_key=_decoded(user, "client-key-data"),
    )
    if not read.server.startswith("https://"):
        raise _invalid("the cluster's server must be an https address")
    if not read.token and not (read.client_certificate and read.client_key):
        raise _invalid(
            f"the user has neither a token nor a client certificate with key; {_INSTEAD}"
        )
    _check_pem(read)
    return read


def _document(text: str) -> JSONObject:
    if len(text) > LONGEST:
        raise _invalid(f"it is longer than {LONGEST} characters")
    try:
        documents = [it.value for it in read_yaml(text)]
    except InvalidError as error:
        raise _invalid("it is not YAML") from error
    if len(documents) != 1 or as_text(as_object(documents[0]).get("kind")) != "Config":
        raise _invalid("it must be one document of kind Config")
    return as_object(documents[0])


def _current(document: JSONObject) -> str:
    current = as_text(document.get("current-context"))
    names = [as_text(as_object(it).get("name")) for it in as_list(document.get("contexts"))]
    if not current and len(names) == 1:
        return names[0]
    if not current:
        raise _invalid("it has no current-context (kubectl config view --flatten --minify)")
    return current


def _named(document: JSONObject, key: str, name: str) -> JSONObject:
    entries: Iterable[JSONObject] = map(as_object, as_list(document.get(key)))
    found = next((it for it in entries if as_text(it.get("name")) == name), None)
    if found is None:
        raise _invalid(f"{key} has no entry of the name that is referred to")
    return found


def _refuse(entry: JSONObject, refused: dict[str, str], *, where: str) -> None:
    for key, reason in refused.items():
        if entry.get(key) not in (None, "", False):
            raise _invalid(f'"{key}" of the {where} {reason}')


def _decoded(entry: JSONObject, key: str) -> str:
    value: JSONValue = entry.get(key)
    try:
        return base64.b64decode("".join(as_text(value).split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise _invalid(f'"{key}" is not the base64 of PEM') from error


def _check_pem(read: Kubeconfig) -> None:
    _certificates(read.ca_bundle, "certificate-authority-data")
    found = _certificates(read.client_certificate, "client-certificate-data")
    if not found:
        return
    try:
        key = load_pem_private_key(read.client_key.encode(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise _invalid('"client-key-data" is not of an unencrypted private key in PEM') from error
    if key.public_key() != found[0].public_key():
        raise _invalid('"client-key-data" is not the key of "client-certificate-data"')


def _certificates(pem: str, key: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode()) if pem else []
    except ValueError as error:
        raise _invalid(f'"{key}" is not of certificates in PEM') from error


def _invalid(reason: str) -> InvalidError:
    return InvalidError(f"The kubeconfig cannot be used: {reason}.")
