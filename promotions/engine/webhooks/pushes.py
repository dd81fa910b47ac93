"""Which files did a push touch, as far as its payload says?"""

from collections.abc import Iterable

from promotions.engine.webhooks.payloads import Fields


def changed_paths(commits: Iterable[Fields]) -> list[str]:
    """Return the paths that the commits added, modified or removed, in any order.

    Raises:
        RefusedError: A commit's lists are not lists of strings.
    """
    return [path for commit in commits for path in _paths(commit)]


def _paths(commit: Fields) -> list[str]:
    return [*commit.texts("added"), *commit.texts("modified"), *commit.texts("removed")]
