"""How ``--wait`` waits: it follows one object, and takes what it is sent literally."""

from typing import Any

from tests.compat.cli.session import CliError, Session

REFRESH = "kargo.akuity.io/refresh"
TERMINAL = frozenset({"Succeeded", "Failed", "Errored", "Aborted"})


def wait_for_refresh(session: Session, path: str) -> list[dict[str, Any]]:
    """Follow what was asked to be refreshed, at a path below ``/v1beta1``, until it was.

    Returns:
        What was seen on the way.

    Raises:
        CliError: The server refused, or sent what the command line gives up on.
    """
    seen = []
    with session.watch(path) as events:
        for _, it in events:
            if not it:
                raise _error("unexpected response")
            seen.append(it)
            token = (it["metadata"].get("annotations") or {}).get(REFRESH)
            if token is None:
                raise _error(f'{it["metadata"]["name"]} has no "{REFRESH}" annotation')
            if it.get("status", {}).get("lastHandledRefresh", "") == token:
                return seen
    raise _error("unexpected end of watch stream")


def wait_for_promotion(session: Session, promotion: dict[str, Any]) -> str:
    """Follow a promotion, as it was answered when it was made, to its end; return its phase.

    Raises:
        CliError: The server refused, or ended the stream before.
    """
    phase = str(promotion.get("status", {}).get("phase", ""))
    if phase in TERMINAL:
        return phase
    metadata = promotion["metadata"]
    path = f"projects/{metadata['namespace']}/promotions/{metadata['name']}"
    with session.watch(path) as events:
        for _, it in events:
            phase = str(it.get("status", {}).get("phase", ""))
            if phase in TERMINAL:
                return phase
    raise _error("unexpected end of watch stream")


def _error(text: str) -> CliError:
    return CliError(text, status=200, body=b"")
