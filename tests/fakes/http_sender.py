"""A sender of requests that sends nothing: it keeps them, and gives the answer it was told."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from promotions.ports.http import HttpRequest, HttpResponse, HttpStream


@dataclass
class CannedSender:
    """Answers every request alike, and keeps the requests."""

    answer: HttpResponse | Exception = field(default_factory=lambda: HttpResponse(200))
    requests: list[HttpRequest] = field(default_factory=list)

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def stream(self, request: HttpRequest) -> AbstractContextManager[HttpStream]:
        raise AssertionError("nobody should stream here")
