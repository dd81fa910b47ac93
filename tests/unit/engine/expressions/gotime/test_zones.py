from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime import zone_files
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import LARGEST, SMALLEST
from promotions.engine.expressions.gotime.tz_rules import Zone, parse_rule
from promotions.engine.expressions.gotime.zone_files import load_location, read_location
from promotions.engine.expressions.gotime.zones import (
    ALPHA,
    LOCAL,
    OMEGA,
    UTC,
    Location,
    fixed_zone,
)

CET = Zone("CET", 3600, is_dst=False)
CEST = Zone("CEST", 7200, is_dst=True)
RULE = "CET-1CEST,M3.5.0,M10.5.0/3"


def unix(year: int, month: int, day: int, hour: int = 0) -> int:
    return Time.of((year, month, day), (hour, 0, 0)).unix


@pytest.mark.parametrize("name", ["", "UTC"])
def test_no_name_is_utc(name: str) -> None:
    assert load_location(name) is UTC


def test_the_machine_is_in_utc() -> None:
    assert load_location("Local") is LOCAL
    assert str(LOCAL) == "UTC"


@pytest.mark.parametrize(
    "name",
    [
        "../UTC",
        "/etc/localtime",
        "\\UTC",
        "Europe/../UTC",
        "Europe",
        "Europe/Nowhere",
        "Europe/Zurich/",
        "europe//zurich",
        "./UTC",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "zone.tab",
        "a\0b",
        "\u00e9",
        "A" * 5_000,
    ],
)
def test_a_name_of_no_place_is_refused(name: str) -> None:
    with pytest.raises(OperandError, match=r"time zone|location name"):
        load_location(name)


@pytest.mark.parametrize(
    ("place", "at", "zone"),
    [
        ("Europe/Zurich", unix(2026, 1, 1), CET),
        ("Europe/Zurich", unix(2026, 7, 1), CEST),
        ("Europe/Zurich", unix(2600, 7, 1), CEST),
        ("Europe/Zurich", unix(1800, 7, 1), Zone("LMT", 2048, is_dst=False)),
        ("Australia/Sydney", unix(2500, 1, 1), Zone("AEDT", 39600, is_dst=True)),
        ("Asia/Kathmandu", unix(2000, 1, 1), Zone("+0545", 20700, is_dst=False)),
        ("Etc/GMT+5", unix(2000, 1, 1), Zone("-05", -18000, is_dst=False)),
    ],
)
def test_a_place_has_its_zone_at_any_time(place: str, at: int, zone: Zone) -> None:
    assert load_location(place).lookup(at).zone == zone


@pytest.mark.parametrize(
    ("rule", "at", "zone"),
    [
        (RULE, unix(2026, 3, 29, 0), CET),
        (RULE, unix(2026, 3, 29, 1), CEST),
        (RULE, unix(2026, 10, 25, 0), CEST),
        (RULE, unix(2026, 10, 25, 1), CET),
        ("<+03>-3", unix(2026, 7, 1), Zone("+03", 10800, is_dst=False)),
        ("ABC1DEF", unix(2026, 7, 1), Zone("DEF", 0, is_dst=True)),
        ("ABC0DEF,J60,J300", unix(2024, 3, 1, 2), Zone("DEF", 3600, is_dst=True)),
        ("ABC0DEF,59,300", unix(2024, 2, 29, 2), Zone("DEF", 3600, is_dst=True)),
        ("ABC0DEF,M10.1.0,M3.1.0", unix(2026, 1, 1), Zone("DEF", 3600, is_dst=True)),
        ("ABC0DEF-1:30,M1.1.0/-2:30:15,M12.1.0", unix(2026, 6, 1), Zone("DEF", 5400, is_dst=True)),
    ],
)
def test_the_yearly_rule_goes_on_for_ever(rule: str, at: int, zone: Zone) -> None:
    parsed = parse_rule(rule)

    assert parsed is not None
    assert parsed.lookup(0, at).zone == zone


@pytest.mark.parametrize("rule", ["", "AB1", "ABC", "ABC1DEF,M13.1.0,M1.1.0", "ABC1DEF,M1.1.0"])
def test_a_rule_that_cannot_be_read_is_none(rule: str) -> None:
    assert parse_rule(rule) is None


def test_before_the_first_transition_standard_time_was_kept() -> None:
    place = Location("X", (CEST, CET), (0, 100), (0, 1))

    assert place.lookup(-1) == (CET, ALPHA, 0)
    assert place.lookup(50) == (CEST, 0, 100)
    assert place.lookup(100) == (CET, 100, OMEGA)


def test_an_abbreviation_means_the_zone_in_effect() -> None:
    place = load_location("America/New_York")

    assert place.offset_of("EDT", unix(2026, 7, 1)) == -14400
    assert place.offset_of("EST", unix(2026, 7, 1)) == -18000
    assert place.offset_of("CET", unix(2026, 7, 1)) is None


def test_a_fixed_zone_never_changes() -> None:
    assert fixed_zone("X", 90).lookup(SMALLEST) == (Zone("X", 90, is_dst=False), ALPHA, OMEGA)


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda raw: b"TZif2" + raw))
def test_a_damaged_file_is_our_error(raw: bytes) -> None:
    try:
        place = read_location("X", raw)
    except OperandError:
        return

    assert -(2**31) <= place.lookup(0).zone.offset < 2**31


@given(st.integers(0, 800), st.integers(0, 255))
def test_a_damaged_byte_is_our_error_or_a_place(index: int, byte: int) -> None:
    raw = bytearray(_zurich())
    raw[index % len(raw)] = byte
    try:
        place = read_location("X", bytes(raw))
    except OperandError:
        return

    assert -(2**31) <= place.lookup(LARGEST).zone.offset < 2**31


def test_a_machine_without_a_database_knows_every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    zone_files._load.cache_clear()

    assert load_location("Europe/Zurich").lookup(unix(2026, 7, 1)).zone == CEST


def test_a_place_that_the_package_lacks_is_read_from_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Moon").mkdir()
    (tmp_path / "Moon" / "Tycho").write_bytes(_zurich())
    monkeypatch.setattr("zoneinfo.TZPATH", (str(tmp_path),))

    assert load_location("Moon/Tycho").lookup(unix(2026, 7, 1)).zone == CEST


def _zurich() -> bytes:
    raw = zone_files._packaged("Europe/Zurich")
    assert raw is not None
    return raw
