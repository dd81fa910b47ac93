"""Can the health of an Application be believed, so soon after an operation?

Argo CD compares and assesses in loops of their own: right after an operation has ended, what is
shown is from before it. Only Argo CD's own times are compared, and they are whole seconds.
"""

from promotions.engine.argocd.application import Application


def is_trusted(application: Application) -> bool:
    """Return whether the Application was looked at when or after its last operation ended."""
    state = application.state
    if state is None or state.finished_at is None:
        return True
    reconciled_at = application.reconciled_at
    return reconciled_at is not None and reconciled_at >= state.finished_at


def doubt(application: Application) -> str:
    """Return the words for an Application that cannot be believed yet."""
    return (
        f"{application} was not reconciled after its most recent operation completed; its health"
        " is not known until it is"
    )
