"""A kubeconfig is read for one cluster; what runs, reads or trusts blindly is refused in words."""

import base64
import datetime as dt
import json
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from common.errors import InvalidError
from promotions.manifests.kubeconfig import LONGEST, read_kubeconfig

TOKEN = {"token": "sa-token"}
SERVER = "https://10.0.0.1:6443"


def _config(
    user: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    *,
    current: str = "here",
    **top: Any,
) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "contexts": [
            {"name": "there", "context": {"cluster": "other", "user": "other"}},
            {"name": "here", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [
            {"name": "other", "cluster": {"server": "https://elsewhere"}},
            {"name": "c", "cluster": {"server": SERVER, **(cluster or {})}},
        ],
        "users": [
            {"name": "other", "user": {"exec": {"command": "aws"}}},
            {"name": "u", "user": TOKEN if user is None else user},
        ],
        **top,
    }
    return json.dumps(document)


@cache
def _pair() -> tuple[str, str, str]:
    """Return a certificate, its key, and its key under a password, all in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(days=9))
    pem = made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    ways = (NoEncryption(), BestAvailableEncryption(b"secret"))
    plain, locked = (key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, it) for it in ways)
    return pem.decode(), plain.decode(), locked.decode()


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_of_several_contexts_the_current_one_counts() -> None:
    pem, *_ = _pair()
    cluster = {"certificate-authority-data": _b64(pem), "tls-server-name": "kubernetes"}

    read = read_kubeconfig(_config(cluster=cluster))

    assert (read.server, read.token) == (SERVER, "sa-token")
    assert (read.ca_bundle, read.server_name) == (pem, "kubernetes")
    assert "sa-token" not in repr(read)


def test_a_client_certificate_is_read_with_its_key() -> None:
    pem, key, _ = _pair()
    user = {"client-certificate-data": _b64(pem), "client-key-data": _b64(key)}

    read = read_kubeconfig(_config(user))

    assert (read.client_certificate, read.client_key, read.token) == (pem, key, "")


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"exec": {"command": "aws"}}, '"exec" of the user runs a command; use the token of a'),
        ({"exec": {}}, '"exec" of the user runs a command'),
        ({"auth-provider": {"name": "gcp"}}, '"auth-provider" of the user asks another program'),
        ({"tokenFile": "/var/run/token"}, '"tokenFile" of the user names a file'),
        ({**TOKEN, "tokenFile": "/var/run/token"}, '"tokenFile" of the user names a file'),
        ({"client-certificate": "/x.pem"}, '"client-certificate" of the user names a file; embed'),
        ({"client-key": "/x.key"}, '"client-key" of the user names a file; embed it (kubectl'),
        ({"username": "kim"}, '"username" of the user is a password\'s'),
        ({"password": "x"}, '"password" of the user is not supported'),
        ({**TOKEN, "as": "admin"}, '"as" of the user impersonates somebody'),
        ({**TOKEN, "as-groups": ["system:masters"]}, '"as-groups" of the user impersonates'),
        ({}, "neither a token nor a client certificate with key"),
        ({"client-certificate-data": "AAAA"}, "neither a token nor a client certificate with key"),
    ],
)
def test_a_user_that_needs_more_than_the_text_is_refused(user: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidError, match="The kubeconfig cannot be used") as caught:
        read_kubeconfig(_config(user))
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (
            {"insecure-skip-tls-verify": True},
            '"insecure-skip-tls-verify" of the cluster switches verification off; embed the',
        ),
        ({"insecure-skip-tls-verify": "true"}, "switches verification off"),
        (
            {"certificate-authority": "/ca.pem"},
            '"certificate-authority" of the cluster names a file; embed it',
        ),
        ({"proxy-url": "http://proxy"}, '"proxy-url" of the cluster is not supported; the plat'),
        ({"server": "http://10.0.0.1"}, "the cluster's server must be an https address"),
        ({"server": None}, "the cluster's server must be an https address"),
        ({"certificate-authority-data": "***"}, '"certificate-authority-data" is not the base64'),
        ({"certificate-authority-data": "AAAA"}, "is not of certificates in PEM"),
    ],
)
def test_a_cluster_that_is_trusted_by_other_means_is_refused(
    cluster: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        read_kubeconfig(_config(cluster=cluster))
    assert said in caught.value.message


def test_verification_that_is_not_switched_off_may_be_said() -> None:
    assert read_kubeconfig(_config(cluster={"insecure-skip-tls-verify": False})).server == SERVER


def test_a_certificate_without_its_own_unencrypted_key_is_refused() -> None:
    pem, _, locked = _pair()
    stranger = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    said: list[str] = []
    for key in (locked, stranger.decode(), "no key"):
        user = {"client-certificate-data": _b64(pem), "client-key-data": _b64(key)}
        with pytest.raises(InvalidError) as caught:
            read_kubeconfig(_config(user))
        said.append(caught.value.message)

    assert "not of an unencrypted private key" in said[0]
    assert 'not the key of "client-certificate-data"' in said[1]
    assert "not of an unencrypted private key" in said[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "it is not YAML"),
        ("a: b", "it must be one document of kind Config"),
        (f"{_config()}\n---\n{_config()}", "it must be one document of kind Config"),
        (_config(current=""), "it has no current-context"),
        (_config(current="elsewhere"), "contexts has no entry"),
        (_config(clusters=[]), "clusters has no entry"),
        (_config(users=None), "users has no entry"),
        (" " * LONGEST + "x", "it is longer than"),
    ],
)
def test_a_text_that_leads_to_no_cluster_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidError) as caught:
        read_kubeconfig(text)
    assert said in caught.value.message
