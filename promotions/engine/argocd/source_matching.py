"""Is an update about a source?"""

from common.jsontypes import JSONObject, as_text
from promotions.engine.argocd.updates import SourceUpdate
from promotions.engine.urls import normalise_git_url


def is_matched(source: JSONObject, update: SourceUpdate) -> bool:
    """Return whether an update edits a source.

    Charts match by repository and name as they are written; Git repositories in whatever form
    their address is.
    """
    repository, chart = as_text(source.get("repoURL")), as_text(source.get("chart"))
    if chart or update.chart:
        return (repository, chart) == (update.repository, update.chart)
    return normalise_git_url(repository) == normalise_git_url(update.repository)
