"""Certificates for the fake: an authority of its own and its leaf, or a leaf on its own."""

import datetime as dt
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGINS = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
ENDS = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Identity:
    """What the server shows, and what a caller may trust it by.

    Attributes:
        ca_pem: Of who signed it; itself, if it did.
        fingerprint: SHA-256 of the leaf, in lower-case hexadecimal.
    """

    chain_pem: bytes
    key_pem: bytes
    ca_pem: str
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """Return what to serve with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            Path(file.name).write_bytes(self.key_pem + self.chain_pem)
            context.load_cert_chain(file.name)
        return context


@lru_cache
def identity(server_name: str, *, is_self_signed: bool = False) -> Identity:
    """Return a certificate for a name and for 127.0.0.1 if it is that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    ca_key = key if is_self_signed else ec.generate_private_key(ec.SECP256R1())
    issuer = _name(server_name if is_self_signed else "fake authority")
    leaf = _certificate(_name(server_name), issuer, key, ca_key, server_name)
    ca = leaf if is_self_signed else _certificate(issuer, issuer, ca_key, ca_key, "")
    pem = serialization.Encoding.PEM
    return Identity(
        chain_pem=leaf.public_bytes(pem),
        key_pem=key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        ca_pem=ca.public_bytes(pem).decode(),
        fingerprint=leaf.fingerprint(hashes.SHA256()).hex(),
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    server_name: str,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGINS)
        .not_valid_after(ENDS)
        .add_extension(
            x509.BasicConstraints(ca=not server_name or subject == issuer, path_length=None),
            critical=True,
        )
    )
    if server_name:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(server_name)]), critical=False
        )
    return builder.sign(signer, hashes.SHA256())


def _general_name(server_name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(server_name))
    except ValueError:
        return x509.DNSName(server_name)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
