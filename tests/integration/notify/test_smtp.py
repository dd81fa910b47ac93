"""E-mails to a mail server, over real sockets."""

import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from promotions.gateways.notify import smtp
from promotions.ports.notify import Email, SmtpChannel
from tests.fakes.smtp_server import FakeMailServer, server_context, serving_mail

POLICY = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1", "localhost"}))
EMAIL = Email(
    sender="Kargo <kargo@example.com>",
    to=("alice@example.com", "Bob Büchner <bob@example.com>"),
    subject="Straße 🚀",
    body="Grüße\n.\nend",
    message_id="<k1@example.com>",
    date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def channel(fake: FakeMailServer, **values: object) -> SmtpChannel:
    plain = SmtpChannel("kargo@example.com", "localhost", fake.port, use_tls=False)
    return replace(plain, **values)  # type: ignore[arg-type]  # fields by name


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(tmp_path_factory.mktemp("tls"))


def test_an_email_arrives_as_it_was_written() -> None:
    with serving_mail(FakeMailServer()) as fake:
        refused = smtp.mail(POLICY, channel(fake), EMAIL)

    (mail,) = fake.mails
    assert refused == ()
    assert (mail.sender, mail.recipients) == (
        "kargo@example.com",
        ("alice@example.com", "bob@example.com"),
    )
    message = mail.message
    assert message["To"] == "alice@example.com"
    assert message["Cc"] == "Bob Büchner <bob@example.com>"
    assert message["Subject"] == "Straße 🚀"
    assert message["Message-ID"] == "<k1@example.com>"
    assert message["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
    assert message.get_content_type() == "text/plain"
    assert message.get_content().splitlines() == ["Grüße", ".", "end"]


def test_a_body_may_be_html() -> None:
    with serving_mail(FakeMailServer()) as fake:
        smtp.mail(POLICY, channel(fake), replace(EMAIL, body="<b>x</b>", html=True))

    assert fake.mails[0].message.get_content_type() == "text/html"


def test_credentials_and_content_go_over_tls(tls: ssl.SSLContext) -> None:
    with serving_mail(FakeMailServer(users={"kargo": "pässword"}, tls=tls)) as fake:
        secured = channel(
            fake, use_tls=True, verify_tls=False, username="kargo", password="pässword"
        )
        smtp.mail(POLICY, secured, EMAIL)

    assert (fake.mails[0].over_tls, fake.mails[0].user) == (True, "kargo")


def test_a_port_for_tls_only_is_spoken_to_in_tls(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_mail(FakeMailServer(tls=tls, is_implicit=True)) as fake:
        monkeypatch.setattr(smtp, "IMPLICIT_TLS_PORT", fake.port)
        smtp.mail(POLICY, channel(fake, use_tls=True, verify_tls=False), EMAIL)

    assert fake.mails[0].over_tls


def test_without_tls_on_offer_nothing_is_sent() -> None:
    with serving_mail(FakeMailServer(users={"kargo": "secret"})) as fake:
        secured = channel(fake, use_tls=True, username="kargo", password="secret")
        with pytest.raises(UpstreamError, match="offers no TLS") as caught:
            smtp.mail(POLICY, secured, EMAIL)

    assert not caught.value.retryable
    assert fake.mails == []


def test_a_certificate_that_nobody_signed_is_refused(tls: ssl.SSLContext) -> None:
    with (
        serving_mail(FakeMailServer(tls=tls)) as fake,
        pytest.raises(UpstreamError, match="certificate") as caught,
    ):
        smtp.mail(POLICY, channel(fake, use_tls=True), EMAIL)

    assert not caught.value.retryable
    assert fake.mails == []


def test_a_wrong_password_is_told_without_the_password() -> None:
    with serving_mail(FakeMailServer(users={"kargo": "secret"})) as fake:
        wrong = channel(fake, username="kargo", password="guessed-wrong")
        with pytest.raises(UpstreamError, match=r"535 5\.7\.8 bad credentials") as caught:
            smtp.mail(POLICY, wrong, EMAIL)

    assert not caught.value.retryable
    assert "guessed-wrong" not in caught.value.message


def test_some_recipients_may_be_refused_and_all_may() -> None:
    refusal = {"alice@example.com": "550 5.1.1 who?"}
    with serving_mail(FakeMailServer(refused=refusal)) as fake:
        refused = smtp.mail(POLICY, channel(fake), EMAIL)
        with pytest.raises(UpstreamError, match=r"who\?") as caught:
            smtp.mail(POLICY, channel(fake), replace(EMAIL, to=("alice@example.com",)))

    assert refused == ("alice@example.com",)
    assert not caught.value.retryable
    assert len(fake.mails) == 1


@pytest.mark.parametrize(
    "fake",
    [
        FakeMailServer(greeting="421 busy"),
        FakeMailServer(refused={"alice@example.com": "450 later", "bob@example.com": "450 later"}),
        FakeMailServer(after_data="451 later"),
        FakeMailServer(after_data=""),
        FakeMailServer(greeting="nonsense"),
        FakeMailServer(chatter=5_000),
    ],
    ids=["busy", "recipients later", "later", "hung up", "nonsense", "chatter"],
)
def test_what_may_pass_may_be_tried_again(fake: FakeMailServer) -> None:
    with serving_mail(fake), pytest.raises(UpstreamError) as caught:
        smtp.mail(POLICY, channel(fake), EMAIL)

    assert caught.value.retryable


def test_a_server_that_hangs_up_after_taking_an_email_has_taken_it() -> None:
    with serving_mail(FakeMailServer()) as fake:
        fake.after_data = "250 taken\r\n421 bye"

        assert smtp.mail(POLICY, channel(fake), EMAIL) == ()


def test_a_server_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.3)
    began = time.monotonic()

    with (
        serving_mail(FakeMailServer(drip_seconds=0.02)) as fake,
        pytest.raises(UpstreamError) as caught,
    ):
        smtp.mail(POLICY, channel(fake), EMAIL)

    assert caught.value.retryable
    assert time.monotonic() - began < 5


def test_the_policy_decides_where_to_connect() -> None:
    with (
        serving_mail(FakeMailServer()) as fake,
        pytest.raises(UpstreamError, match="not allowed") as caught,
    ):
        smtp.mail(EgressPolicy(), channel(fake), EMAIL)

    assert caught.value.code == "egress_refused"
    assert fake.mails == []


@pytest.mark.parametrize(
    "email",
    [
        replace(EMAIL, subject="x\r\nBcc: eve@example.com"),
        replace(EMAIL, subject="x\nBcc: eve@example.com"),
        replace(EMAIL, to=("alice@example.com\r\nBcc: eve@example.com",)),
        replace(EMAIL, sender="kargo@example.com\nX: y"),
        replace(EMAIL, to=("alice",)),
        replace(EMAIL, to=("",)),
        replace(EMAIL, to=()),
        replace(EMAIL, body="\ud800"),
    ],
)
def test_no_header_can_be_smuggled_in(email: Email) -> None:
    with pytest.raises(InvalidError, match="cannot be written"):
        smtp.written(email)


def test_nobody_listens(tmp_path: Path) -> None:
    with serving_mail(FakeMailServer()) as fake:
        gone = channel(fake)

    with pytest.raises(UpstreamError, match="could not be used") as caught:
        smtp.mail(POLICY, gone, EMAIL)

    assert caught.value.retryable
