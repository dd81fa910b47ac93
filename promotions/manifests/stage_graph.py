"""Finds circles of Stages that wait for each other's Freight for ever."""

from collections.abc import Iterable, Mapping


def circle_through(stage: str, upstream: str, graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the circle that ``stage`` closes by taking Freight from ``upstream``.

    Args:
        stage: The Stage that takes.
        upstream: The Stage it takes from.
        graph: Every Stage, and those it takes from.

    Returns:
        The Stages of the circle in the order that Freight would take, such as
        ``["a", "b", "a"]``; empty if there is none.
    """
    came_from: dict[str, str] = {upstream: stage}
    waiting = [upstream]
    while waiting:
        current = waiting.pop()
        if current == stage:
            return _path(stage, upstream, came_from)
        for source in graph.get(current, ()):
            if source not in came_from:
                came_from[source] = current
                waiting.append(source)
    return []


def _path(stage: str, upstream: str, came_from: Mapping[str, str]) -> list[str]:
    if stage == upstream:
        return [stage, stage]
    path = [stage]
    while (current := came_from[path[-1]]) != stage:
        path.append(current)
    return [*path, stage]
