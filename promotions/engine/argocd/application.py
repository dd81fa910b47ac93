"""What is an Argo CD Application, as far as promotions and health depend on it?

Source: Argo CD ``pkg/apis/application/v1alpha1``; key on ``reconciledAt``, not ``observedAt``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text


class OperationPhase(StrEnum):
    """How an operation stands, in Argo CD's words; others may come with newer versions."""

    FAILED = "Failed"
    ERROR = "Error"
    RUNNING = "Running"
    TERMINATING = "Terminating"
    SUCCEEDED = "Succeeded"


_COMPLETED = frozenset({OperationPhase.FAILED, OperationPhase.ERROR, OperationPhase.SUCCEEDED})


def is_completed(phase: str) -> bool:
    """Return whether a phase is final; a set ``finishedAt`` is not, between two attempts."""
    return phase in _COMPLETED


@dataclass(frozen=True, slots=True)
class RequestedOperation:
    """What was asked of Argo CD.

    Attributes:
        infos: What its initiator wrote on it, by name.
        username: Who initiated it; empty for Argo CD itself.
        has_sync: It is a synchronization.
    """

    infos: Mapping[str, str] = field(default_factory=dict)
    username: str = ""
    has_sync: bool = False


@dataclass(frozen=True, slots=True)
class OperationState:
    """What came of the last operation that Argo CD took up.

    Attributes:
        phase: An :class:`OperationPhase`, or a text that this version does not know.
        finished_at: Also set between two attempts of one that is still running.
        revisions: What was synced to, one for each source; ``None`` without a result.
    """

    phase: str
    request: RequestedOperation
    message: str = ""
    finished_at: datetime | None = None
    revisions: tuple[str, ...] | None = None

    @property
    def is_completed(self) -> bool:
        """Whether it will not move again."""
        return is_completed(self.phase)


@dataclass(frozen=True, slots=True)
class Application:
    """One Application as it was read.

    Attributes:
        pending: The operation that Argo CD has not finished, ``.operation``.
        state: The last operation, ``.status.operationState``.
        revisions: What Argo CD compares with, one for each source.
        document: All of it, for what rewrites it.
    """

    name: str
    namespace: str
    document: JSONObject
    uid: str = ""
    resource_version: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_deleting: bool = False
    sources: tuple[JSONObject, ...] = ()
    pending: RequestedOperation | None = None
    state: OperationState | None = None
    reconciled_at: datetime | None = None
    health: str = ""
    sync: str = ""
    revisions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f'Argo CD Application "{self.name}" in namespace "{self.namespace}"'

    @property
    def key(self) -> str:
        """Its ``<namespace>/<name>``."""
        return f"{self.namespace}/{self.name}"

    @property
    def problems(self) -> tuple[str, ...]:
        """What Argo CD says keeps it from comparing the Application at all."""
        status = as_object(self.document.get("status"))
        conditions = map(as_object, as_list(status.get("conditions")))
        return tuple(
            as_text(it.get("message")) for it in conditions if it.get("type") in _ERROR_CONDITIONS
        )


_ERROR_CONDITIONS = ("ComparisonError", "InvalidSpecError")


def application_of(document: JSONObject) -> Application:
    """Return what a document of Argo CD says; what is missing or of another type is empty."""
    metadata = as_object(document.get("metadata"))
    status = as_object(document.get("status"))
    sync = as_object(status.get("sync"))
    return Application(
        name=as_text(metadata.get("name")),
        namespace=as_text(metadata.get("namespace")),
        document=document,
        uid=as_text(metadata.get("uid")),
        resource_version=as_text(metadata.get("resourceVersion")),
        labels=_texts(metadata.get("labels")),
        annotations=_texts(metadata.get("annotations")),
        is_deleting=bool(metadata.get("deletionTimestamp")),
        sources=sources_of(as_object(document.get("spec"))),
        pending=_requested(document.get("operation")),
        state=_state(status.get("operationState")),
        reconciled_at=_time(status.get("reconciledAt")),
        health=as_text(as_object(status.get("health")).get("status")),
        sync=as_text(sync.get("status")),
        revisions=_revisions(sync),
    )


def sources_of(spec: JSONObject) -> tuple[JSONObject, ...]:
    """Return ``sources``, or else ``source`` alone; nothing if there is neither."""
    if sources := as_list(spec.get("sources")):
        return tuple(map(as_object, sources))
    source = spec.get("source")
    return (as_object(source),) if isinstance(source, Mapping) else ()


def _requested(value: JSONValue) -> RequestedOperation | None:
    if not isinstance(value, Mapping):
        return None
    infos = map(as_object, as_list(value.get("info")))
    return RequestedOperation(
        infos={as_text(it.get("name")): as_text(it.get("value")) for it in infos},
        username=as_text(as_object(value.get("initiatedBy")).get("username")),
        has_sync=isinstance(value.get("sync"), Mapping),
    )


def _state(value: JSONValue) -> OperationState | None:
    if not isinstance(value, Mapping):
        return None
    result = value.get("syncResult")
    return OperationState(
        phase=as_text(value.get("phase")),
        request=_requested(value.get("operation")) or RequestedOperation(),
        message=as_text(value.get("message")),
        finished_at=_time(value.get("finishedAt")),
        revisions=_revisions(result) if isinstance(result, Mapping) else None,
    )


def _revisions(of: JSONObject) -> tuple[str, ...]:
    if several := as_list(of.get("revisions")):
        return tuple(map(as_text, several))
    return (as_text(of.get("revision")),)


def _texts(value: JSONValue) -> Mapping[str, str]:
    return {key: as_text(text) for key, text in as_object(value).items()}


def _time(value: JSONValue) -> datetime | None:
    try:
        found = datetime.fromisoformat(as_text(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
