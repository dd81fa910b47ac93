"""Where the nodes and edges of a pipeline are drawn: left to right, in layers, few crossings.

The same graph always gets the same picture; nothing depends on what its nodes currently hold.

Source: Sugiyama, Tagawa and Toda (1981), with the transpose step of Gansner et al. (1993).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from promotions.engine.layout_order import Chain, Layering, Slot, layer_nodes, order_layers

_GRID = 4
_RELAXATIONS = 24


@dataclass(frozen=True, slots=True)
class Geometry:
    """Sizes in pixels: of a node, and of the gaps between layers and between rows."""

    node_width: int = 220
    node_height: int = 96
    layer_gap: int = 72
    row_gap: int = 20
    margin: int = 16


@dataclass(frozen=True, slots=True)
class Point:
    """A place in pixels, from the top left."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Route:
    """One edge: from the right side of ``source`` to the left side of ``target``.

    ``points`` has at least two; those between are where it passes the layers on its way.
    """

    source: str
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture: its size in pixels, the top left corner of each node, and the edges."""

    width: int
    height: int
    corners: Mapping[str, Point]
    routes: tuple[Route, ...]


def lay_out(
    nodes: Sequence[str], edges: Iterable[tuple[str, str]], *, geometry: Geometry | None = None
) -> Layout:
    """Return the picture of a graph; ``nodes`` in the order that breaks ties, top first.

    Edges with an unknown end, and doubled ones, are left out. A cycle, which validation refuses
    but a picture must survive, is cut at the edge that closes it.
    """
    sizes = geometry or Geometry()
    layering = layer_nodes(nodes, edges)
    order_layers(layering)
    rows = _place_rows(layering)
    corners = {
        name: _corner(layering.layer_of[name], rows[name], sizes=sizes) for name in layering.nodes
    }
    return Layout(
        width=2 * sizes.margin + _span(len(layering.layers), sizes.node_width, sizes.layer_gap),
        height=max((corner.y for corner in corners.values()), default=-sizes.node_height)
        + sizes.node_height
        + sizes.margin,
        corners=corners,
        routes=tuple(
            _route(chain, layering=layering, rows=rows, sizes=sizes) for chain in layering.chains
        ),
    )


def _place_rows(layering: Layering) -> dict[Slot, float]:
    """Give each slot a row, at least one apart in its layer and near its neighbours."""
    rows: dict[Slot, float] = {}
    for layer in layering.layers:
        rows.update({slot: float(index) for index, slot in enumerate(layer)})
    for turn in range(_RELAXATIONS):
        for layer in layering.layers if turn % 2 == 0 else reversed(layering.layers):
            _relax(layer, layering=layering, rows=rows)
    top = min(rows.values(), default=0.0)
    return {slot: row - top for slot, row in rows.items()}


def _relax(layer: Sequence[Slot], *, layering: Layering, rows: dict[Slot, float]) -> None:
    """Move a layer towards the mean of its neighbours, keeping its order and spacing.

    Slots that want to overlap form a block, which sits where its members want it on average.
    """
    blocks: list[tuple[float, int]] = []
    for slot in layer:
        wish, size = _wish(slot, layering=layering, rows=rows), 1
        while blocks and blocks[-1][0] + blocks[-1][1] > wish:
            before, count = blocks.pop()
            wish = (before * count + (wish - count) * size) / (count + size)
            size += count
        blocks.append((wish, size))
    places = [start + offset for start, size in blocks for offset in range(size)]
    rows.update(zip(layer, places, strict=True))


def _wish(slot: Slot, *, layering: Layering, rows: Mapping[Slot, float]) -> float:
    around = [*layering.before[slot], *layering.after[slot]]
    if not around:
        return rows[slot]
    return sum(rows[neighbour] for neighbour in around) / len(around)


def _span(count: int, size: int, gap: int) -> int:
    return count * size + max(0, count - 1) * gap


def _corner(layer: int, row: float, *, sizes: Geometry) -> Point:
    pitch = sizes.node_height + sizes.row_gap
    return Point(
        x=sizes.margin + layer * (sizes.node_width + sizes.layer_gap),
        y=sizes.margin + round(row * pitch / _GRID) * _GRID,
    )


def _route(
    chain: Chain, *, layering: Layering, rows: Mapping[Slot, float], sizes: Geometry
) -> Route:
    source, *bends, target = chain.slots
    middle = sizes.node_height // 2
    start = _corner(layering.layer_of[source], rows[source], sizes=sizes)
    points = [Point(start.x + sizes.node_width, start.y + middle)]
    for bend in bends:
        corner = _corner(layering.layer_of[bend], rows[bend], sizes=sizes)
        points.append(Point(corner.x, corner.y + middle))
        points.append(Point(corner.x + sizes.node_width, corner.y + middle))
    end = _corner(layering.layer_of[target], rows[target], sizes=sizes)
    points.append(Point(end.x, end.y + middle))
    return Route(source=chain.source, target=chain.target, points=tuple(points))
