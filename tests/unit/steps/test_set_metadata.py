from pathlib import Path

import pytest

from common.errors import InvalidError, UpstreamError
from common.jsontypes import JSONValue
from promotions.engine.runner import StepError
from promotions.engine.schema import ConfigSchema
from promotions.ports.metadata import MetadataKind
from promotions.steps.set_metadata import SCHEMA, SetMetadata
from tests.fakes.step_stores import UNREACHABLE, FakeMetadata
from tests.unit.steps.contexts import context

STAGE = (MetadataKind.STAGE, "test")
FREIGHT = (MetadataKind.FREIGHT, "f1")


def update(kind: str, name: str, **values: JSONValue) -> JSONValue:
    return {"kind": kind, "name": name, "values": values}


def test_every_json_value_is_stored_as_it_is_and_other_keys_stay(tmp_path: Path) -> None:
    store = FakeMetadata({STAGE: {"old": 1}, FREIGHT: {}})
    values: dict[str, JSONValue] = {
        "text": "1.10",
        "number": 1,
        "float": 0.5,
        "no": False,
        "nothing": None,
        "list": [None],
        "object": {"a": None},
    }

    SetMetadata(store).run(
        context(
            tmp_path, {"updates": [update("Stage", "test", **values), update("Freight", "f1", a=2)]}
        )
    )

    assert store.objects == {STAGE: {"old": 1, **values}, FREIGHT: {"a": 2}}


def test_a_missing_object_is_an_error_and_what_was_written_before_stays(tmp_path: Path) -> None:
    store = FakeMetadata({STAGE: {}})
    config = {"updates": [update("Stage", "test", a=1), update("Freight", "gone", a=1)]}

    with pytest.raises(StepError, match='error getting Freight: "gone" not found') as caught:
        SetMetadata(store).run(context(tmp_path, config))

    assert not caught.value.terminal
    assert store.objects[STAGE] == {"a": 1}


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (InvalidError("key must not be empty"), 'error updating metadata for Stage "test" in '),
        (UNREACHABLE, 'error patching status of Stage "test" in namespace "shop": no answer'),
        (UpstreamError("x", retryable=False), 'error patching status of Stage "test"'),
    ],
)
def test_what_the_store_cannot_do_is_an_ordinary_error(
    tmp_path: Path, failure: Exception, message: str
) -> None:
    store = FakeMetadata({STAGE: {}}, failure=failure)

    with pytest.raises(StepError, match=message) as caught:
        SetMetadata(store).run(context(tmp_path, {"updates": [update("Stage", "test", a=1)]}))

    assert not caught.value.terminal
    assert not caught.value.failed


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"updates": []},
        {"updates": [{"kind": "Warehouse", "name": "x", "values": {"a": 1}}]},
        {"updates": [{"kind": "Stage", "name": "", "values": {"a": 1}}]},
        {"updates": [{"kind": "Stage", "name": "x", "values": {}}]},
        {"updates": [{"kind": "Stage", "name": "x", "values": [1]}]},
        {"updates": [{"kind": "Stage", "name": "x", "values": {"a": 1}, "more": 1}]},
    ],
)
def test_a_bad_configuration_is_refused(config: dict[str, JSONValue]) -> None:
    assert ConfigSchema("set-metadata", SCHEMA).problems(config)


def test_a_preview_names_the_objects(tmp_path: Path) -> None:
    config = {"updates": [update("Stage", "test", a=1), update("Stage", "test", b=1)]}

    assert SetMetadata(FakeMetadata()).would(context(tmp_path, config)) == (
        "set metadata of Stage test"
    )
