"""What did a Git process and its HTTP host say to each other? Read from Git's own trace.

Git's error output names a status but neither ``Retry-After`` nor ``Location``; its trace of curl
does. The trace comes on standard error, is taken out of it here and kept nowhere: an HTTP/2
library may write credentials into it. A host's own words are always behind ``remote:``, so it
cannot forge a line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

TRACE: Mapping[str, str] = {"GIT_TRACE_CURL": "1", "GIT_TRACE_CURL_NO_DATA": "1"}
"""Environment that makes Git say what :func:`overheard` reads."""

_LINE = re.compile(r"\d\d:\d\d:\d\d\.\d+ \S+:\d+\s+(.*)")
_RECEIVED = "<= Recv header: "
_STATUS = re.compile(r"HTTP/[\d.]+ (\d{3})")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ADDRESSED = re.compile(r"/info/refs\?service=git-(?:upload|receive)-pack$")
_TOO_MANY = 429
_FORBIDDEN = 403
_SERVER_ERRORS = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of the host: its status, and its headers by name in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_plea(self) -> bool:
        """Whether the host wants to be asked less."""
        limited = self.status == _FORBIDDEN and "retry-after" in self.headers
        return self.status == _TOO_MANY or limited

    @property
    def is_trouble(self) -> bool:
        """Whether the host is in trouble."""
        return self.status >= _SERVER_ERRORS

    @property
    def is_page(self) -> bool:
        """Whether it is a page for a browser, which Git would take for an empty repository."""
        kind = self.headers.get("content-type", "").strip().lower()
        return self.status == 200 and kind.startswith("text/html")  # noqa: PLR2004 - OK

    def retry_after(self, *, now: datetime) -> timedelta:
        """Return how long the host asks to wait; zero if it does not say.

        Source: RFC 9110, section 10.2.3.
        """
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text[:9]), 86_400))
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return timedelta(0)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(at - now, timedelta(0))

    def redirected(self, url: str) -> str:
        """Return where the repository at ``url`` is instead, as the host says, or nothing.

        Source: http.followRedirects in git-config(1); only the first request is redirected.
        """
        location = self.headers.get("location", "")
        if self.status not in _REDIRECTS or not _ADDRESSED.search(location):
            return ""
        base = f"{url.rstrip('/')}/info/refs"
        return _ADDRESSED.sub("", urljoin(base, location))


def overheard(stderr: str) -> tuple[tuple[Answer, ...], str]:
    """Return the host's answers in ``stderr``, and what is left of it without the trace."""
    kept: list[str] = []
    answers: list[tuple[int, dict[str, str]]] = []
    for line in stderr.splitlines(keepends=True):
        traced = _LINE.match(line)
        if traced is None:
            kept.append(line)
        elif traced[1].startswith(_RECEIVED):
            _take(traced[1].removeprefix(_RECEIVED).rstrip("\r"), answers)
    return tuple(Answer(status, headers) for status, headers in answers), "".join(kept)


def _take(line: str, answers: list[tuple[int, dict[str, str]]]) -> None:
    status = _STATUS.match(line)
    if status is not None:
        answers.append((int(status[1]), {}))
        return
    name, colon, value = line.partition(":")
    if colon and answers:
        answers[-1][1][name.strip().lower()] = value.strip()
