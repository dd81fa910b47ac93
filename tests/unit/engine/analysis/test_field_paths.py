"""A path into an object leads to a scalar, or to a reason why not."""

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.analysis.field_paths import field_at

OBJECT: JSONObject = {
    "metadata": {"name": "test", "labels": {"app": "web", "a/b": "slash"}},
    "spec": {"replicas": 3, "many": 12345678, "ratio": 0.5, "paused": True, "empty": ""},
    "status": {"conditions": [{"reason": "why", "time": None}, [1, 2]]},
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("metadata.name", "test"),
        (".metadata.name", "test"),
        ("metadata..name.", "test"),
        ("metadata[name]", "test"),
        ("metadata.labels.a/b", "slash"),
        ("status.conditions[0].reason", "why"),
        ("status.conditions.0.reason", "why"),
        ("status.conditions[+0].reason", "why"),
        ("status.conditions[1][1]", "2"),
        ("spec.replicas", "3"),
        ("spec.many", "1.2345678e+07"),
        ("spec.ratio", "0.5"),
        ("spec.paused", "true"),
        ("spec.empty", ""),
    ],
)
def test_a_path_of_names_and_indexes_leads_to_a_scalar(path: str, text: str) -> None:
    assert field_at(OBJECT, path) == text


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("metadata.absent", "invalid path metadata.absent in rollout"),
        ("metadata.labels['app']", "invalid path metadata.labels['app'] in rollout"),
        ("metadata.absent.deeper", "invalid path metadata.absent.deeper in rollout"),
        ("metadata.name.deeper", "invalid path metadata.name.deeper in rollout"),
        ("status.conditions[0].time", "invalid path status.conditions[0].time in rollout"),
        ("status.conditions[first]", "invalid index 'first'"),
        ("status.conditions[2]", "index 2 out of range"),
        ("status.conditions[-1]", "index -1 out of range"),
        (
            "status.conditions[9999999999999999999]",
            "index 9223372036854775807 out of range",
        ),
        ("metadata.labels", "path metadata.labels in rollout must terminate in a primitive value"),
        (
            "status.conditions",
            "path status.conditions in rollout must terminate in a primitive value",
        ),
        ("", "path  in rollout must terminate in a primitive value"),
    ],
)
def test_any_other_path_is_told_to_be_wrong(path: str, problem: str) -> None:
    with pytest.raises(InvalidError) as caught:
        field_at(OBJECT, path)

    assert str(caught.value) == problem


@given(st.text(alphabet="abcdefmnst.[]01-'", max_size=20))
def test_any_path_leads_to_a_text_or_our_error(path: str) -> None:
    try:
        assert isinstance(field_at(OBJECT, path), str)
    except InvalidError as error:
        assert str(error)  # noqa: PT017  both outcomes are right, another exception is not
