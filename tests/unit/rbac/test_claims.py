"""Claims: what annotations say, and what is claimed of somebody."""

import json

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from rbac.claims import (
    CLAIMS,
    LEGACY_CLAIM,
    MAX_VALUES,
    Claims,
    annotation_of,
    claims_in,
    sorted_claims,
    without_claims,
)


@pytest.mark.parametrize(
    ("annotations", "claims"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({CLAIMS: ""}, {}, id="empty"),
        pytest.param({CLAIMS: "{}"}, {}, id="no claim"),
        pytest.param({CLAIMS: '{"groups":["b","a","b"]}'}, {"groups": ("a", "b")}, id="new"),
        pytest.param({CLAIMS: '{"sub":"me"}'}, {"sub": ("me",)}, id="a scalar"),
        pytest.param({CLAIMS: '{"sub":[]}'}, {}, id="no value"),
        pytest.param({f"{LEGACY_CLAIM}groups": "b, a,,b"}, {"groups": ("a", "b")}, id="old"),
        pytest.param({f"{LEGACY_CLAIM}groups": ""}, {}, id="old and empty"),
        pytest.param({LEGACY_CLAIM: "a"}, {}, id="old without a name"),
        pytest.param(
            {CLAIMS: '{"groups":["c"],"sub":["x"]}', f"{LEGACY_CLAIM}groups": "a,c"},
            {"groups": ("a", "c"), "sub": ("x",)},
            id="both",
        ),
        pytest.param({"other": "kept"}, {}, id="others do not count"),
    ],
)
def test_annotations_say_which_claims_lead_to_a_role(
    annotations: dict[str, str], claims: dict[str, tuple[str, ...]]
) -> None:
    assert claims_in(annotations) == claims


@pytest.mark.parametrize(
    "text",
    ["[]", "nonsense", '"x"', "5", "null", '{"a":[1]}', '{"a":{}}', '{"a":null}', "[" * 9999],
)
def test_annotations_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(InvalidError, match="must"):
        claims_in({CLAIMS: text})


def test_there_are_only_so_many_values() -> None:
    with pytest.raises(InvalidError, match="no more than"):
        sorted_claims({"groups": map(str, range(MAX_VALUES + 1))})


def test_claims_are_written_in_the_newer_form_alone() -> None:
    annotations = {CLAIMS: '{"a":["x"]}', f"{LEGACY_CLAIM}b": "y", "kept": "z"}

    claims = claims_in(annotations)
    written = {**without_claims(annotations), **annotation_of(claims)}

    assert written == {"kept": "z", CLAIMS: '{"a":["x"],"b":["y"]}'}
    assert annotation_of({}) == {}


def test_what_is_claimed_is_texts_and_lists_of_texts() -> None:
    claims = Claims({"email": "a@b", "groups": ["x", 1, "y"], "age": 5, "address": {"c": "d"}})

    assert claims.pairs() == {("email", "a@b"), ("groups", "x"), ("groups", "y")}


names = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=8)


@given(st.dictionaries(names, st.lists(names, min_size=1, max_size=4), max_size=4))
def test_claims_that_are_written_are_read_again(claims: dict[str, list[str]]) -> None:
    tidy = sorted_claims(claims)

    annotations = annotation_of(tidy)

    assert claims_in(annotations) == tidy
    assert all(isinstance(json.loads(it), dict) for it in annotations.values())
