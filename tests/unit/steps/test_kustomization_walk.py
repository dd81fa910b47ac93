"""What a kustomization reaches, wherever it leads."""

from pathlib import Path

import pytest

from common.errors import InvalidError
from promotions.ports.rendering import RenderingError
from promotions.steps.support import kustomization_walk
from promotions.steps.support.kustomization_walk import Reached, walk_kustomizations

CHART = "helmCharts: [{name: %s}]\n"
GENERATOR = "kind: HelmChartInflationGenerator\nname: %s\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path.resolve() / "work"
    directory.mkdir()
    return directory


def walk(root: Path, files: dict[str, str], *, rendered: str = "") -> Reached:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return walk_kustomizations(str(root), str(root / "prod"), rendered=lambda _: rendered)


def charts(root: Path, reached: Reached) -> list[str]:
    return [f"{Path(where).relative_to(root)} {chart.name}" for where, chart in reached.charts]


def test_every_way_to_a_chart_is_followed(root: Path) -> None:
    reached = walk(
        root,
        {
            "prod/kustomization.yaml": "resources: [../base, web.yaml]\nbases: [../old]\n"
            "components: [../part]\ngenerators: [gen.yaml, ../gens, 'kind: X']\n" + CHART % "a",
            "prod/web.yaml": CHART % "no",
            "prod/gen.yaml": GENERATOR % "g",
            "base/Kustomization": "resources: [../deep/er]\n" + CHART % "b",
            "old/kustomization.yml": CHART % "o",
            "part/kustomization.yaml": CHART % "p",
            "deep/er/kustomization.yaml": CHART % "d",
            "gens/kustomization.yaml": CHART % "in-gens",
            "unused/kustomization.yaml": CHART % "u",
        },
        rendered=GENERATOR % "built",
    )

    assert sorted(charts(root, reached)) == [
        "base b",
        "deep/er d",
        "gens in-gens",
        "old o",
        "part p",
        "prod a",
        "prod built",
        "prod g",
    ]
    assert str(root / "unused") not in reached.directories


def test_what_goes_round_in_circles_ends(root: Path) -> None:
    (root / "link").symlink_to("prod")
    reached = walk(
        root,
        {
            "prod/kustomization.yaml": "resources: [., ../prod, ../link, ../base]\n" + CHART % "a",
            "base/kustomization.yaml": "resources: [../link, ../link/../prod]\n",
        },
    )

    assert charts(root, reached) == ["prod a"]


def test_nothing_outside_is_read(root: Path) -> None:
    outside = root.parent / "other"
    outside.mkdir()
    (outside / "kustomization.yaml").write_text(CHART % "evil")
    (outside / "gen.yaml").write_text(GENERATOR % "evil")
    (root / "link").symlink_to(outside)
    (root / "linked").mkdir()
    (root / "linked/kustomization.yaml").symlink_to(outside / "kustomization.yaml")
    ways = f"../../other, {outside}, ../link, ../linked, ../../../../.."
    generators = f"../../other/gen.yaml, {outside}/gen.yaml, ../link/gen.yaml, ../link"

    reached = walk(
        root,
        {"prod/kustomization.yaml": f"resources: [{ways}]\ngenerators: [{generators}]\n"},
        rendered=GENERATOR % "evil",
    )

    assert charts(root, reached) == []


@pytest.mark.parametrize(
    "text",
    ["", "a: [", "resources: [gone, ../gone]", "a: &a [*a]", "\0", 'resources: ["\\0", "a\\nb"]\n'],
)
def test_what_kustomize_will_refuse_is_left_to_it(root: Path, text: str) -> None:
    reached = walk(root, {"prod/kustomization.yaml": text})

    assert charts(root, reached) == []


def test_a_file_that_is_not_text_or_too_large_is_left_to_kustomize(root: Path) -> None:
    (root / "prod").mkdir()
    (root / "prod/kustomization.yaml").write_bytes(b"helmCharts: [{name: \xff}]")
    binary = walk(root, {})
    (root / "prod/kustomization.yaml").write_bytes(b"a: b\n" + b"#" * 9 * 1024 * 1024)

    assert binary.charts == walk(root, {}).charts == ()


def test_generators_that_cannot_be_built_are_left_to_kustomize(root: Path) -> None:
    asked: list[str] = []

    def refuse(path: str) -> str:
        asked.append(path)
        raise RenderingError("no")

    names = [f"g{number}" for number in range(10)]
    for name in names:
        (root / name).mkdir()
    (root / "prod").mkdir()
    (root / "prod/kustomization.yaml").write_text(f"generators: [../{', ../'.join(names)}]\n")

    reached = walk_kustomizations(str(root), str(root / "prod"), rendered=refuse)

    assert reached.charts == ()
    assert len(asked) == kustomization_walk.MOST_RENDERED


def test_too_much_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "prod/kustomization.yaml": "resources: [../a]",
        "a/kustomization.yaml": "resources: [../b]",
    }
    (root / "b").mkdir()

    monkeypatch.setattr(kustomization_walk, "MOST_CHARACTERS", 20)
    with pytest.raises(InvalidError, match="longer than 20 characters"):
        walk(root, files)
    monkeypatch.setattr(kustomization_walk, "MOST_DIRECTORIES", 1)
    with pytest.raises(InvalidError, match="more than 1 kustomizations"):
        walk(root, files)


def test_a_place_that_looks_remote_and_is_there_is_a_path(root: Path) -> None:
    reached = walk(
        root,
        {
            "prod/kustomization.yaml": "resources: [github.com/a]",
            "prod/github.com/a/kustomization.yaml": CHART % "a",
        },
    )

    assert charts(root, reached) == ["prod/github.com/a a"]
