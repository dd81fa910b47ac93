"""What shall go wrong on the wire: statuses, delays, resets, HTML, answers that are cut short."""

import datetime as dt
import re
from dataclasses import dataclass, field

from common.jsontypes import JSONValue
from tests.fakes.scm_server import Reply, Request

HTML = b"<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass
class Fault:
    """Something wrong with the requests that it meets.

    Attributes:
        method: Empty for all.
        path: A pattern somewhere in the path.
        transport: ``rest`` or ``kubernetes``; empty for both.
        status: Answered in the fake's place; 0 lets it work.
        body: Sent with the status; raw, if it is bytes.
        delay_seconds: Of latency, once the work is done.
        is_effective: The fake works all the same, and its answer is lost.
        is_reset: The connection is reset instead of an answer.
        is_cut_short: Half of the body is sent, and the connection closed.
        times: How many requests it meets at most.
        begins: Not before.
        ends: Not from then on.
        unless: A pattern in the query that keeps it away.
    """

    method: str = ""
    path: str = ""
    transport: str = ""
    status: int = 0
    body: "JSONValue | bytes" = None
    headers: tuple[tuple[str, str], ...] = ()
    delay_seconds: float = 0
    is_effective: bool = False
    is_reset: bool = False
    is_cut_short: bool = False
    times: int | None = 1
    begins: dt.datetime | None = None
    ends: dt.datetime | None = None
    unless: str = ""

    def meets(self, request: Request, transport: str, now: dt.datetime) -> bool:
        return (
            self.times != 0
            and self.method in {"", request.method}
            and self.transport in {"", transport}
            and re.search(self.path, request.path) is not None
            and (self.begins is None or now >= self.begins)
            and (self.ends is None or now < self.ends)
            and not (self.unless and re.search(self.unless, str(request.query)))
        )

    @property
    def replaces_work(self) -> bool:
        """Whether the fake does nothing."""
        return (bool(self.status) or self.is_reset) and not self.is_effective

    def reply(self) -> Reply | None:
        """Return what is answered instead of the fake's own answer."""
        if not self.status:
            return None
        if isinstance(self.body, bytes):
            return Reply(self.status, headers=self.headers, raw=self.body)
        return Reply(self.status, self.body, self.headers)


@dataclass
class Faults:
    """What is planned."""

    planned: list[Fault] = field(default_factory=list)

    def add(self, *faults: Fault) -> None:
        """Plan faults; each is used up after its ``times``."""
        self.planned.extend(faults)

    def clear(self) -> None:
        """Let all go well from now on."""
        self.planned.clear()

    def meeting(self, request: Request, transport: str, now: dt.datetime) -> Fault | None:
        """Return the fault that a request runs into, and count it."""
        for fault in self.planned:
            if fault.meets(request, transport, now):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
