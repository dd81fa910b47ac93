"""Lists are read as they come, cut anywhere, and nothing of them is made up."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings, strategies as st

from common.jsontypes import JSONObject
from promotions.gateways.argocd import listing
from promotions.gateways.argocd.listing import NotAListError, read_list

NAMES = ["plain", 'with "quotes"', "ünïcödé 🎉", "back\\slash", "}{][,:", "", "\n\t"]


def _pieces(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def _read(content: bytes, size: int = 7) -> tuple[list[JSONObject], JSONObject]:
    found: list[JSONObject] = []
    metadata = read_list(_pieces(content, size), found.append)
    return found, metadata


def _items(count: int) -> list[dict[str, object]]:
    return [{"n": n, "name": NAMES[n % len(NAMES)], "deep": [[{"a": 1.5}]]} for n in range(count)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_list_is_the_same_however_it_is_cut(size: int, ascii_only: bool) -> None:  # noqa: FBT001 - a parameter
    items = _items(20)
    document = {"kind": "List", "metadata": {"resourceVersion": "7"}, "items": items, "n": 12345}
    content = json.dumps(document, ensure_ascii=ascii_only).encode()

    found, metadata = _read(content, size)

    assert found == items
    assert metadata == {"resourceVersion": "7"}


def test_the_metadata_may_come_last() -> None:
    found, metadata = _read(b' { "items" : [ {"a":1} , {"a":2} ] , "metadata":{"continue":"x"} } ')

    assert found == [{"a": 1}, {"a": 2}]
    assert metadata == {"continue": "x"}


@pytest.mark.parametrize("content", [b'{"items":null,"metadata":{}}', b'{"items":[]}', b"{}"])
def test_a_list_may_be_empty(content: bytes) -> None:
    assert _read(content)[0] == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"   ",
        b"[]",
        b"null",
        b"<html></html>",
        b'{"items":[{"a":1}',
        b'{"items":[{"a":1},',
        b'{"items":[{"a":1}]',
        b'{"items":[{"a":1} {"a":2}]}',
        b'{"items":[{"a":}]}',
        b'{"items"',
        b'{"items":[tru]}',
        b'{"items":' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(NotAListError):
        _read(content)


def test_an_item_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MAX_ITEM_CHARACTERS", 1000)

    def endless() -> Iterator[bytes]:
        yield b'{"items":[{"a":"'
        while True:
            yield b"x" * 100

    with pytest.raises(NotAListError, match="too large"):
        read_list(endless(), lambda _: None)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=8), _JSON), max_size=6), st.integers(1, 50))
def test_any_list_is_read_as_json_reads_it(items: list[JSONObject], size: int) -> None:
    content = json.dumps({"items": items, "metadata": {"x": 1}}).encode()

    assert _read(content, size) == (items, {"x": 1})
