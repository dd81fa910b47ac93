"""Has something changed about an Application that a Stage or a promotion could care for?

Argo CD touches an Application every few minutes though nothing is new.
Source: Kargo's Application event predicates of Stages and promotions.
"""

import hashlib

from promotions.engine.argocd.application import Application
from promotions.engine.argocd.authorization import ANNOTATION
from promotions.engine.argocd.trust import is_trusted


def digest(application: Application) -> bytes:
    """Return what is different whenever there is news of an Application, and else the same.

    16 bytes: a listener keeps one of each of ten thousand Applications.
    """
    state = application.state
    facts = (
        application.uid,
        application.is_deleting,
        application.health,
        application.sync,
        application.revisions,
        application.problems,
        application.pending is not None,
        (state.phase, state.message, state.finished_at, state.revisions) if state else None,
        is_trusted(application),
        tuple(sorted(application.labels.items())),
        application.annotations.get(ANNOTATION),
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).digest()
