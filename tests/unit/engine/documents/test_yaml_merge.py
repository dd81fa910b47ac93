"""Merging YAML documents."""

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.yaml_merge import MAX_CHARACTERS, merge_yaml
from promotions.engine.documents.yaml_values import load_document

BASE = """\
---
# head
image:
    repository: "r" # where
    tag: 'v1' # which
# about ports
ports:
  - 80 # http
# about gone
gone: 1
# about kept
kept: 0o17
# tail
"""
OVERLAY = """\
image:
    tag: v2
    pull: Always # new
gone: null
extra: {a: 1}
"""
MERGED = """\
---
# head
image:
    repository: "r" # where
    tag: v2   # which
    pull: Always # new
# about ports
ports:
  - 80 # http
# about gone
# about kept
kept: 0o17
extra: {a: 1}
# tail
"""


def test_comments_order_and_quoting_survive() -> None:
    assert merge_yaml([BASE, OVERLAY]) == MERGED


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["a: 1\n", "b: 2\n"], {"a": 1, "b": 2}),
        (["a: {x: 1, y: 2}\n", "a: {y: 3}\n"], {"a": {"x": 1, "y": 3}}),
        (["a: [1, 2]\n", "a: [3]\n"], {"a": [3]}),
        (["a: 1\nb: 2\n", "a: ~\nc: null\n"], {"b": 2}),
        (["a: null\nb: 1\n", "b: 2\n"], {"a": None, "b": 2}),
        (["b: 1\n", "a: {x: null, y: {z: null}}\n"], {"b": 1, "a": {"y": {}}}),
        (["a: 1\n", "a: {x: 1}\n"], {"a": {"x": 1}}),
        (["a: {x: 1}\n", "a: [1]\n"], {"a": [1]}),
        (["a: &x {p: 1}\nb: *x\n", "a: {q: 2}\n"], {"a": {"p": 1, "q": 2}, "b": {"p": 1}}),
        (["a: &x 1\nb: *x\n", "c: &x 2\nd: *x\n"], {"a": 1, "b": 1, "c": 2, "d": 2}),
        (["a: &x 1\nb: &x 2\nc: *x\n", "a: 3\n"], {"a": 3, "b": 2, "c": 2}),
        (["a: |+\n  x\n\nb: 1\n", "b: 2\n"], {"a": "x\n\n", "b": 2}),
        (["", "# only\n", "null\n", "a: 1\n---\nb: 2\n"], {"a": 1}),
        (["\ufeffa: 1\n", "\ufeffb: 2\r\n"], {"a": 1, "b": 2}),
        (["- 1\n", "- 2\n"], [2]),
    ],
)
def test_values_are_laid_over_each_other(texts: list[str], value: JSONValue) -> None:
    assert load_document(merge_yaml(texts)) == value


@pytest.mark.parametrize("texts", [[], [""], ["", "# only\n", "~\n"]])
def test_nothing_to_merge_gives_an_empty_text(texts: list[str]) -> None:
    assert merge_yaml(texts) == ""


@pytest.mark.parametrize(
    "texts",
    [
        *([":"], ["a: 1\na: 2\n"], ["a: [\n"], ["a: &x [*x]\n"], ["a: 1\n", "a: *x\n"]),
        ["a: # c\n  >-\n   x\n\nb: 1\n", "b: 1\n"],
        *(["[" * 100_000], ["- " * 100_000], ["a" * (MAX_CHARACTERS + 1)], ["a: \0"]),
    ],
)
def test_what_cannot_be_merged_is_an_error(texts: list[str]) -> None:
    with pytest.raises(InvalidError):
        merge_yaml(texts)


def test_the_heading_of_a_key_stays_when_those_before_it_go() -> None:
    base = "a: 1\n# about b\nb:\n  - 1 # one\n# about c\nc: 1\n"

    assert merge_yaml([base, "a: null\nb: null\n"]) == "# about b\n# about c\nc: 1\n"


@pytest.mark.parametrize("header", ["> # c", "| # c", "|+ # c"])
def test_a_comment_that_cannot_be_written_is_left_out(header: str) -> None:
    base = f"# head\na:\n- - {header}\n    x\n  - > # d\n    y\n- z # e\n# tail\nb:\n  c: 1\n"

    merged = merge_yaml([base, "b: {d: 2}\n"])

    assert load_document(merged) == {"a": [["x\n", "y\n"], "z"], "b": {"c": 1, "d": 2}}


LEAVES = st.sampled_from(["1", "x", "'q'", "null", "[1, 2]", "{p: 1}", "|\n    block"])
TREES = st.dictionaries(
    st.sampled_from("abcd"),
    LEAVES | st.dictionaries(st.sampled_from("ef"), LEAVES, min_size=1),
    min_size=1,
)


@settings(deadline=None, max_examples=60)
@given(TREES, TREES)
def test_a_merge_is_what_merging_the_values_gives(
    base: dict[str, str | dict[str, str]], overlay: dict[str, str | dict[str, str]]
) -> None:
    texts = [_written(base), _written(overlay)]

    merged = load_document(merge_yaml(texts))

    assert merged == _laid_over(*map(load_document, texts))


def _written(tree: dict[str, str | dict[str, str]]) -> str:
    text = ""
    for key, value in tree.items():
        if isinstance(value, str):
            text += f"{key}: {value}\n# after {key}\n"
        else:
            text += f"{key}: # c\n" + "".join(f"  {k}: {v}\n" for k, v in value.items())
    return text


def _laid_over(base: JSONValue, overlay: JSONValue) -> JSONValue:
    if not isinstance(overlay, dict):
        return overlay
    merged = dict(base) if isinstance(base, dict) else {}
    for key, value in overlay.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _laid_over(merged.get(key), value)
    return merged
