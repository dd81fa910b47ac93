"""To which revisions is an Application to be synced, source by source?"""

from collections.abc import Iterable

from common.jsontypes import JSONObject, as_text
from promotions.engine.argocd.source_matching import is_matched
from promotions.engine.argocd.updates import SourceUpdate


def desired_revisions(
    sources: Iterable[JSONObject], updates: tuple[SourceUpdate, ...]
) -> tuple[str, ...]:
    """Return the revision that is wanted of each source; empty is whatever it is.

    A source is looked up by its address as it is written, while the same update may edit it under
    another spelling (:func:`unchecked_sources` tells of such).
    """
    return tuple(_desired(source, updates) for source in sources)


def unchecked_sources(
    sources: Iterable[JSONObject], updates: tuple[SourceUpdate, ...]
) -> tuple[tuple[str, str], ...]:
    """Return (in the Application, in the step) the spellings that keep a revision from counting."""
    return tuple(
        (as_text(source.get("repoURL")), update.repository)
        for source in sources
        for update in updates
        if update.desired_revision
        and is_matched(source, update)
        and not _is_same(source, update)
        and not _desired(source, updates)
    )


def is_any_desired(desired: Iterable[str]) -> bool:
    """Return whether any source is to be at a revision in particular."""
    return any(desired)


def differing(desired: tuple[str, ...], observed: tuple[str, ...]) -> tuple[int, ...]:
    """Return the indexes of the sources that are not at the revision that is wanted of them."""
    pairs = enumerate(zip(desired, observed, strict=False))
    return tuple(index for index, (want, have) in pairs if want and want != have)


def _desired(source: JSONObject, updates: tuple[SourceUpdate, ...]) -> str:
    same = (update.desired_revision for update in updates if _is_same(source, update))
    return next(same, "")


def _is_same(source: JSONObject, update: SourceUpdate) -> bool:
    spelled = as_text(source.get("repoURL")), as_text(source.get("chart"))
    return spelled == (update.repository, update.chart)
