"""Which Applications does a step mean, and what does Argo CD say about them now?"""

from datetime import timedelta

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.authorization import is_authorized, require_authorized
from promotions.engine.argocd.selectors import selector_of
from promotions.engine.runner import StepContext, StepError, StepResult, StepStatus
from promotions.ports.argocd import (
    AppRef,
    ArgoCD,
    ArgoCDError,
    ArgoCDNotFoundError,
    ArgoCDUnauthorizedError,
    ControlPlanes,
    Selection,
)

POLL_INTERVAL = timedelta(seconds=10)
"""How soon to look again if Argo CD does not tell of a change before."""
LONGEST_INTERVAL = timedelta(minutes=5)
"""How long to leave one alone, at most, that cannot be asked."""


def connected(planes: ControlPlanes, context: StepContext, *, doing: str) -> ArgoCD:
    """Return the Argo CD of the promotion's shard.

    Args:
        planes: Where to find it.
        context: The step's.
        doing: What cannot be done without one: ``update`` or ``check``.

    Raises:
        StepError: There is none, or the project may not use it.
    """
    found = planes.for_shard(
        tenant_uid=context.tenant_uid, shard=context.shard, project_uid=context.project_uid
    )
    if found is None:
        raise StepError(
            f"Argo CD integration is disabled on this controller; cannot {doing} Argo CD"
            " Application resources"
        )
    return found


def selected(argocd: ArgoCD, entry: JSONObject) -> tuple[Application, ...]:
    """Return the Applications that an entry of a step's ``apps`` means; at least one.

    One that is named is read live; those that are selected come from a list, and may be a little
    behind: see :func:`current`.

    Raises:
        StepError: There is none, or the selector makes no sense.
        ArgoCDError: Argo CD did not say.
    """
    namespace = as_text(entry.get("namespace")) or argocd.default_namespace
    if name := as_text(entry.get("name")):
        return (_named(argocd, AppRef(namespace, name)),)
    try:
        selector = selector_of(as_object(entry.get("selector")))
    except InvalidError as error:
        raise StepError(error.message, terminal=True) from error
    found = argocd.list(Selection(selector, namespace)).items
    matching = tuple(it for it in found if selector.matches(it.labels))
    if not matching:
        raise StepError(
            f'no Argo CD Applications found matching selector in namespace "{namespace}"'
        )
    return matching


def permitted(
    applications: tuple[Application, ...], entry: JSONObject, context: StepContext
) -> tuple[Application, ...]:
    """Return those that let the Stage change them; at least one.

    Raises:
        StepError: None does.
        ForbiddenError: The one that is named does not.
    """
    place = {"project": context.project, "stage": context.stage}
    if entry.get("name"):
        require_authorized(applications[0], **place)
        return applications
    found = tuple(it for it in applications if is_authorized(it, **place))
    if not found:
        raise StepError(
            f"found {len(applications)} Application(s) matching selector in namespace"
            f' "{applications[0].namespace}", but none are authorized for Stage'
            f" {context.project}:{context.stage}"
        )
    return found


def current(argocd: ArgoCD, application: Application) -> Application:
    """Return an Application as it is now, read live and whole.

    Raises:
        StepError: It is gone.
        ArgoCDError: Argo CD did not say.
    """
    return _named(argocd, AppRef(application.namespace, application.name))


def listed(applications: list[Application]) -> JSONObject:
    """Return the Applications as steps put them out."""
    return {"apps": [{"name": it.name, "namespace": it.namespace} for it in applications]}


def later(
    error: ArgoCDError, planes: ControlPlanes, context: StepContext, *, output: JSONObject | None
) -> StepResult:
    """Return that Argo CD is to be asked again, if that may help.

    A refused token is somebody's to replace: until then the step waits as long as it may.

    Args:
        error: What came of asking.
        planes: Where it was found; they are told if it refused us.
        context: The step's. The longer it has run, the less often it asks.
        output: What the step puts out meanwhile.

    Raises:
        StepError: Asking again does not help.
    """
    is_refused = isinstance(error, ArgoCDUnauthorizedError)
    if not (error.retryable or is_refused):
        raise StepError(error.message, output=output) from error
    if is_refused:
        planes.tell_refused(
            tenant_uid=context.tenant_uid, shard=context.shard, project_uid=context.project_uid
        )
    return StepResult(
        StepStatus.RUNNING,
        f"waiting for Argo CD: {error.message}",
        output,
        retry_after=max(error.retry_after or POLL_INTERVAL, _patience(context)),
    )


def _patience(context: StepContext) -> timedelta:
    """Return a tenth of the time that a step has run, so that little of it is lost by waiting."""
    ran = context.now - (context.started_at or context.now)
    return min(max(ran / 10, POLL_INTERVAL), LONGEST_INTERVAL)


def ask_to_refresh(argocd: ArgoCD, application: Application) -> None:
    """Ask Argo CD to look at an Application again; if it cannot be asked now, it will be later."""
    try:
        argocd.refresh(AppRef(application.namespace, application.name), hard=True)
    except ArgoCDError:
        return


def _named(argocd: ArgoCD, ref: AppRef) -> Application:
    try:
        return argocd.get(ref)
    except ArgoCDNotFoundError as error:
        raise StepError(f"unable to find Argo CD Application {ref}") from error
