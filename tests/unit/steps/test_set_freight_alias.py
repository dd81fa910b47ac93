from pathlib import Path

import pytest

from common.errors import InvalidError
from promotions.engine.runner import StepError
from promotions.engine.schema import ConfigSchema
from promotions.steps.set_freight_alias import SCHEMA, SetFreightAlias
from tests.fakes.step_stores import UNREACHABLE, FakeMetadata
from tests.unit.steps.contexts import context

CONFIG = {"name": "f1", "alias": "new"}


def test_the_message_shows_the_old_alias_and_the_new_one(tmp_path: Path) -> None:
    store = FakeMetadata(aliases={"f1": "old"})

    first = SetFreightAlias(store).run(context(tmp_path, CONFIG))
    again = SetFreightAlias(store).run(context(tmp_path, CONFIG))

    assert store.aliases == {"f1": "new"}
    assert first.message == 'updated alias of Freight "f1" from "old" to "new"'
    assert again.message == 'updated alias of Freight "f1" from "new" to "new"'


@pytest.mark.parametrize(
    ("store", "message"),
    [
        (FakeMetadata(), 'freight "f1" not found in project "shop"'),
        (
            FakeMetadata(aliases={"f1": "old", "f2": "new"}),
            'failed to patch alias for Freight "f1" in project "shop": alias "new" already exists',
        ),
        (
            FakeMetadata(failure=InvalidError("too long")),
            'failed to patch alias for Freight "f1" in project "shop": too long',
        ),
    ],
    ids=["missing", "taken", "no alias"],
)
def test_what_no_retry_helps_fails_for_good(
    tmp_path: Path, store: FakeMetadata, message: str
) -> None:
    with pytest.raises(StepError) as caught:
        SetFreightAlias(store).run(context(tmp_path, CONFIG))

    assert caught.value.message == message
    assert caught.value.failed
    assert caught.value.terminal


def test_a_store_that_does_not_answer_may_be_asked_again(tmp_path: Path) -> None:
    step = SetFreightAlias(FakeMetadata(failure=UNREACHABLE))

    with pytest.raises(StepError, match="no answer") as caught:
        step.run(context(tmp_path, CONFIG))

    assert not caught.value.terminal
    assert step.would(context(tmp_path, CONFIG)) == "give Freight f1 the alias new"


@pytest.mark.parametrize(
    "config", [{}, {"name": "x"}, {"name": "", "alias": "a"}, {"name": "x", "alias": ""}, {"a": 1}]
)
def test_a_bad_configuration_is_refused(config: dict[str, str]) -> None:
    assert ConfigSchema("set-freight-alias", SCHEMA).problems(config)
