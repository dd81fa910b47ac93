import pytest

from common.jsontypes import JSONObject
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.links import link_applies

STAGE: JSONObject = {"metadata": {"name": "prod", "labels": {"tier": "prod"}}}


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ("", True),
        ("stage.metadata.name == 'prod'", True),
        ("stage.metadata.labels.tier == 'test'", False),
        ("freight == nil", True),
    ],
)
def test_a_link_applies_where_its_condition_holds(condition: str, *, applies: bool) -> None:
    assert link_applies(condition, kind="stage", manifest=STAGE, path="x") is applies


@pytest.mark.parametrize("condition", ["1 + 1", "!!!", "stage.spec.x.y", "'true'"])
def test_a_condition_that_fails_names_the_field(condition: str) -> None:
    with pytest.raises(FieldExpressionError) as caught:
        link_applies(condition, kind="stage", manifest=STAGE, path="spec.stageLinks[0].if")

    assert caught.value.path == "spec.stageLinks[0].if"
