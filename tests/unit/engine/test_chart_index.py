"""Indexes of chart repositories: their versions and addresses, and what is no index."""

import io
import json

import pytest
import yaml

from common.errors import InvalidError
from promotions.engine import chart_index
from promotions.engine.chart_index import chart_urls, charts_in

INDEX = b"""\
apiVersion: v1
entries:
  web:
  - apiVersion: v2
    dependencies:
    - {name: common, version: 9.9.9}
    description: |
      version: 8.8.8
    name: web
    version: 1.2.0
  - {name: web, version: "1.10.0", annotations: {version: 7.7.7}}
  - name: web
    version: 1.0
  'quoted-name':
    - version: 3.0.0
  empty: []
  none:
generated: "2026-01-01T00:00:00Z"
"""
WITH_URLS = b"""\
apiVersion: v1
entries:
  other:
  - version: 9.9.9
    urls: [other-9.9.9.tgz]
  dep:
  - apiVersion: v2
    version: 1.1.0
    urls:
    - dep-1.1.0.tgz
    - https://mirror.example.com/dep-1.1.0.tgz
  - version: 1.0.0
    urls: ["https://cdn.example.com/dep-1.0.0.tgz"]
  - version: 0.9.0
    urls: []
  last:
  - version: 1.0.0
generated: "2026-01-01T00:00:00Z"
"""
REPOSITORY = "https://charts.example.com/stable/"


def parsed(text: bytes) -> dict[str, tuple[str, ...]]:
    charts = charts_in(io.BytesIO(text))
    return {name: tuple(it.version for it in listed) for name, listed in charts.items()}


def test_an_index_lists_versions_as_they_are_written() -> None:
    assert parsed(INDEX) == {
        "web": ("1.2.0", "1.10.0", "1.0"),
        "quoted-name": ("3.0.0",),
        "empty": (),
        "none": (),
    }


@pytest.mark.parametrize(
    "text",
    [b"", b"apiVersion: v1", b"entries: {}", b"entries:", b"entries: null\n", b"{}"],
)
def test_an_index_may_be_empty(text: bytes) -> None:
    assert parsed(text) == {}


def test_an_index_may_be_json_or_have_windows_line_ends_and_a_byte_order_mark() -> None:
    document = {"entries": {"web": [{"version": "1.0.0"}]}}

    assert parsed(json.dumps(document).encode()) == {"web": ("1.0.0",)}
    assert parsed(b"\xef\xbb\xbf" + INDEX.replace(b"\n", b"\r\n"))["web"][0] == "1.2.0"


@pytest.mark.parametrize(
    "text",
    [
        b"entries: [",
        b"entries: {web: [}",
        b"a: b: c",
        b"<!doctype html><html><body>Log in</body></html>",
        b"- a\n- b",
        b"just text",
        b"entries: []",
        b"entries: text",
        b"entries: {web: text}",
        b"entries: {web: {version: 1.0.0}}",
        b"\x00\x01\x02",
        b"\xff\xfe\xff",
        b"entries: {web: [{version: 1.0.0}]}\nrest: [",
        b"entries: {a: [{x: " + b"[" * 100_000,
        b"[" * 1_000_000,
        b"x: " + b"- " * 100_000,
        b"*unknown",
    ],
)
def test_what_is_no_index_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidError):
        parsed(text)


def test_aliases_are_not_followed() -> None:
    bomb = b"a: &a [x,x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(20)
    )

    assert parsed(bomb + b"entries: {web: [{version: *t}, {version: 1.0.0}, *b]}\n") == {
        "web": ("1.0.0",)
    }


def test_an_index_with_too_many_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chart_index, "MAX_EVENTS", 50)

    with pytest.raises(InvalidError, match="more than 50 entries"):
        parsed(INDEX)


def test_a_text_that_is_too_long_is_no_version() -> None:
    assert parsed(b"entries: {web: [{version: %s}]}" % (b"1" * 300)) == {"web": ()}


def test_an_index_lists_addresses_relative_to_itself() -> None:
    assert chart_urls(WITH_URLS, name="dep", repository=REPOSITORY) == {
        "1.1.0": "https://charts.example.com/stable/dep-1.1.0.tgz",
        "1.0.0": "https://cdn.example.com/dep-1.0.0.tgz",
    }


def test_the_query_of_a_repository_goes_to_what_is_relative() -> None:
    urls = chart_urls(WITH_URLS, name="dep", repository=f"{REPOSITORY}?token=x")

    assert urls["1.1.0"] == "https://charts.example.com/stable/dep-1.1.0.tgz?token=x"
    assert urls["1.0.0"] == "https://cdn.example.com/dep-1.0.0.tgz"


def test_only_the_chart_itself_is_read_from_an_index_laid_out_as_helm_does() -> None:
    broken = WITH_URLS.replace(b"9.9.9\n", b"[\n")
    flow = yaml.safe_dump(yaml.safe_load(WITH_URLS), default_flow_style=True)

    urls = chart_urls(WITH_URLS, name="dep", repository=REPOSITORY)

    assert chart_urls(broken, name="dep", repository=REPOSITORY) == urls
    assert chart_urls(flow.encode(), name="dep", repository=REPOSITORY) == urls
    assert chart_urls(WITH_URLS, name="last", repository=REPOSITORY) == {}


@pytest.mark.parametrize("index", [b"", b"entries: {}", b"a: 1", b"entries: {other: []}"])
def test_an_index_without_the_chart_says_so(index: bytes) -> None:
    with pytest.raises(InvalidError, match="dep chart not found in repo https://charts"):
        chart_urls(index, name="dep", repository=REPOSITORY)


@pytest.mark.parametrize("index", [b"- a", b"entries: []", b"entries: [", b"\x00\x01"])
def test_what_is_no_index_has_no_addresses(index: bytes) -> None:
    with pytest.raises(InvalidError, match=f"the index of {REPOSITORY} cannot be read: it"):
        chart_urls(index, name="dep", repository=REPOSITORY)


@pytest.mark.parametrize(
    "urls", ["[]", "null", "text", "{a: b}", "[[a], {b: c}]", "['http://[']", "*anchor"]
)
def test_a_version_without_a_good_address_spoils_no_other(urls: str) -> None:
    index = f"entries: {{dep: [{{version: 1.0.0, urls: {urls}}}, {{version: 2.0.0, urls: [a]}}]}}"

    found = chart_urls(index.encode(), name="dep", repository=REPOSITORY)

    assert found == {"2.0.0": "https://charts.example.com/stable/a"}
