"""Hands e-mails to a mail server, within the egress policy, with limits to time and size.

Source: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH).
"""

import base64
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from io import BufferedIOBase
from typing import IO, TypeAlias, cast

from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from common.redaction import redact
from common.transport import tls_context
from promotions.ports.notify import Email, SmtpChannel

TIMEOUT_SECONDS = 30.0
"""For one e-mail, from connecting to the server's last word."""

IMPLICIT_TLS_PORT = 465

_MAX_REPLIES = 64 * 1024
_MAX_SAID = 300
_PERMANENT = 500
_SIGNED_IN = 235


def mail(policy: EgressPolicy, channel: SmtpChannel, email: Email) -> tuple[str, ...]:
    """Hand an e-mail to the channel's server; return the recipients that it refused.

    Raises:
        InvalidError: It cannot be an e-mail.
        UpstreamError: The server is refused by the policy, cannot be reached, or did not take it.
    """
    message = written(email)
    with _errors_of(channel), _connected(policy, channel) as server:
        if channel.username:
            server.sign_in()
        recipients = [parseaddr(address)[1] for address in email.to]
        refused = server.send_message(message, parseaddr(email.sender)[1], recipients)
    return tuple(sorted(refused))


def written(email: Email) -> EmailMessage:
    """Return an e-mail as it is sent.

    Raises:
        InvalidError: A header has a line break, or an address is none.
    """
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["From"] = _address(email.sender)
        message["To"] = _address(email.to[0])
        if email.to[1:]:
            message["Cc"] = tuple(map(_address, email.to[1:]))
        message["Subject"] = email.subject
        message["Date"] = format_datetime(email.date)
        message["Message-ID"] = email.message_id
        message.set_content(email.body, subtype="html" if email.html else "plain")
    except (ValueError, MessageError, IndexError, UnicodeError) as error:
        raise InvalidError(f"the e-mail cannot be written: {error}") from error
    return message


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    if not address or any(it in text for it in "\r\n\0"):
        raise ValueError(f"{text!r} is no e-mail address")
    return Address(display_name=name, addr_spec=address)


class _Server(smtplib.SMTP):
    """A server whose address was checked, and whose replies are bounded.

    ``smtplib`` takes as long and as much as the server likes; here the connection is shut down
    when time is up, and what it says is counted.
    """

    def __init__(self, channel: SmtpChannel, addresses: list[str]) -> None:
        self._channel = channel
        self._addresses = addresses
        self._line: socket.socket | None = None
        self._deadline = threading.Timer(TIMEOUT_SECONDS, self._cut)
        self._deadline.daemon = True
        self._deadline.start()
        try:
            super().__init__(channel.host, channel.port, timeout=TIMEOUT_SECONDS)
        except BaseException:
            self.release()
            raise

    def getreply(self) -> tuple[int, bytes]:
        """Return the server's reply, if it is not too long."""
        if self.file is None and self.sock is not None:
            self.file = cast("_File", _Bounded(self.sock.makefile("rb")))
        return super().getreply()

    def secure(self) -> None:
        """Go on under TLS.

        Raises:
            UpstreamError: The server does not offer it.
        """
        try:
            self.starttls(context=tls_context(self._channel.verify_tls, ""))
        except smtplib.SMTPNotSupportedError as error:
            raise UpstreamError(
                f"{self._channel.host} offers no TLS; nothing was sent. Set useTLS to false if"
                " its network is trusted.",
                retryable=False,
                code="smtp_no_tls",
            ) from error

    def sign_in(self) -> None:
        """Prove who we are; ``smtplib`` by itself knows only ASCII.

        Raises:
            SMTPException: The server does not believe it.
        """
        user, password = self._channel.username, self._channel.password
        self.ehlo_or_helo_if_needed()
        if "PLAIN" not in self.esmtp_features.get("auth", "").split():
            self.login(user, password)
            return
        proof = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        code, said = self.docmd("AUTH", f"PLAIN {proof}")
        if code != _SIGNED_IN:
            raise smtplib.SMTPAuthenticationError(code, said)

    def release(self) -> None:
        """Close the connection, and stop watching it."""
        self._deadline.cancel()
        self.close()
        if self._line is not None:
            self._line.close()

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        """Connect to an address that was checked; ``smtplib`` calls this."""
        plain = _connect(self._addresses, port, timeout)
        self._line = plain.dup()
        if port != IMPLICIT_TLS_PORT or not self._channel.use_tls:
            return plain
        context = tls_context(self._channel.verify_tls, "")
        return context.wrap_socket(plain, server_hostname=host)

    def _cut(self) -> None:
        if self._line is not None:
            try:
                self._line.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


_File: TypeAlias = IO[bytes]


class _Bounded:
    """Lines of a server, up to a number of bytes."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self._left = _MAX_REPLIES

    def readline(self, size: int = -1) -> bytes:
        line = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the server says too much")
        return line

    def close(self) -> None:
        self._file.close()


@contextmanager
def _connected(policy: EgressPolicy, channel: SmtpChannel) -> Iterator[_Server]:
    server = _Server(channel, policy.addresses(channel.host, channel.port))
    try:
        if channel.use_tls and channel.port != IMPLICIT_TLS_PORT:
            server.secure()
        yield server
        with suppress(
            smtplib.SMTPException, OSError
        ):  # it has the e-mail; that it said so is enough
            server.quit()
    finally:
        server.release()


def _connect(addresses: list[str], port: int, timeout: float | None) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise failure or OSError("no address to connect to")


@contextmanager
def _errors_of(channel: SmtpChannel) -> Iterator[None]:
    """Turn the library's errors into ours, without the password."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        said = "; ".join(f"{it}: {_said(text)}" for it, (_, text) in error.recipients.items())
        raise _refusal(channel, said, permanent=min(codes) >= _PERMANENT) from error
    except smtplib.SMTPResponseException as error:
        said = f"{error.smtp_code} {_said(error.smtp_error)}"
        raise _refusal(channel, said, permanent=error.smtp_code >= _PERMANENT) from error
    except smtplib.SMTPNotSupportedError as error:
        raise _refusal(channel, str(error), permanent=True) from error
    except ssl.SSLCertVerificationError as error:
        said = f"its certificate is not to be trusted ({error.verify_message})"
        raise _refusal(channel, said, permanent=True) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        said = redact(str(error), secrets=(channel.password,))[:_MAX_SAID] or "it hung up"
        raise UpstreamError(
            f"The mail server {channel.host} could not be used: {said}",
            retryable=True,
            code="smtp_unreachable",
        ) from error


def _refusal(channel: SmtpChannel, said: str, *, permanent: bool) -> UpstreamError:
    shown = redact(said, secrets=(channel.password,))[:_MAX_SAID]
    return UpstreamError(
        f"The mail server {channel.host} refused: {shown}",
        retryable=not permanent,
        code="smtp_refused",
    )


def _said(text: bytes | str) -> str:
    decoded = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    return " ".join(decoded.split())
