"""What kustomizations refer to, and the charts that they want."""

import pytest

from common.errors import InvalidError
from promotions.engine.documents.kustomizations import (
    WantedChart,
    generator_charts,
    is_inline,
    is_remote,
    read_kustomization,
)


def test_all_that_may_lead_to_a_kustomization_is_named() -> None:
    found = read_kustomization(
        "resources: [a, 1, null, '']\nbases: [b]\ncomponents: [c]\ngenerators: [d]\n"
        "transformers: [e]\npatches: [{path: f}]\n"
    )

    assert found.resources == ("a", "b", "c")
    assert found.generators == ("d",)


OLDER = """\
helmChartInflationGenerator:
- {chartName: a, chartVersion: '1', chartRepoUrl: r, chartHome: x}
- {chartName: b, chartHome: y}
- {chartName: c}
"""


@pytest.mark.parametrize(
    ("text", "charts"),
    [
        ("helmCharts: [{name: a}]", [WantedChart("a", "", "", "charts")]),
        (
            "helmCharts: [{name: a, version: ^1, repo: r, devel: true}]",
            [WantedChart("a", "^1", "r", "charts", devel=True)],
        ),
        (
            "helmGlobals: {chartHome: ../h}\nhelmCharts: [{name: a}]",
            [WantedChart("a", "", "", "../h")],
        ),
        (
            OLDER,
            [
                WantedChart("a", "1", "r", "y"),
                WantedChart("b", "", "", "y"),
                WantedChart("c", "", "", "y"),
            ],
        ),
        (
            f"helmGlobals: {{configHome: x}}\n{OLDER}",
            [
                WantedChart("a", "1", "r", "charts"),
                WantedChart("b", "", "", "charts"),
                WantedChart("c", "", "", "charts"),
            ],
        ),
    ],
)
def test_charts_are_wanted_in_old_and_new_fields(text: str, charts: list[WantedChart]) -> None:
    assert read_kustomization(text).charts == tuple(charts)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "text", "resources: text", "resources: {a: b}", "helmCharts: 1", "helmGlobals: 1"],
)
def test_what_makes_no_sense_is_left_out(text: str) -> None:
    found = read_kustomization(text)

    assert (found.resources, found.generators, found.charts) == ((), (), ())


@pytest.mark.parametrize("text", ["a: [", "a: &a [*a]", "[" * 10_000, "a: 1\na: 2", "\x00"])
def test_what_is_no_yaml_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        read_kustomization(text)


def test_generators_of_charts_are_found_among_others() -> None:
    text = (
        "# first\nkind: ConfigMapGenerator\nname: no\n---\n"
        "kind: HelmChartInflationGenerator\nname: a\nrepo: r\nversion: '1'\n--- # more\n"
        "kind: HelmChartInflationGenerator\nname: b\nchartHome: h\n---\n- kind\n---\n"
    )

    assert generator_charts(text) == (
        WantedChart("a", "1", "r", "charts"),
        WantedChart("b", "", "", "h"),
    )


@pytest.mark.parametrize(
    ("entry", "inline"),
    [
        ("kind: X", True),
        ("{kind: X}", True),
        ("kind: X\nmetadata: {name: a}\n", True),
        ("gen.yaml", False),
        ("../a:b/gen.yaml", False),
        ("https://example.com/gen.yaml", False),
        ("a: [", False),
        ("", False),
    ],
)
def test_a_generator_in_place_is_told_from_a_path(entry: str, inline: bool) -> None:  # noqa: FBT001 - a table
    assert is_inline(entry) is inline


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("https://github.com/a/b//c?ref=d", True),
        ("HTTP://example.com/x.yaml", True),
        ("ssh://git@example.com/a", True),
        ("file:///a/b", True),
        ("git::https://example.com/a", True),
        ("git@github.com:a/b", True),
        ("org-1@github.com:a/b", True),
        ("github.com/a/b", True),
        ("GitHub.com:a/b", True),
        ("../github.com/a/b", False),
        ("github.company/a", False),
        ("base", False),
        ("a@b/c", False),
        ("./a:b", False),
        ("/etc", False),
    ],
)
def test_a_place_on_another_host_is_told_from_a_path(path: str, remote: bool) -> None:  # noqa: FBT001 - a table
    assert is_remote(path) is remote
