"""How healthy does an Application make a Stage?

Source: Kargo's ``argocd-update`` health checker and the order of its checks.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.desired_revisions import differing, is_any_desired
from promotions.engine.argocd.trust import doubt, is_trusted
from promotions.engine.health import Health, HealthState, merge

LONGEST_TEXT = 8 * 1024
"""How many characters of Argo CD's words are kept."""

_STATES = {
    "Healthy": HealthState.HEALTHY,
    "Progressing": HealthState.PROGRESSING,
    "": HealthState.PROGRESSING,
    "Suspended": HealthState.PROGRESSING,
}
_KEPT = ("health", "sync", "operationState", "summary", "sourceType", "controllerNamespace")
_VOLATILE = frozenset({"reconciledAt", "lastTransitionTime", "observedAt", "resourceHealthSource"})


@dataclass(frozen=True, slots=True)
class CheckedApplication:
    """One Application that a health check is about; ``desired`` as it was when it was promoted."""

    name: str
    namespace: str
    desired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one Application says of a Stage's health.

    Attributes:
        is_stale: Argo CD is to look again at once, and thoroughly.
        status: The parts of its status that are kept; without times that change all the time.
    """

    state: HealthState
    issues: tuple[str, ...] = ()
    is_stale: bool = False
    status: JSONObject | None = None


def checked_applications(
    config: JSONObject, *, default_namespace: str
) -> tuple[CheckedApplication, ...]:
    """Return the Applications that the configuration of a health check names."""
    entries = map(as_object, as_list(config.get("apps")))
    return tuple(
        CheckedApplication(
            name=as_text(entry.get("name")),
            namespace=as_text(entry.get("namespace")) or default_namespace,
            desired=tuple(map(as_text, as_list(entry.get("desiredRevisions")))),
        )
        for entry in entries
    )


def unreadable(wanted: CheckedApplication, *, reason: str) -> Finding:
    """Return what an Application says that could not be read."""
    issue = (
        f'error finding Argo CD Application "{wanted.name}" in namespace'
        f' "{wanted.namespace}": {reason}'
    )
    return Finding(HealthState.UNKNOWN, (issue[:LONGEST_TEXT],))


def assess(application: Application, *, desired: tuple[str, ...]) -> Finding:
    """Return what an Application says of the health of the Stage that promoted to it.

    Args:
        application: As it was just read.
        desired: The revision that is wanted of each source; empty texts are any.
    """
    status = persisted_status(application)
    if not is_trusted(application):
        return Finding(HealthState.UNKNOWN, (doubt(application),), is_stale=True, status=status)
    if application.problems:
        issues = tuple(f"{application} has an error: {it}" for it in application.problems)
        return Finding(HealthState.UNHEALTHY, _cut(issues), status=status)
    state, issues = _synchronized(application, desired)
    if state is HealthState.HEALTHY:
        state, issues = _healthy(application)
    return Finding(state, _cut(issues), status=status)


def summed(findings: Iterable[Finding]) -> Health:
    """Return the health that all Applications of a check add up to."""
    state = HealthState.HEALTHY
    issues: list[str] = []
    statuses: list[JSONValue] = []
    for finding in findings:
        state = merge(state, finding.state)
        issues.extend(finding.issues)
        if finding.status is not None:
            statuses.append(finding.status)
    return Health(state, tuple(issues), {"applicationStatuses": statuses})


def persisted_status(application: Application) -> JSONObject:
    """Return what is kept of an Application's status; a mere refresh changes nothing of it."""
    status = as_object(application.document.get("status"))
    kept = {key: _steady(status[key]) for key in _KEPT if key in status}
    if "conditions" in status:
        kept["conditions"] = _steady(status["conditions"])
    if isinstance(kept.get("operationState"), dict):
        kept["operationState"] = _brief(as_object(kept["operationState"]))
    return {"Namespace": application.namespace, "Name": application.name, **kept}


def _synchronized(
    application: Application, desired: tuple[str, ...]
) -> tuple[HealthState, tuple[str, ...]]:
    """Return whether the sources are where they are wanted; healthy if so."""
    if not is_any_desired(desired):
        return HealthState.HEALTHY, ()
    state = application.state
    is_pending = application.pending is not None and application.pending.has_sync
    if is_pending or state is None or state.finished_at is None or not state.is_completed:
        return HealthState.UNKNOWN, (f"{application} is being synced",)
    if len(application.sources) != len(desired):
        issue = f"{application} has {len(application.sources)} sources, not {len(desired)}"
        return HealthState.UNKNOWN, (issue,)
    observed = application.revisions
    if len(observed) != len(desired):
        issue = f"{application} shows {len(observed)} revisions of {len(desired)} sources"
        return HealthState.UNKNOWN, (issue,)
    issues = tuple(
        f"source {index + 1} ({as_text(application.sources[index].get('repoURL'))}) of"
        f' {application} is at revision "{observed[index]}", not at "{desired[index]}"'
        for index in differing(desired, observed)
    )
    return (HealthState.UNHEALTHY if issues else HealthState.HEALTHY), issues


def _healthy(application: Application) -> tuple[HealthState, tuple[str, ...]]:
    state = _STATES.get(application.health, HealthState.UNHEALTHY)
    match state:
        case HealthState.HEALTHY:
            return state, ()
        case HealthState.PROGRESSING:
            said = "is suspended" if application.health == "Suspended" else "is progressing"
        case _:
            said = f'has health state "{application.health}"'
    return state, (f"{application} {said}",)


def _steady(value: JSONValue) -> JSONValue:
    """Return a value without the times that change though nothing has; long texts are cut."""
    if isinstance(value, dict):
        return {key: _steady(it) for key, it in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [_steady(it) for it in value]
    return value[:LONGEST_TEXT] if isinstance(value, str) else value


def _brief(state: JSONObject) -> JSONObject:
    """Return an operation's state without the list of every resource that it touched."""
    result = as_object(state.get("syncResult"))
    brief = {key: it for key, it in result.items() if key in {"revision", "revisions"}}
    return {**state, **({"syncResult": brief} if result else {})}


def _cut(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(text[:LONGEST_TEXT] for text in texts)
