"""Whatever is sent, there is a decision; never another exception."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from common.jsontypes import JSONValue
from promotions.engine.webhooks.decisions import (
    Decision,
    RefreshPromotions,
    RefreshWarehouses,
    Reply,
)
from promotions.engine.webhooks.receivers import RECEIVERS, decide
from tests.unit.engine.webhooks.samples import SAMPLES, Sample, delivery

json_values: st.SearchStrategy[JSONValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def check(decision: Decision) -> None:
    match decision:
        case Reply(status, body):
            assert status in {200, 400, 401, 413, 500, 501}
            json.dumps(body).encode()
        case RefreshPromotions(url):
            url.encode()
        case RefreshWarehouses(urls, qualifiers, files):
            for texts in (urls, qualifiers, files):
                assert list(texts) == sorted(set(texts))
                "".join(texts).encode()
            assert "" not in (*urls, *qualifiers)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every place in a payload."""
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def put(payload: object, path: tuple[str | int, ...], value: object) -> object:
    """Return the payload with another value at one place."""
    if not path:
        return value
    changed = json.loads(json.dumps(payload))
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def send(sample: Sample, body: bytes) -> Decision:
    return decide(sample.kind, delivery(sample.kind, body, sample.headers))


samples = st.sampled_from(sorted(SAMPLES)).map(SAMPLES.__getitem__)


@settings(max_examples=400)
@given(data=st.data(), sample=samples)
def test_any_value_at_any_place_gives_a_decision(data: st.DataObject, sample: Sample) -> None:
    path = data.draw(st.sampled_from(list(places(sample.payload))))
    value = data.draw(json_values)

    check(send(sample, json.dumps(put(sample.payload, path, value)).encode()))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("value", [None, True, 1, -1.5, "", "x", [], [None], {}, {"a": 1}])
def test_every_place_takes_every_type(name: str, value: JSONValue) -> None:
    sample = SAMPLES[name]

    for path in places(sample.payload):
        check(send(sample, json.dumps(put(sample.payload, path, value)).encode()))


@given(sample=samples, body=st.binary())
def test_any_bytes_give_a_decision(sample: Sample, body: bytes) -> None:
    check(send(sample, body))


@given(sample=samples, data=st.data())
def test_a_body_cut_short_or_spoilt_gives_a_decision(sample: Sample, data: st.DataObject) -> None:
    body = json.dumps(sample.payload).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)))

    check(send(sample, body[:start] + data.draw(st.binary(max_size=4)) + body[end:]))


@given(
    kind=st.sampled_from(sorted(RECEIVERS)),
    headers=st.dictionaries(st.text(), st.text(st.characters())),
    body=st.binary(),
)
def test_any_headers_give_a_decision(kind: str, headers: dict[str, str], body: bytes) -> None:
    check(decide(kind, delivery(kind, body, headers)))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_delivery_always_comes_to_the_same(name: str) -> None:
    sample = SAMPLES[name]
    body = json.dumps(sample.payload).encode()

    assert send(sample, body) == send(sample, body)
