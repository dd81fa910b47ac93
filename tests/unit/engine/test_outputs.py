import pytest

from common.jsontypes import JSONObject
from promotions.engine.outputs import plain_output, stored


def test_an_output_is_copied_to_plain_containers() -> None:
    output = {"a": (1, 2.5, None, True), "b": {"c": "x"}}

    copy = plain_output(output)

    assert copy == {"a": [1, 2.5, None, True], "b": {"c": "x"}}
    assert plain_output(None) is None


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ([], "not an object"),
        ({"a": object()}, r"output\.a is a object"),
        ({"a": [b"x"]}, r"output\.a\.0 is a bytes"),
        ({1: "x"}, "not a string"),
        ({"a": float("nan")}, r"output\.a is nan"),
    ],
)
def test_what_json_cannot_carry_is_refused(output: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        plain_output(output)


def test_an_output_is_found_under_its_alias() -> None:
    assert stored({"a": {}}, alias="b", output={"x": 1}, propagates=False) == {
        "a": {},
        "b": {"x": 1},
    }


def test_no_output_keeps_the_earlier_one() -> None:
    state: JSONObject = {"a": {"x": 1}}

    assert stored(state, alias="a", output=None, propagates=True) == {"a": {"x": 1}}
    assert stored(state, alias="b", output=None, propagates=True)["b"] == {}


def test_a_propagating_step_also_writes_to_its_task() -> None:
    state: JSONObject = {"t": {"old": 1, "x": 0}}

    result = stored(state, alias="t::a", output={"x": 1}, propagates=True)

    assert result == {"t": {"old": 1, "x": 1}, "t::a": {"x": 1}}
    assert stored({}, alias="t::a", output={"x": 1}, propagates=False) == {"t::a": {"x": 1}}
    assert stored({}, alias="a", output={"x": 1}, propagates=True) == {"a": {"x": 1}}


def test_an_output_holds_unicode_only() -> None:
    assert plain_output({"a\ud800": ["\udcc3x"]}) == {"a\ufffd": ["\ufffdx"]}
