from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest

from promotions.engine.eligibility import (
    _WORDINGS,
    Bars,
    Code,
    in_words,
    length_in_words,
    ordered,
    reason,
    refusing,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def facts_of(code: Code) -> dict[str, Any]:
    wording = _WORDINGS[code]
    texts = (wording.message, wording.lifted_by)
    return {name: name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_says_what_it_is_and_who_lifts_it(code: Code) -> None:
    found = reason(code, **facts_of(code))

    assert found.message
    assert found.lifted_by
    assert not found.message.endswith(".")
    assert "{" not in found.message + found.lifted_by


def test_a_fact_that_is_missing_is_an_error_and_not_half_a_sentence() -> None:
    with pytest.raises(KeyError):
        reason(Code.SOAKING, upstream="uat")


def test_no_two_reasons_have_the_same_words() -> None:
    texts = [reason(code, **facts_of(code)).message for code in Code]

    assert len(set(texts)) == len(texts)


def test_reasons_stand_in_the_order_of_their_codes_each_once() -> None:
    off = reason(Code.AUTO_PROMOTION_OFF, stage="prod")
    qa = reason(Code.NOT_VERIFIED, upstream="qa", stage="prod")
    dev = reason(Code.NOT_VERIFIED, upstream="dev", stage="prod")

    assert ordered([off, qa, dev, qa]) == (dev, qa, off)


def test_only_what_bars_people_refuses_them() -> None:
    off = reason(Code.AUTO_PROMOTION_OFF, stage="prod")
    running = reason(Code.PROMOTION_RUNNING, promotion="promotion p")
    missing = reason(Code.NOT_VERIFIED, upstream="dev", stage="prod")

    assert (off.bars, running.bars, missing.bars) == (Bars.AUTOMATION, Bars.START, Bars.PROMOTION)
    assert refusing([off, running, missing]) == (missing,)


def test_what_a_reason_bars_may_depend_on_the_place() -> None:
    assert (
        reason(Code.WINDOW_CLOSED, closed="nights", lifted_by="time", bars=Bars.START).bars
        is Bars.START
    )


def test_reasons_make_one_line() -> None:
    found = [
        reason(Code.SOAKING, upstream="uat", left="42 min", stage="prod", lifts_at=NOW),
        reason(Code.APPROVALS_MISSING, given=1, needed=2, approvers="anybody"),
    ]

    assert in_words(found) == "42 min of soak left in uat; 1 of 2 approvals"


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=-5), "0 s"),
        (timedelta(milliseconds=1), "1 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=61), "2 min"),
        (timedelta(minutes=42), "42 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=3, minutes=5), "3 h 05 min"),
        (timedelta(hours=23, minutes=59, seconds=30), "1 d"),
        (timedelta(days=2, hours=4, minutes=30), "2 d 4 h"),
    ],
)
def test_a_time_that_is_left_is_never_told_too_short_by_a_minute(
    length: timedelta, expected: str
) -> None:
    assert length_in_words(length) == expected
