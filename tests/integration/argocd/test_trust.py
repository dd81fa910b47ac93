"""A server is believed by an authority or by its own certificate, and otherwise not at all."""

from dataclasses import replace

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.ports.argocd import ArgoCDUnavailableError, Transport
from promotions.ports.argocd_access import TlsMode, TlsTrust
from tests.integration.argocd.worlds import GUESTBOOK, World, world


def _read(here: World, trust: TlsTrust) -> str:
    here.access = replace(here.access, tls=trust)
    return here.plane.get(GUESTBOOK).name


def test_a_certificate_of_an_unknown_authority_is_not_believed(transport: Transport) -> None:
    with world(transport, tls="authority") as here:
        with pytest.raises(ArgoCDUnavailableError, match="Give the CA bundle") as caught:
            _read(here, TlsTrust())
        assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message
        assert here.requests() == 0


def test_the_bundle_of_its_authority_is_enough(transport: Transport) -> None:
    with world(transport, tls="authority") as here:
        trust = TlsTrust(TlsMode.CA_BUNDLE, ca_bundle=here.site.ca_pem)

        assert _read(here, trust) == "guestbook"


def test_the_bundle_does_not_excuse_another_name(transport: Transport) -> None:
    with world(transport, tls="authority", server_name="argocd-server") as here:
        trust = TlsTrust(TlsMode.CA_BUNDLE, ca_bundle=here.site.ca_pem)

        with pytest.raises(ArgoCDUnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
            _read(here, trust)


def test_the_name_to_expect_can_be_told(transport: Transport) -> None:
    with world(transport, tls="authority", server_name="argocd-server") as here:
        trust = TlsTrust(TlsMode.CA_BUNDLE, ca_bundle=here.site.ca_pem, server_name="argocd-server")

        assert _read(here, trust) == "guestbook"


@pytest.mark.parametrize("written", ["{0}", "sha256:{0}", "{1}", "SHA256:{1}"])
def test_a_pinned_certificate_is_believed_whoever_signed_it(
    transport: Transport, written: str
) -> None:
    with world(transport, tls="self-signed", server_name="argocd-server") as here:
        digest = here.site.fingerprint
        colons = ":".join(digest[i : i + 2] for i in range(0, 64, 2)).upper()
        pin = written.format(digest, colons)

        assert _read(here, TlsTrust(TlsMode.PIN, pinned_sha256=pin)) == "guestbook"


def test_another_certificate_than_the_pinned_one_is_shown_no_token(transport: Transport) -> None:
    with world(transport, tls="self-signed") as here:
        trust = TlsTrust(TlsMode.PIN, pinned_sha256="0" * 64)

        with pytest.raises(ArgoCDUnavailableError, match="not the pinned one"):
            _read(here, trust)
        assert here.requests() == 0


def test_checks_can_be_switched_off(transport: Transport) -> None:
    with world(transport, tls="self-signed", server_name="other") as here:
        assert _read(here, TlsTrust(TlsMode.INSECURE)) == "guestbook"


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (TlsTrust(TlsMode.PIN, pinned_sha256="abc"), "64 hexadecimal digits"),
        (TlsTrust(TlsMode.PIN), "64 hexadecimal digits"),
        (TlsTrust(TlsMode.CA_BUNDLE), "no CA bundle"),
        (TlsTrust(TlsMode.CA_BUNDLE, ca_bundle="-----BEGIN nothing"), "cannot be read"),
    ],
)
def test_a_trust_that_cannot_be_is_refused_when_opened(trust: TlsTrust, words: str) -> None:
    with (
        world(Transport.REST, tls="self-signed") as here,
        pytest.raises(InvalidError, match=words),
    ):
        _read(here, trust)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "argocd.example",
        "ftp://argocd.example",
        "https://",
        "https://user:password@argocd.example",
        "https://argocd.example/?token=x",
        "https://argocd.example:99999",
        "https://[::1",
    ],
)
def test_an_address_that_cannot_be_is_refused_when_opened(address: str) -> None:
    with world(Transport.REST) as here:
        here.access = replace(here.access, base_url=address)
        with pytest.raises(InvalidError, match="address of a control plane"):
            _ = here.plane


def test_a_pin_is_of_no_use_without_tls() -> None:
    trust = TlsTrust(TlsMode.PIN, pinned_sha256="0" * 64)
    with world(Transport.REST) as here, pytest.raises(InvalidError, match="https://"):
        _read(here, trust)


def test_a_pin_does_not_go_through_a_proxy_that_speaks_tls() -> None:
    with world(Transport.REST, tls="self-signed") as here:
        here.access = replace(here.access, proxy_url="https://proxy.example:3128")
        with pytest.raises(InvalidError, match="proxy"):
            _read(here, TlsTrust(TlsMode.PIN, pinned_sha256=here.site.fingerprint))


@pytest.mark.parametrize("token", ["a b", "a\nb", "tökén"])
def test_a_token_that_cannot_be_is_refused_when_opened(token: str) -> None:
    with world(Transport.REST) as here:
        here.access = replace(here.access, token=token)
        with pytest.raises(InvalidError, match="paste it once more") as caught:
            _ = here.plane
        assert token not in str(caught.value)


def test_loopback_is_not_spoken_to_unless_the_operator_allows_it() -> None:
    with world(Transport.REST) as here:
        plane = OpenArgoCDs(EgressPolicy()).open(here.access)
        with pytest.raises(ArgoCDUnavailableError, match="not allowed") as caught:
            plane.get(GUESTBOOK)
        assert not caught.value.retryable
        assert here.requests() == 0
