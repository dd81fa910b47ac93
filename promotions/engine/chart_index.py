"""Which versions of which charts does the index of a Helm repository list, and where?

Indexes have tens of megabytes, so nothing is built from one but the answer: its YAML is read event
by event, which also takes the sting out of aliases and deep nesting.

Source: Helm ``pkg/repo/index.go``.
"""

import io
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import BinaryIO, NamedTuple, Protocol, cast
from urllib.parse import urljoin, urlsplit

import yaml

from common.errors import InvalidError

MAX_INDEX_BYTES = 64 * 1024 * 1024
"""Largest index that is read."""

MAX_EVENTS = 15_000_000
"""An index of 26 MB has not quite two million."""

MAX_DEPTH = 100
MAX_VERSION_LENGTH = 256
"""Longer texts are no versions that anybody means."""

# Types are compared as they are, in the hot loop: events have no subclasses.
_SCALAR: type[object] = yaml.ScalarEvent
_MAPPING: type[object] = yaml.MappingStartEvent
_MAPPING_END: type[object] = yaml.MappingEndEvent
_SEQUENCE: type[object] = yaml.SequenceStartEvent
_SEQUENCE_END: type[object] = yaml.SequenceEndEvent
_STREAM_END: type[object] = yaml.StreamEndEvent
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_ENTRIES = re.compile(rb"^entries:[ \t]*\r?$", re.MULTILINE)
_NEXT_ENTRY = re.compile(rb"^(?: {0,2}[^\s#-])", re.MULTILINE)


class _Event(Protocol):
    """What PyYAML reports; only scalars have a value."""

    value: str


_Events = Iterator[_Event]


class ListedVersion(NamedTuple):
    """A version as it is written, and the first address of its archive; empty if it has none."""

    version: str
    url: str


def charts_in(index: BinaryIO) -> Mapping[str, tuple[ListedVersion, ...]]:
    """Return the versions of each chart, in the index's order.

    Args:
        index: YAML or JSON; read once.

    Raises:
        InvalidError: It is neither, has no such structure, or is made to take long.
    """
    try:
        return _charts(_events(index))
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or getattr(error, "reason", "")
        raise InvalidError(f"it is not valid YAML: {problem}") from error


def chart_urls(index: bytes, *, name: str, repository: str) -> Mapping[str, str]:
    """Return the absolute address of the archive of each version of a chart that has one.

    Args:
        index: Of one laid out as Helm does only the chart's own part is read.
        name: The chart's.
        repository: The repository's address; relative addresses in the index are below it.

    Raises:
        InvalidError: It is no index, or lists no such chart.
    """
    try:
        listed = charts_in(io.BytesIO(_part(index, name))).get(name)
    except InvalidError as error:
        raise InvalidError(f"the index of {repository} cannot be read: {error}") from error
    if listed is None:
        raise InvalidError(f"{name} chart not found in repo {repository}")
    urls = {it.version: _absolute(it.url, repository) for it in listed if it.url}
    return {version: url for version, url in urls.items() if url}


def _events(index: BinaryIO) -> _Events:
    parsed = cast("_Events", yaml.parse(index, Loader=yaml.CSafeLoader))
    return chain(islice(parsed, MAX_EVENTS), map(_refuse, [MAX_EVENTS]))


def _refuse(limit: int) -> _Event:
    raise InvalidError(f"it has more than {limit} entries")


def _charts(events: _Events) -> Mapping[str, tuple[ListedVersion, ...]]:
    found: dict[str, tuple[ListedVersion, ...]] = {}
    next(events)
    if type(next(events)) is _STREAM_END:
        return found
    root = next(events)
    if type(root) is not _MAPPING:
        raise InvalidError("it is not the index of a chart repository")
    for key, value in _pairs(events):
        if key == "entries" and not _is_null(value):
            found = _entries(value, events)
        else:
            _skip(value, events)
    return found


def _entries(value: _Event, events: _Events) -> dict[str, tuple[ListedVersion, ...]]:
    if type(value) is not _MAPPING:
        raise InvalidError("its entries are not a mapping of charts")
    found: dict[str, tuple[ListedVersion, ...]] = {}
    for chart, listed in _pairs(events):
        if type(listed) is _SEQUENCE:
            found[chart] = tuple(_versions(events))
        elif _is_null(listed):
            found[chart] = ()
        else:
            raise InvalidError("the versions of a chart are not a list")
    return found


def _versions(events: _Events) -> Iterator[ListedVersion]:
    """Yield the versions in a list of them that has begun, up to its end."""
    for item in events:
        if type(item) is _SEQUENCE_END:
            return
        if type(item) is _MAPPING:
            listed = _version(events)
            if listed is not None:
                yield listed
        else:
            _skip(item, events)


def _version(events: _Events) -> ListedVersion | None:
    """Return the version in a mapping that has begun, unless it has none."""
    version, url = None, ""
    for key, value in _pairs(events):
        kind = type(value)
        if key == "version" and kind is _SCALAR:
            version = value.value
        elif key == "urls" and kind is _SEQUENCE:
            url = _first_text(events)
        else:
            _skip(value, events)
    if version is None or len(version) > MAX_VERSION_LENGTH:
        return None
    return ListedVersion(version, url)


def _first_text(events: _Events) -> str:
    """Return the first text in a list that has begun, which is read to its end."""
    found = ""
    for item in events:
        kind = type(item)
        if kind is _SEQUENCE_END:
            break
        if kind is not _SCALAR:
            _skip(item, events)
        elif not found:
            found = item.value
    return found


def _pairs(events: _Events) -> Iterator[tuple[str, _Event]]:
    """Yield keys of a mapping that has begun, each with its value's first event.

    Whoever takes them reads the value to its end before the next. A key that is no scalar is
    the empty text.
    """
    for key in events:
        kind = type(key)
        if kind is _MAPPING_END:
            return
        if kind is _SCALAR:
            yield key.value, next(events)
        else:
            _skip(key, events)
            yield "", next(events)


def _skip(first: _Event, events: _Events) -> None:
    """Read a value to its end."""
    if type(first) is not _MAPPING and type(first) is not _SEQUENCE:
        return
    depth = 1
    for event in events:
        kind = type(event)
        if kind is _MAPPING or kind is _SEQUENCE:
            depth += 1
            if depth > MAX_DEPTH:
                raise InvalidError("it is nested too deeply")
        elif kind is _MAPPING_END or kind is _SEQUENCE_END:
            depth -= 1
            if not depth:
                return


def _is_null(event: _Event) -> bool:
    return type(event) is _SCALAR and event.value in _NULLS


def _part(index: bytes, name: str) -> bytes:
    """Return an index with the one chart only, if it is laid out as Helm does; else all of it."""
    entries = _ENTRIES.search(index)
    begins = re.compile(rb"^  %s:[ \t]*\r?$" % re.escape(name.encode()), re.MULTILINE)
    start = begins.search(index, entries.end()) if entries else None
    if start is None:
        return index
    end = _NEXT_ENTRY.search(index, start.end())
    return b"entries:\n" + index[start.start() : end.start() if end else len(index)]


def _absolute(url: str, repository: str) -> str:
    """Return an address; one that is relative is below the repository, whose query it gets.

    What is no address is empty: it is one version that cannot be fetched, and not all of them.
    """
    parts = urlsplit(repository)
    base = parts._replace(path=f"{parts.path.rstrip('/')}/", query="").geturl()
    try:
        absolute = urljoin(base, url)
        is_bare = not urlsplit(absolute).query and not urlsplit(url).scheme
    except ValueError:
        return ""
    return f"{absolute}?{parts.query}" if parts.query and is_bare else absolute
