from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from promotions.engine.jsonpath.errors import JSONPathError
from promotions.engine.jsonpath.evaluator import MOST_VALUES
from promotions.engine.jsonpath.parser import LONGEST, parse
from promotions.engine.jsonpath.printing import execute

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)
PIECES = st.sampled_from(
    [
        *("{", "}", "{.a}", "{range .a[*]}", "{end}", "{..b}", "{$}", "{[0]}", "{[-1:]}", "{.*}"),
        *("[?(@.a==1.0)]", "[?(@.b)]", ".a", "..", "[", "]", "(", ")", "'", '"', "\\", ",", ":"),
        *("@", "$", "*", "1", "-", "true", "é", " ", "\n", "==", "<", "'a'", "[0,1]", "[::2]"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join), DOCUMENTS)
def test_any_template_on_any_document_gives_text_or_our_error(path: str, document: Any) -> None:
    with suppress(JSONPathError):
        assert isinstance(execute(path, document), str)


@given(st.text(max_size=30))
def test_any_text_parses_or_gives_our_error(text: str) -> None:
    with suppress(JSONPathError):
        parse(text)


@given(st.text(alphabet=st.characters(exclude_characters="{}"), max_size=30), DOCUMENTS)
def test_text_without_braces_stands_for_itself(text: str, document: Any) -> None:
    assert execute(text, document) == text


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_-]{0,8}", fullmatch=True), st.integers(0, 9)))
def test_every_key_of_a_map_can_be_reached_by_its_name(document: dict[str, int]) -> None:
    for key, value in document.items():
        assert execute(f"{{.{key}}}", document) == str(value)
        assert execute(f"{{['{key}']}}", document) == str(value)


@given(st.lists(st.integers(0, 99), min_size=1), st.data())
def test_an_index_counts_from_either_end(items: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(-len(items), len(items) - 1))

    assert execute(f"{{[{index}]}}", items) == str(items[index])


def test_a_template_may_not_be_endless() -> None:
    with pytest.raises(JSONPathError, match="longer than 4096"):
        parse("{.a}" * LONGEST)


def test_filters_inside_quotes_inside_filters_do_not_exhaust_the_stack() -> None:
    path = "{" + "[?('=" * 600 + ")]" * 600 + "}"

    with pytest.raises(JSONPathError):
        parse(path)


@pytest.mark.parametrize(
    "path",
    ["{range [*]}" * 20, "{..}", "{.." + "[*].." * 9 + "}", "{" + "[0,0]" * 20 + "}"],
)
def test_what_multiplies_with_every_step_is_bounded(path: str) -> None:
    document: Any = []
    for _ in range(25):
        document = [document, document]

    with pytest.raises(JSONPathError, match=f"more than {MOST_VALUES}"):
        execute(path, document)


def test_ranges_may_not_be_nested_without_limit() -> None:
    with pytest.raises(JSONPathError, match="too many ranges"):
        execute("{range @}" * 300, {})


def test_a_deep_document_is_descended_without_exhausting_the_stack() -> None:
    document: Any = {"leaf": "here"}
    for _ in range(5_000):
        document = [document]

    assert execute("{..leaf}", document) == "here"


def test_printing_a_deep_document_is_an_error() -> None:
    document: Any = []
    for _ in range(500):
        document = [document]

    with pytest.raises(JSONPathError, match="nested too deeply"):
        execute("{$}", document)
