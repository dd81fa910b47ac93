"""When a Stage is open, against calendars worked out by hand, not by this or any other program.

The recurrences of ``RFC`` are the examples that RFC 5545 gives with their answers (3.8.5.3).
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.jsontypes import JSONObject
from promotions.engine.windows.schedule import WindowStatus, window_status, windows_from
from promotions.engine.windows.windows import parse_span

NEVER = ""
OFFICE = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"


def window(kind: str, begin: str, end: str, rule: str = "") -> JSONObject:
    named: JSONObject = {"name": kind.lower(), "kind": kind, "dtstart": begin, "dtend": end}
    return {**named, "rrule": rule} if rule else named


def allow(begin: str, end: str, rule: str = "") -> JSONObject:
    return window("Allow", begin, end, rule)


def deny(begin: str, end: str, rule: str = "") -> JSONObject:
    return window("Deny", begin, end, rule)


def at_berlin(clock: str) -> str:
    return f"TZID=Europe/Berlin:{clock}"


def at_new_york(clock: str) -> str:
    return f"TZID=America/New_York:{clock}"


def at_kolkata(clock: str) -> str:
    return f"TZID=Asia/Kolkata:{clock}"


BERLIN_OFFICE = allow(at_berlin("20260101T090000"), at_berlin("20260101T170000"), OFFICE)
FREEZE = deny("20261220T000000Z", "20270105T000000Z")

# Windows of the project, those of the tenant, and at moments in UTC: open or closed, until when.
CALENDAR = {
    # Berlin is an hour ahead of UTC, from 29 March to 25 October 2026 two.
    "office hours in Berlin around the changes of the clocks": (
        [BERLIN_OFFICE],
        [],
        [
            ("20260327T075959", "closed", "20260327T080000"),  # a Friday
            ("20260327T080000", "open", "20260327T160000"),
            ("20260327T160000", "closed", "20260330T070000"),
            ("20260330T145959", "open", "20260330T150000"),
            ("20261023T150000", "closed", "20261026T080000"),
            ("20261026T080000", "open", "20261026T160000"),
        ],
    ),
    "three hours in the night of Berlin in which the clocks change": (
        [allow(at_berlin("20260101T010000"), at_berlin("20260101T040000"), "FREQ=DAILY")],
        [],
        [
            ("20260328T030000", "closed", "20260329T000000"),
            ("20260329T000000", "open", "20260329T030000"),  # until five by the clock
            ("20260329T030000", "closed", "20260329T230000"),
            ("20260329T230000", "open", "20260330T020000"),
            ("20261024T230000", "open", "20261025T020000"),  # until three by the clock
            ("20261025T020000", "closed", "20261026T000000"),
        ],
    ),
    # New York is five hours behind UTC, from 8 March to 1 November 2026 four.
    "nights in New York in which nothing is promoted": (
        [deny(at_new_york("20260101T000000"), at_new_york("20260101T060000"), "FREQ=DAILY")],
        [],
        [
            ("20260308T045959", "open", "20260308T050000"),
            ("20260308T050000", "closed", "20260308T110000"),  # until seven by the clock
            ("20260308T110000", "open", "20260309T040000"),
            ("20260309T040000", "closed", "20260309T100000"),
            ("20261101T040000", "closed", "20261101T100000"),  # until five by the clock
            ("20261101T100000", "open", "20261102T050000"),
        ],
    ),
    "late evenings in Kolkata, half an hour off the full hours of UTC": (
        [allow(at_kolkata("20260101T220000"), at_kolkata("20260102T020000"), "FREQ=DAILY")],
        [],
        [
            ("20260601T162959", "closed", "20260601T163000"),
            ("20260601T163000", "open", "20260601T203000"),
            ("20260601T203000", "closed", "20260602T163000"),
            ("20261231T183000", "open", "20261231T203000"),  # midnight, and a new year
        ],
    ),
    # 1 June 2026 is a Monday.
    "a lunch break on Wednesdays and an early end of one Friday": (
        [
            allow("20260601T080000Z", "20260601T180000Z", OFFICE),
            deny("20260603T120000Z", "20260603T130000Z", "FREQ=WEEKLY"),
            deny("20260605T170000Z", "20260605T190000Z"),
        ],
        [],
        [
            ("20260603T115959", "open", "20260603T120000"),
            ("20260603T123000", "closed", "20260603T130000"),
            ("20260603T130000", "open", "20260603T180000"),
            ("20260604T123000", "open", "20260604T180000"),
            ("20260605T080000", "open", "20260605T170000"),
            ("20260605T173000", "closed", "20260608T080000"),
            ("20260612T173000", "open", "20260612T180000"),
        ],
    ),
    "a denial as long as what is allowed leaves nothing, and ends with it": (
        [
            allow("20260601T080000Z", "20260601T180000Z", "FREQ=DAILY"),
            deny("20260602T080000Z", "20260602T180000Z"),
        ],
        [],
        [
            ("20260601T180000", "closed", "20260603T080000"),
            ("20260602T080000", "closed", "20260603T080000"),
            ("20260602T180000", "closed", "20260603T080000"),
        ],
    ),
    "the project's office hours under the tenant's freeze at the end of the year": (
        [BERLIN_OFFICE],
        [FREEZE],
        [
            ("20261218T120000", "open", "20261218T160000"),  # the last Friday before
            ("20261218T160000", "closed", "20270105T080000"),  # a Tuesday
            ("20261224T100000", "closed", "20270105T080000"),
            ("20270104T235959", "closed", "20270105T080000"),
            ("20270105T080000", "open", "20270105T160000"),
        ],
    ),
    "one that allows is enough, whoever has it": (
        [allow("20260601T090000Z", "20260601T170000Z", OFFICE)],
        [allow("20260606T000000Z", "20260607T000000Z", "FREQ=WEEKLY;BYDAY=SA")],
        [
            ("20260605T170000", "closed", "20260606T000000"),
            ("20260606T120000", "open", "20260607T000000"),
            ("20260607T120000", "closed", "20260608T090000"),
        ],
    ),
    "from Friday night to Monday morning": (
        [deny("20260605T220000Z", "20260608T060000Z", "FREQ=WEEKLY;BYDAY=FR")],
        [],
        [
            ("20260605T215959", "open", "20260605T220000"),
            ("20260607T120000", "closed", "20260608T060000"),
            ("20260608T060000", "open", "20260612T220000"),
        ],
    ),
    "the night in which a month ends": (
        [allow("20260131T220000Z", "20260201T020000Z", "FREQ=MONTHLY;BYMONTHDAY=-1")],
        [],
        [
            ("20260228T220000", "open", "20260301T020000"),
            ("20260301T020000", "closed", "20260331T220000"),
            ("20260701T015959", "open", "20260701T020000"),
            ("20260701T020000", "closed", "20260731T220000"),
            ("20280229T230000", "open", "20280301T020000"),
        ],
    ),
    "New Year's Eve in New York": (
        [deny(at_new_york("20251231T180000"), at_new_york("20260101T060000"), "FREQ=YEARLY")],
        [],
        [
            ("20260101T105959", "closed", "20260101T110000"),
            ("20260101T110000", "open", "20261231T230000"),
            ("20270101T000000", "closed", "20270101T110000"),
        ],
    ),
    "the first Monday of a month": (
        [allow("20260601T090000Z", "20260601T100000Z", "FREQ=MONTHLY;BYDAY=1MO")],
        [],
        [
            ("20260601T093000", "open", "20260601T100000"),
            ("20260601T100000", "closed", "20260706T090000"),
            ("20260706T100000", "closed", "20260803T090000"),
        ],
    ),
    "the last weekday of a quarter's months": (
        [
            allow(
                "20260331T090000Z",
                "20260331T100000Z",
                "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            )
        ],
        [],
        [
            ("20260331T100000", "closed", "20260630T090000"),  # a Tuesday
            ("20260630T100000", "closed", "20260930T090000"),  # a Wednesday
            ("20260930T100000", "closed", "20261231T090000"),  # a Thursday
        ],
    ),
    "until a moment that is an occurrence": (
        [
            allow(
                at_berlin("20260601T090000"),
                at_berlin("20260601T100000"),
                "FREQ=DAILY;UNTIL=20260603T070000Z",
            )
        ],
        [],
        [
            ("20260602T080000", "closed", "20260603T070000"),
            ("20260603T070000", "open", "20260603T080000"),
            ("20260603T080000", "closed", NEVER),
        ],
    ),
    "until a second before an occurrence, by the clock of Berlin": (
        [
            allow(
                at_berlin("20260601T090000"),
                at_berlin("20260601T100000"),
                "FREQ=DAILY;UNTIL=20260603T085959",
            )
        ],
        [],
        [("20260602T073000", "open", "20260602T080000"), ("20260602T080000", "closed", NEVER)],
    ),
    "three times, of which one is left out": (
        [
            allow(
                "20260601T090000Z",
                "20260601T100000Z",
                "FREQ=DAILY;COUNT=3\nEXDATE:20260602T090000Z",
            )
        ],
        [],
        [
            ("20260601T093000", "open", "20260601T100000"),
            ("20260601T100000", "closed", "20260603T090000"),
            ("20260603T100000", "closed", NEVER),
        ],
    ),
    "public holidays by their date in Kolkata": (
        [
            allow(
                at_kolkata("20260601T003000"),
                at_kolkata("20260601T013000"),
                "RRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260602,20260604",
            )
        ],
        [],
        [
            ("20260531T190000", "open", "20260531T200000"),
            ("20260531T200000", "closed", "20260602T190000"),
            ("20260602T200000", "closed", "20260604T190000"),
        ],
    ),
    "the hour that Berlin skips, left out by what its clock would show": (
        [
            allow(
                at_berlin("20260301T023000"),
                at_berlin("20260301T030000"),
                "FREQ=DAILY\nEXDATE;TZID=Europe/Berlin:20260329T023000",
            )
        ],
        [],
        [("20260328T020000", "closed", "20260330T003000")],
    ),
}

# Dates on which a rule from 09:00 in New York occurs, as the RFC lists them.
RFC = {
    ("19970902", "FREQ=DAILY;COUNT=3"): "0902 0903 0904",
    ("19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5"): "0902 0912 0922 1002 1012",
    ("19970902", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH"): (
        "0902 0904 0909 0911 0916 0918 0923 0925 0930 1002"
    ),
    ("19970902", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH"): (
        "0902 0904 0916 0918 0930 1002 1014 1016"
    ),
    ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO"): "0805 0810 0819 0824",
    ("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU"): "0805 0817 0819 0831",
    ("19970905", "FREQ=MONTHLY;COUNT=4;BYDAY=1FR"): "0905 1003 1107 1205",
    ("19970907", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU"): (
        "0907 0928 1102 1130 19980104 19980125 19980301 19980329 19980503 19980531"
    ),
    ("19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO"): "0922 1020 1117 1222 19980119 19980216",
    ("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=6"): "0928 1029 1128 1229 19980129 19980226",
    ("19970910", "FREQ=MONTHLY;INTERVAL=18;COUNT=8;BYMONTHDAY=10,11,12,13,14,15"): (
        "0910 0911 0912 0913 0914 0915 19990310 19990311"
    ),
    ("19970610", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7"): "0610 0710 19980610 19980710",
    ("19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200"): (
        "0101 0410 0719 20000101 20000409 20000718 20030101 20030410 20030719 20060101"
    ),
    ("19970519", "FREQ=YEARLY;BYDAY=20MO;COUNT=3"): "0519 19980518 19990517",
    ("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3"): "0512 19980511 19990517",
    ("19970902", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5"): (
        "19980213 19980313 19981113 19990813 20001013"
    ),
    ("19970913", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=4"): (
        "0913 1011 1108 1213"
    ),
    (
        "19961105",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
    ): "1105 20001107 20041102",
    ("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3"): "0904 1007 1106",
    ("19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=7"): (
        "0929 1030 1127 1230 19980129 19980226 19980330"
    ),
    ("20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5"): "0115 0130 0215 0315 0330",
}


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def status(name: str, at: str) -> WindowStatus:
    project, tenant, _ = CALENDAR[name]
    windows = (
        *windows_from({"promotionWindows": list(tenant)}, is_tenant_wide=True),
        *windows_from({"promotionWindows": list(project)}, is_tenant_wide=False),
    )
    found = window_status(windows, at=moment(at))
    assert found is not None
    return found


@pytest.mark.parametrize("name", CALENDAR)
def test_a_stage_is_open_and_changes_when_the_calendar_says(name: str) -> None:
    for at, word, until in CALENDAR[name][2]:
        found = status(name, at)

        changes_at = f"{found.changes_at:%Y%m%dT%H%M%S}" if found.changes_at else NEVER
        assert (at, "closed" if found.is_closed else "open", changes_at) == (at, word, until)


def test_the_freeze_of_the_tenant_is_named_while_it_is_what_closes() -> None:
    name = "the project's office hours under the tenant's freeze at the end of the year"

    assert 'outside of promotion window "allow"' in status(name, "20261218T160000").reason
    assert (
        'denied by promotion window "deny" of the tenant' in status(name, "20261224T100000").reason
    )


@pytest.mark.parametrize(("first", "rule"), RFC)
def test_rules_occur_on_the_dates_that_the_rfc_lists(first: str, rule: str) -> None:
    begin, end = (at_new_york(f"{first}T{hour}0000") for hour in ("09", "10"))
    span = parse_span(dtstart=begin, dtend=end, rrule=rule)
    wanted = [it if len(it) == len(first) else first[:4] + it for it in RFC[first, rule].split()]

    found = []
    at: datetime | None = moment(f"{first}T000000")
    while at is not None and (at := span.next_start(at)) is not None:
        local = at.astimezone(ZoneInfo("America/New_York"))
        assert (local.hour, local.minute) == (9, 0)
        found.append(f"{local:%Y%m%d}")
        at += timedelta(minutes=1)

    assert found == wanted
