"""Which layer a node of a pipeline belongs to, and in which order a layer is read.

Long edges get a slot in every layer they pass, so that they, too, are kept from crossing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

_SWEEPS = 8
_TRANSPOSES = 4

Slot: TypeAlias = str | int
"""A node's name, or the number of a place where an edge passes a layer."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One edge as the slots it visits, its two nodes included."""

    source: str
    target: str
    slots: tuple[Slot, ...]


@dataclass(slots=True)
class Layering:
    """The graph with every edge cut into pieces one layer long."""

    nodes: tuple[str, ...]
    layers: list[list[Slot]]
    layer_of: dict[Slot, int]
    chains: list[Chain] = field(default_factory=list)
    before: dict[Slot, list[Slot]] = field(default_factory=dict)
    after: dict[Slot, list[Slot]] = field(default_factory=dict)


def layer_nodes(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layering:
    """Put each node one layer after its last predecessor, and cut long edges into pieces."""
    names = tuple(dict.fromkeys(nodes))
    known = set(names)
    kept = dict.fromkeys(
        (source, target)
        for source, target in edges
        if source in known and target in known and source != target
    )
    forward = _without_cycles(names, list(kept))
    layer_of = _longest_paths(names, forward)
    layers: list[list[Slot]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for name in names:
        layers[layer_of[name]].append(name)
    layering = Layering(nodes=names, layers=layers, layer_of=dict(layer_of))
    for source, target in forward:
        layering.chains.append(_cut(source, target, layering=layering))
    _link(layering)
    return layering


def order_layers(layering: Layering) -> None:
    """Reorder every layer so that few edges cross: medians first, then swaps of neighbours.

    The best order seen is kept, so more work never makes the picture worse.
    """
    best = [list(layer) for layer in layering.layers]
    fewest = crossings(layering)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        _sweep(layering, forward=sweep % 2 == 0)
        _transpose(layering)
        found = crossings(layering)
        if found < fewest:
            best, fewest = [list(layer) for layer in layering.layers], found
    layering.layers[:] = best


def crossings(layering: Layering) -> int:
    """Return how many pairs of edge pieces cross."""
    total = 0
    for upper, lower in pairwise(layering.layers):
        places = {slot: index for index, slot in enumerate(lower)}
        ends = [
            place
            for slot in upper
            for place in sorted(places[after] for after in layering.after[slot])
        ]
        total += _inversions(ends)
    return total


def _inversions(values: Sequence[int]) -> int:
    """Count pairs out of order, by merge sort."""
    if len(values) < 2:  # noqa: PLR2004 - one value is in order
        return 0
    middle = len(values) // 2
    left, right = sorted(values[:middle]), sorted(values[middle:])
    count = _inversions(values[:middle]) + _inversions(values[middle:])
    index = 0
    for value in left:
        while index < len(right) and right[index] < value:
            index += 1
        count += index
    return count


def _without_cycles(
    names: Sequence[str], edges: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Drop the edges that close a cycle, found depth first from the first node on."""
    targets: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        targets[source].append(target)
    open_: set[str] = set()
    closed: set[str] = set()
    closing: set[tuple[str, str]] = set()
    for root in names:
        stack = [] if root in closed else [(root, iter(targets[root]))]
        open_.update(name for name, _ in stack)
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                open_.discard(name)
                closed.add(name)
            elif following in open_:
                closing.add((name, following))
            elif following not in closed:
                open_.add(following)
                stack.append((following, iter(targets[following])))
    return [edge for edge in edges if edge not in closing]


def _longest_paths(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[Slot, int]:
    targets: dict[str, list[str]] = {name: [] for name in names}
    waiting = dict.fromkeys(names, 0)
    for source, target in edges:
        targets[source].append(target)
        waiting[target] += 1
    layer_of: dict[Slot, int] = dict.fromkeys(names, 0)
    ready = [name for name in names if not waiting[name]]
    for name in ready:
        for target in targets[name]:
            layer_of[target] = max(layer_of[target], layer_of[name] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return layer_of


def _cut(source: str, target: str, *, layering: Layering) -> Chain:
    slots: list[Slot] = [source]
    for layer in range(layering.layer_of[source] + 1, layering.layer_of[target]):
        bend = len(layering.layer_of)
        layering.layer_of[bend] = layer
        layering.layers[layer].append(bend)
        slots.append(bend)
    return Chain(source=source, target=target, slots=(*slots, target))


def _link(layering: Layering) -> None:
    for slot in layering.layer_of:
        layering.before[slot], layering.after[slot] = [], []
    for chain in layering.chains:
        for left, right in pairwise(chain.slots):
            layering.after[left].append(right)
            layering.before[right].append(left)


def _sweep(layering: Layering, *, forward: bool) -> None:
    layers = layering.layers if forward else layering.layers[::-1]
    neighbours = layering.before if forward else layering.after
    for fixed, layer in pairwise(layers):
        places = {slot: index for index, slot in enumerate(fixed)}
        current = {slot: index for index, slot in enumerate(layer)}
        wishes = {
            slot: _median([places[other] for other in neighbours[slot]], current[slot])
            for slot in layer
        }
        layer.sort(key=wishes.__getitem__)


def _median(places: list[int], otherwise: int) -> float:
    if not places:
        return otherwise
    places.sort()
    middle = len(places) // 2
    if len(places) % 2:
        return places[middle]
    return (places[middle - 1] + places[middle]) / 2


def _transpose(layering: Layering) -> None:
    """Swap neighbours in a layer while that removes crossings."""
    for _ in range(_TRANSPOSES):
        places = {slot: i for layer in layering.layers for i, slot in enumerate(layer)}
        improved = [_transpose_layer(layer, layering, places) for layer in layering.layers]
        if not any(improved):
            return


def _transpose_layer(layer: list[Slot], layering: Layering, places: dict[Slot, int]) -> bool:
    improved = False
    for index in range(len(layer) - 1):
        upper, lower = layer[index], layer[index + 1]
        gain = sum(
            _crossed(side[upper], side[lower], places) - _crossed(side[lower], side[upper], places)
            for side in (layering.before, layering.after)
        )
        if gain > 0:
            layer[index], layer[index + 1] = lower, upper
            places[upper], places[lower] = index + 1, index
            improved = True
    return improved


def _crossed(upper: Sequence[Slot], lower: Sequence[Slot], places: Mapping[Slot, int]) -> int:
    return sum(places[one] > places[other] for one in upper for other in lower)
