"""The picture of a pipeline."""

import random
from itertools import combinations, pairwise

import pytest

from promotions.engine.layout import Geometry, Layout, lay_out
from promotions.engine.layout_order import crossings, layer_nodes, order_layers


def _some_pipeline(stages: int, seed: int) -> tuple[list[str], list[tuple[str, str]]]:
    chooser = random.Random(seed)  # noqa: S311 - a repeatable shape, not a secret
    nodes = ["warehouse", *(f"stage-{index}" for index in range(stages))]
    edges = [
        (nodes[chooser.randrange(max(0, index - 8), index)], nodes[index])
        for index in range(1, len(nodes))
        for _ in range(chooser.choice([1, 1, 2]))
    ]
    return nodes, edges


def _overlap(layout: Layout, one: str, other: str, sizes: Geometry) -> bool:
    a, b = layout.corners[one], layout.corners[other]
    return abs(a.x - b.x) < sizes.node_width and abs(a.y - b.y) < sizes.node_height


def test_a_chain_is_drawn_on_one_line_from_left_to_right() -> None:
    layout = lay_out(
        ["w", "test", "uat", "prod"], [("w", "test"), ("test", "uat"), ("uat", "prod")]
    )

    corners = [layout.corners[name] for name in ("w", "test", "uat", "prod")]
    assert len({corner.y for corner in corners}) == 1
    assert all(left.x < right.x for left, right in pairwise(corners))


def test_an_empty_graph_has_a_picture_without_nodes() -> None:
    layout = lay_out([], [])

    assert layout.corners == {}
    assert layout.routes == ()
    assert layout.height >= 0


def test_a_stage_between_two_downstreams_sits_between_them() -> None:
    layout = lay_out(["w", "test", "eu", "us"], [("w", "test"), ("test", "eu"), ("test", "us")])

    eu, us, test = (layout.corners[name].y for name in ("eu", "us", "test"))
    assert abs(test - (eu + us) / 2) <= 2


def test_the_same_graph_gets_the_same_picture() -> None:
    nodes, edges = _some_pipeline(40, seed=1)

    assert lay_out(nodes, edges) == lay_out(nodes, list(edges))


@pytest.mark.parametrize("seed", range(6))
def test_no_two_nodes_overlap_and_every_edge_points_right(seed: int) -> None:
    nodes, edges = _some_pipeline(50, seed)
    sizes = Geometry()

    layout = lay_out(nodes, edges, geometry=sizes)

    assert not any(_overlap(layout, a, b, sizes) for a, b in combinations(nodes, 2))
    for route in layout.routes:
        xs = [point.x for point in route.points]
        assert xs == sorted(xs)


@pytest.mark.parametrize("seed", range(6))
def test_ordering_never_adds_crossings(seed: int) -> None:
    nodes, edges = _some_pipeline(50, seed)
    layering = layer_nodes(nodes, edges)
    before = crossings(layering)

    order_layers(layering)

    assert crossings(layering) <= before


def test_two_chains_given_crosswise_are_untangled() -> None:
    layering = layer_nodes(["a", "b", "x", "y"], [("a", "y"), ("b", "x")])
    assert crossings(layering) == 1

    order_layers(layering)

    assert crossings(layering) == 0


def test_an_edge_over_several_layers_passes_no_node() -> None:
    layout = lay_out(
        ["w", "test", "uat", "prod"],
        [("w", "test"), ("test", "uat"), ("uat", "prod"), ("w", "prod")],
    )
    sizes = Geometry()

    route = next(route for route in layout.routes if route.source == "w" and route.target == "prod")

    for name in ("test", "uat"):
        corner = layout.corners[name]
        assert not any(
            corner.x <= point.x <= corner.x + sizes.node_width
            and corner.y <= point.y <= corner.y + sizes.node_height
            for point in route.points
        )


def test_a_cycle_is_cut_where_it_closes() -> None:
    layout = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a")])

    assert [(route.source, route.target) for route in layout.routes] == [("a", "b"), ("b", "c")]


def test_edges_to_what_does_not_exist_are_left_out() -> None:
    layout = lay_out(["a", "b"], [("a", "b"), ("ghost", "b"), ("b", "b"), ("a", "b")])

    assert [(route.source, route.target) for route in layout.routes] == [("a", "b")]
