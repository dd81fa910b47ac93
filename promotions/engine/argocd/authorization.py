"""May a Stage change an Application?

Only if the Application names it in an annotation; our own worker asks, whatever the credential
that reaches Argo CD may do.
"""

from common.errors import ForbiddenError, InvalidError
from promotions.engine.argocd.application import Application
from promotions.engine.authorized_stages import AuthorizedStage, parse_authorized_stages

ANNOTATION = "kargo.akuity.io/authorized-stage"


def require_authorized(application: Application, *, project: str, stage: str) -> None:
    """Let a Stage pass that the Application names.

    Raises:
        ForbiddenError: It does not name it, or its annotation cannot be used.
    """
    if reason := _refusal(application, AuthorizedStage(project, stage)):
        raise ForbiddenError(f"{application} is not authorized: {reason}")


def is_authorized(application: Application, *, project: str, stage: str) -> bool:
    """Return whether the Application names the Stage."""
    return not _refusal(application, AuthorizedStage(project, stage))


def _refusal(application: Application, wanted: AuthorizedStage) -> str:
    """Return what is wrong; empty if nothing is."""
    asked = f"{wanted.project}:{wanted.stage}"
    annotation = application.annotations.get(ANNOTATION)
    if annotation is None:
        return f'it has no annotation {ANNOTATION}; add it with the value "{asked}"'
    try:
        authorized = parse_authorized_stages(annotation)
    except InvalidError as error:
        return f"its annotation {ANNOTATION} cannot be used: {error.message}"
    if wanted in authorized:
        return ""
    return f'its annotation {ANNOTATION} does not name Stage "{asked}"'
