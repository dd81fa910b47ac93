"""The fake's wire: TLS, and what may go wrong on the way."""

import hashlib
import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.argocd import HTML, Fault, application, argocd, bearer
from tests.fakes.argocd.site import Site
from tests.functional.argocd.fake_callers import RestCaller


@pytest.fixture
def site() -> Iterator[Site]:
    with argocd(apps=[application("guestbook")]) as site:
        yield site


@pytest.fixture
def rest(site: Site) -> Iterator[RestCaller]:
    with httpx.Client() as client:
        yield RestCaller(site, client, site.token)


@pytest.mark.parametrize("tls", ["authority", "self-signed"])
def test_the_certificate_is_believed_with_its_authority_and_not_without(tls: str) -> None:
    with argocd(tls=tls) as site:
        for url in (f"{site.rest_url}/api/version", f"{site.kubernetes_url}/version"):
            with httpx.Client(verify=ssl.create_default_context(cadata=site.ca_pem)) as client:
                assert client.get(url).status_code == 200
            with httpx.Client() as client, pytest.raises(httpx.ConnectError):
                client.get(url)


def test_the_fingerprint_is_that_of_the_leaf() -> None:
    with argocd(tls="authority") as site:
        port = httpx.URL(site.rest_url).port
        assert port is not None
        shown = ssl.get_server_certificate(("127.0.0.1", port))

    assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest() == site.fingerprint


def test_the_certificate_may_be_for_another_name() -> None:
    with argocd(tls="authority", server_name="argocd.example") as site:
        context = ssl.create_default_context(cadata=site.ca_pem)
        with httpx.Client(verify=context) as client:
            url = f"{site.rest_url}/api/version"
            with pytest.raises(httpx.ConnectError):
                client.get(url)
            named = client.get(url, extensions={"sni_hostname": "argocd.example"})

    assert named.status_code == 200


def test_a_proxy_may_answer_with_a_page(site: Site, rest: RestCaller) -> None:
    site.fail(Fault("GET", status=503, body=HTML, headers=(("Content-Type", "text/html"),)))

    response = rest.get("/applications")

    assert (response.status_code, response.content) == (503, HTML)
    assert rest.get("/applications").status_code == 200


@pytest.mark.parametrize(("is_effective", "operations"), [(True, 1), (False, 0)])
def test_a_reset_may_come_after_the_effect_or_instead(
    site: Site, rest: RestCaller, *, is_effective: bool, operations: int
) -> None:
    site.fail(Fault("POST", "/sync$", is_reset=True, is_effective=is_effective))

    with pytest.raises(httpx.TransportError):
        rest.sync()

    assert len(site.record.operations) == operations


def test_an_answer_may_be_lost_and_another_one_come(site: Site, rest: RestCaller) -> None:
    site.fail(Fault("POST", "/sync$", status=504, body=HTML, is_effective=True))

    response = rest.sync()

    assert (response.status_code, len(site.record.operations)) == (504, 1)


def test_an_answer_may_be_cut_short(site: Site, rest: RestCaller) -> None:
    site.fail(Fault("GET", is_cut_short=True))

    with pytest.raises(httpx.RemoteProtocolError):
        rest.get("/applications")


def test_latency_is_felt_by_who_is_impatient(site: Site) -> None:
    site.fail(Fault("GET", delay_seconds=20))

    with httpx.Client(timeout=0.1) as client, pytest.raises(httpx.ReadTimeout):
        client.get(f"{site.rest_url}/api/v1/applications", headers=bearer(site.token))


def test_a_fault_begins_and_ends_with_time(site: Site, rest: RestCaller) -> None:
    begins = site.clock.now() + site.clock.skew.resolution * 4_000_000
    site.fail(
        Fault(status=401, begins=begins, ends=begins + site.clock.skew.resolution, times=None)
    )

    before = rest.get("/applications").status_code
    site.clock.advance(4)
    during = rest.get("/applications").status_code
    site.clock.advance(1)

    assert (before, during, rest.get("/applications").status_code) == (200, 401, 200)


def test_large_answers_are_compressed(rest: RestCaller) -> None:
    response = rest.get("/applications")

    assert response.headers["Content-Encoding"] == "gzip"
    assert response.json()["items"]


def test_every_request_is_on_record_with_what_its_caller_saw(site: Site, rest: RestCaller) -> None:
    site.fail(Fault("POST", is_reset=True))
    rest.get("/applications")
    with pytest.raises(httpx.TransportError):
        rest.sync()

    seen = [(it.transport, it.method, it.status) for it in site.record.requests]
    assert seen == [("rest", "GET", 200), ("rest", "POST", 0)]
    assert {it.token for it in site.record.requests} == {site.token}
