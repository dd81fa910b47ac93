"""Collects a long list of applications within bounds."""

from collections.abc import Iterable, Iterator, Sequence

from common.http import Limits
from common.jsontypes import JSONObject
from promotions.engine.argocd.application import Application
from promotions.gateways.argocd.documents import hint, selected
from promotions.gateways.argocd.errors import nonsense
from promotions.gateways.argocd.listing import NotAListError, read_list
from promotions.ports.argocd import Selection
from promotions.ports.argocd_errors import ArgoCDRefusedError

MAX_APPLICATIONS = 20_000
LIST_LIMITS = Limits(timeout_seconds=120.0, max_bytes=1 << 29, max_redirects=0, idle_seconds=20.0)

_OK = 200


def collected(
    pieces: Iterator[bytes], selection: Selection, *, name: str, doing: str, room: int
) -> tuple[Sequence[Application], JSONObject]:
    """Return the selected applications of a list, trimmed, and the list's metadata.

    Args:
        pieces: The list as it arrives.
        selection: Which to keep; what the server sent beyond them is dropped.
        name: The control plane, for people.
        doing: What the list is for.
        room: How many there may be.

    Raises:
        ArgoCDRefusedError: There are more (``argocd_too_many``).
        ArgoCDUnavailableError: It is no list, or is cut off.
    """
    found: list[Application] = []

    def take(document: JSONObject) -> None:
        app = hint(document)
        if not selected(app, selection):
            return
        if len(found) >= room:
            raise ArgoCDRefusedError(
                f"{name} has more than {MAX_APPLICATIONS} Applications that are selected; narrow"
                " the selection to fewer projects, a namespace or labels.",
                code="argocd_too_many",
            )
        found.append(app)

    try:
        metadata = read_list(pieces, take)
    except NotAListError as error:
        raise nonsense(name=name, doing=doing, status=_OK) from error
    return found, metadata


def in_order(apps: Iterable[Application]) -> tuple[Application, ...]:
    """Return applications by namespace and name."""
    return tuple(sorted(apps, key=lambda app: (app.namespace, app.name)))
