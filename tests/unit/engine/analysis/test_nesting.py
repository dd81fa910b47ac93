"""Templates may include templates; each counts once."""

import pytest

from common.errors import InvalidError, NotFoundError
from promotions.engine.analysis.nesting import MOST_TEMPLATES, unique_names, with_nested
from promotions.engine.analysis.templates import TemplateReference, TemplateSpec
from tests.unit.engine.analysis.examples import metric


def ref(name: str) -> TemplateReference:
    return TemplateReference(name, cluster_scope=name.startswith("c"))


def found(start: list[str], includes: dict[str, list[str]]) -> list[str]:
    def find(reference: TemplateReference) -> TemplateSpec:
        if reference.name not in includes:
            raise NotFoundError(f"analysis template {reference.name} is not there")
        inner = tuple(map(ref, includes[reference.name]))
        return TemplateSpec((metric(reference.name),), templates=inner)

    specs = with_nested([ref(name) for name in start], find=find)
    return [it.metrics[0].name for it in specs]


@pytest.mark.parametrize(
    ("start", "includes", "names"),
    [
        ([], {}, []),
        (["a", "b"], {"a": [], "b": []}, ["a", "b"]),
        (["a", "b", "a"], {"a": [], "b": []}, ["a", "b"]),
        (["a"], {"a": ["b", "d"], "b": ["e"], "d": [], "e": []}, ["a", "b", "e", "d"]),
        (["c1", "a"], {"c1": ["b"], "a": ["c2"], "b": [], "c2": []}, ["b", "a", "c1", "c2"]),
        (["a"], {"a": ["b"], "b": ["a", "b"]}, ["a", "b"]),
    ],
    ids=range(6),
)
def test_included_templates_follow_the_one_that_includes_them(
    start: list[str], includes: dict[str, list[str]], names: list[str]
) -> None:
    assert found(start, includes) == names


def test_a_template_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFoundError, match="analysis template b is not there"):
        found(["a"], {"a": ["b"]})


def test_a_chain_without_end_is_cut() -> None:
    chain = {str(index): [str(index + 1)] for index in range(MOST_TEMPLATES + 1)}

    with pytest.raises(InvalidError, match="more than 1000"):
        found(["0"], chain)


def test_names_stay_where_they_are_first() -> None:
    assert unique_names(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]
