"""Finds a place by its name in the IANA time zone database.

The package ``tzdata`` goes first, so that an expression means the same on every machine; a place
that it lacks is looked for in the machine's own database. It is constant data, read once.

Source: Go ``time/zoneinfo_read.go``, RFC 9636.
"""

import re
import struct
import zoneinfo
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.tz_rules import Zone, parse_rule
from promotions.engine.expressions.gotime.zones import ALPHA, LOCAL, UTC, Location

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")
_NOT_PLACES = ("posix/", "right/", "localtime", "posixrules")
_HEADER = struct.Struct(">4sc15x6I")
_ZONE = struct.Struct(">iBB")
_MOST_CACHED = 1024


def load_location(name: str) -> Location:
    """Return the place with an IANA name such as ``Europe/Zurich``; ``""`` is UTC.

    Raises:
        OperandError: There is no such place, or the name could be that of another file.
    """
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return LOCAL
    if ".." in name or name.startswith(("/", "\\")):
        raise OperandError("time: invalid location name")
    if _NAME.fullmatch(name) is None or name.startswith(_NOT_PLACES):
        raise OperandError(f"unknown time zone {name}")
    return _load(name)


def read_location(name: str, raw: bytes) -> Location:
    """Return the place that a file in the TZif format describes.

    Raises:
        OperandError: The data is malformed.
    """
    try:
        return _read(name, raw)
    except (struct.error, IndexError, ValueError) as error:
        raise OperandError("malformed time zone information") from error


@lru_cache(maxsize=_MOST_CACHED)
def _load(name: str) -> Location:
    raw = _packaged(name) or _installed(name)
    if raw is None:
        raise OperandError(f"unknown time zone {name}")
    return read_location(name, raw)


def _installed(name: str) -> bytes | None:
    for folder in zoneinfo.TZPATH:
        try:
            return Path(folder, name).read_bytes()
        except OSError:
            continue
    return None


def _packaged(name: str) -> bytes | None:
    try:
        return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()
    except (ImportError, OSError):
        return None


def _read(name: str, raw: bytes) -> Location:
    version, counts = _header(raw, 0)
    start, size = _HEADER.size, 4
    if version > b"1":
        start += _body_size(counts, size) + _HEADER.size
        _, counts = _header(raw, start - _HEADER.size)
        size = 8
    _, _, _, time_count, zone_count, name_bytes = counts
    times = struct.unpack_from(f">{time_count}{'q' if size > 4 else 'i'}", raw, start)  # noqa: PLR2004  bytes
    indexes_at = start + time_count * size
    zones_at = indexes_at + time_count
    names_at = zones_at + zone_count * _ZONE.size
    names = raw[names_at : names_at + name_bytes]
    zones = tuple(
        Zone(_abbreviation(names, place), offset, is_dst=bool(is_dst))
        for offset, is_dst, place in _ZONE.iter_unpack(raw[zones_at:names_at])
    )
    footer = raw[start + _body_size(counts, size) :] if version > b"1" else b""
    return _location(name, zones, times, tuple(raw[indexes_at:zones_at]), footer)


def _header(raw: bytes, place: int) -> tuple[bytes, tuple[int, ...]]:
    magic, version, *counts = _HEADER.unpack_from(raw, place)
    if magic != b"TZif" or version not in (b"\0", b"2", b"3", b"4"):
        raise ValueError
    return version, tuple(counts)


def _body_size(counts: tuple[int, ...], size: int) -> int:
    utc_flags, standard_flags, leaps, times, zones, names = counts
    per_time, per_leap = size + 1, size + 4
    variable = times * per_time + leaps * per_leap
    return variable + zones * _ZONE.size + names + standard_flags + utc_flags


def _abbreviation(names: bytes, place: int) -> str:
    if place >= len(names):
        raise ValueError
    return names[place:].split(b"\0", 1)[0].decode("ascii")


def _location(
    name: str,
    zones: tuple[Zone, ...],
    times: tuple[int, ...],
    indexes: tuple[int, ...],
    footer: bytes,
) -> Location:
    if not zones or len(indexes) != len(times) or any(it >= len(zones) for it in indexes):
        raise ValueError
    if any(later < earlier for earlier, later in pairwise(times)):
        raise ValueError
    rule = parse_rule(footer.strip(b"\n").decode("ascii"))
    return Location(name, zones, times or (ALPHA,), indexes or (0,), rule)
