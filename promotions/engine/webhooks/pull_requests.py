"""For which pull requests does a running Promotion wait?

Source: Kargo ``pkg/indexer`` RunningPromotionsByPullRequestURL.
"""

from collections.abc import Sequence

from common.jsontypes import JSONObject, as_object, as_text

_WAITING_STEP = "git-wait-for-pr"


def awaited_pull_requests(
    steps: Sequence[JSONObject], *, current_step: int, state: JSONObject
) -> frozenset[str]:
    """Return the addresses of the pull requests that a running Promotion waits or has waited for.

    They are compared as they are, so an event must carry the very address the step has recorded.

    Args:
        steps: The Promotion's steps, as in its manifest.
        current_step: The index of the step that runs; later ones have nothing to wait for yet.
        state: The outputs of steps by alias.
    """
    aliases = [
        as_text(step.get("as"))
        for step in steps[: current_step + 1]
        if step.get("uses") == _WAITING_STEP
    ]
    urls = [
        as_text(as_object(as_object(state.get(alias)).get("pr")).get("url"))
        for alias in aliases
        if alias
    ]
    return frozenset(filter(None, urls))
