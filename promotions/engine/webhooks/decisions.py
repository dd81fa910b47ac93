"""What a webhook comes to: an answer, or something to refresh."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias

from common.errors import InvalidError
from common.jsontypes import JSONObject


@dataclass(frozen=True, slots=True)
class Reply:
    """The HTTP answer; nothing else is to be done."""

    status: int
    body: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefreshWarehouses:
    """Refresh the Warehouses that subscribe to what was pushed.

    Attributes:
        repo_urls: The repository's normal forms, any of which a subscription may name; sorted,
            without doubles.
        qualifiers: The refs, tags or versions that were pushed; none means that this is unknown,
            and every subscriber is concerned. Sorted, without doubles.
        changed_files: Paths that the pushed commits touched; none means that they are unknown,
            and path filters do not count. Sorted, without doubles.
    """

    repo_urls: tuple[str, ...]
    qualifiers: tuple[str, ...] = ()
    changed_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RefreshPromotions:
    """Refresh the running Promotions that wait for a pull request."""

    pull_request_url: str


Decision: TypeAlias = Reply | RefreshWarehouses | RefreshPromotions


class RefusedError(InvalidError):
    """The delivery is refused; the answer is ``status`` with the message, if there is one."""

    code = "webhook_refused"

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status

    @property
    def reply(self) -> Reply:
        """The answer to send."""
        return Reply(self.status, {"error": self.message} if self.message else {})


NOTHING_TO_DO = Reply(HTTPStatus.OK)
PONG = Reply(HTTPStatus.OK, {"msg": "ping event received, webhook is configured correctly"})


def refresh_warehouses(
    repo_urls: list[str], *, qualifiers: list[str], changed_files: list[str] | None = None
) -> RefreshWarehouses:
    """Return the decision with every list sorted and without doubles.

    An empty URL or qualifier says nothing and is dropped.
    """
    return RefreshWarehouses(
        repo_urls=_distinct(filter(None, repo_urls)),
        qualifiers=_distinct(filter(None, qualifiers)),
        changed_files=_distinct(changed_files or []),
    )


def unsupported_event(event: str, status: int = HTTPStatus.BAD_REQUEST) -> RefusedError:
    """Return the refusal of an event that the receiver does not know."""
    return RefusedError(status, f"event type {event} is not supported")


def refreshed_reply(noun: str, *, total: int, failures: int) -> Reply:
    """Return the answer once everything has been refreshed, or failed to be.

    Args:
        noun: ``warehouse`` or ``promotion``.
        total: How many were to be refreshed; may be 0.
        failures: How many of them could not be.
    """
    if failures:
        message = f"failed to refresh {failures} of {total} {noun}s"
        return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": message})
    return Reply(HTTPStatus.OK, {"msg": f"refreshed {total} {noun}(s)"})


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
