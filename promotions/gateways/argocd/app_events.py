"""Notes on an application, as a Kubernetes Event, that a sync of it was started.

Argo CD's own server and Kargo's controller write such an event, which people and tools look for.
Nothing depends on it: what goes wrong is logged.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from common.jsontypes import JSONObject, as_text
from promotions.engine.argocd.application import Application
from promotions.gateways.argocd.conversation import Conversation, Lost
from promotions.gateways.argocd.documents import quoted
from promotions.gateways.argocd.errors import FORBIDDEN, Problem
from promotions.ports.argocd_errors import ArgoCDError

logger = logging.getLogger(__name__)

SECONDS = 5.0
"""How long the event may keep what was started from being reported."""
FORBIDDEN_FOR = timedelta(hours=1)
"""How long nothing more is tried in a namespace whose events are not ours to write."""

_COMPONENT = "kargo-controller"
_LONGEST_NAME = 253
_LONGEST_MESSAGE = 1024
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AppEvents:
    """Writes events about applications. Safe to share by threads."""

    def __init__(self, server: Conversation, *, now: Callable[[], datetime]) -> None:
        self._server = server
        self._now = now
        self._left_alone_until: dict[str, datetime] = {}

    def note_started(self, app: Application, *, actor: str) -> None:
        """Write that somebody started a sync of an application, if the account may."""
        now = self._now()
        alone_until = self._left_alone_until.get(app.namespace)
        if alone_until is not None and now < alone_until:
            return
        failure = self._sent(app, operation_started(app, actor=actor, now=now))
        if failure:
            facts = {"application": app.key, "reason": failure}
            logger.info("could not write an event", extra=facts)

    def _sent(self, app: Application, event: JSONObject) -> str:
        """Send an event; return why that failed, if it did."""
        path = f"/api/v1/namespaces/{quoted(app.namespace)}/events"
        try:
            answer = self._server.send(
                "POST", path, event, doing=f"write an event about {app}", seconds=SECONDS
            )
        except ArgoCDError as error:
            return error.message
        match answer:
            case Lost():
                return answer.message
            case Problem():
                if answer.status == FORBIDDEN:
                    self._left_alone_until[app.namespace] = self._now() + FORBIDDEN_FOR
                return f"{answer.status}{answer.because}"
            case _:
                return ""


def operation_started(app: Application, *, actor: str, now: datetime) -> JSONObject:
    """Return the event that says who started a sync of an application, as it was answered.

    Source: Argo CD ``AuditLogger.LogAppEvent`` and Kargo's ``argocd-update``.
    """
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    suffix = f".{(now - _EPOCH) // _MICROSECOND * 1000:x}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": app.name[: _LONGEST_NAME - len(suffix)].rstrip(".-") + suffix,
            "namespace": app.namespace,
            "annotations": {"user": actor},
        },
        "source": {"component": _COMPONENT},
        "involvedObject": {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "namespace": app.namespace,
            "name": app.name,
            "uid": app.uid,
            "resourceVersion": app.resource_version,
        },
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
        "type": "Normal",
        "reason": "OperationStarted",
        "message": f"{actor} initiated sync{_target(app)}"[:_LONGEST_MESSAGE],
    }


def _target(app: Application) -> str:
    """Return what is synced to, in Kargo's words: a revision, or how many sources."""
    sources = app.sources
    if len(sources) > 1:
        return f" to {len(sources)} sources"
    return f" to {as_text(sources[0].get('targetRevision')) or 'HEAD'}" if sources else ""
