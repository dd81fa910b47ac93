"""The pipeline as a picture: cards at places, and the curves between them."""

from collections.abc import Mapping
from dataclasses import dataclass

from promotions.engine.layout import Geometry, Point, Route, lay_out
from promotions.portal.cards import StageCard, WarehouseCard
from promotions.selectors.pipeline import Pipeline, stage_node, warehouse_node

GEOMETRY = Geometry()


@dataclass(frozen=True, slots=True)
class Curve:
    """One edge as an SVG path, with the ids of the cards it joins."""

    source: str
    target: str
    path: str


@dataclass(frozen=True, slots=True)
class Place:
    """A card's top left corner; one of the two cards is there."""

    x: int
    y: int
    stage: StageCard | None = None
    warehouse: WarehouseCard | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything the graph's template draws, in pixels."""

    width: int
    height: int
    places: tuple[Place, ...]
    curves: tuple[Curve, ...]
    geometry: Geometry = GEOMETRY


def draw(
    pipeline: Pipeline, *, stages: Mapping[str, StageCard], warehouses: Mapping[str, WarehouseCard]
) -> Graph:
    """Lay out a pipeline and put its cards, by name, in their places."""
    layout = lay_out(pipeline.nodes, pipeline.edges, geometry=GEOMETRY)
    places = [
        *(
            Place(*_at(layout.corners[warehouse_node(name)]), warehouse=card)
            for name, card in warehouses.items()
        ),
        *(
            Place(*_at(layout.corners[stage_node(name)]), stage=card)
            for name, card in stages.items()
        ),
    ]
    return Graph(
        width=layout.width,
        height=layout.height,
        places=tuple(sorted(places, key=lambda place: (place.x, place.y))),
        curves=tuple(_curve(route) for route in layout.routes),
    )


def _at(corner: Point) -> tuple[int, int]:
    return corner.x, corner.y


def _curve(route: Route) -> Curve:
    start, *rest = route.points
    parts = [f"M{start.x} {start.y}"]
    previous = start
    for index, point in enumerate(rest):
        parts.append(_bend(previous, point) if index % 2 == 0 else f"H{point.x}")
        previous = point
    return Curve(
        source=route.source.replace("/", "-"),
        target=route.target.replace("/", "-"),
        path="".join(parts),
    )


def _bend(start: Point, end: Point) -> str:
    if start.y == end.y:
        return f"H{end.x}"
    middle = (start.x + end.x) // 2
    return f"C{middle} {start.y} {middle} {end.y} {end.x} {end.y}"
