"""Words, tones and hues on pages."""

from datetime import timedelta
from typing import Any

import pytest

from common.templatetags import ago_words, duration, short
from promotions.models import Promotion, Stage, Warehouse
from promotions.portal.hues import HUES, hue_of
from promotions.portal.states import (
    Tone,
    problems_in,
    problems_of,
    promotion_state,
    stage_state,
    step_state,
    warehouse_state,
)


def _condition(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "59 s ago"),
        (timedelta(minutes=61), "1 h ago"),
        (timedelta(days=3, hours=5), "3 d ago"),
    ],
)
def test_an_age_is_told_in_its_largest_whole_unit(age: timedelta, words: str) -> None:
    assert ago_words(age) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (None, ""),
        (timedelta(milliseconds=240), "240 ms"),
        (timedelta(seconds=3.4), "3.4 s"),
        (timedelta(minutes=2, seconds=5), "2 min 05 s"),
        (timedelta(hours=1, minutes=2), "1 h 02 min"),
    ],
)
def test_a_duration_is_exact(length: timedelta | None, words: str) -> None:
    assert duration(length) == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a" * 40, "a" * 7), ("sha256:" + "b" * 64, "b" * 7), ("v1.2.3", "v1.2.3"), ("", "")],
)
def test_only_hashes_are_shortened(text: str, shown: str) -> None:
    assert short(text) == shown


@pytest.mark.parametrize("phase", ["", "Pending", "Running", "Succeeded", "Failed", "Errored"])
def test_every_phase_has_a_tone_and_a_word(phase: str) -> None:
    state = promotion_state(Promotion(phase=phase))

    assert state.tone in Tone
    assert state.word


def test_a_step_that_nobody_looked_at_has_not_run() -> None:
    assert step_state("").word == "Not run"


def test_a_stage_that_retries_after_an_error_is_in_trouble() -> None:
    stage = Stage(conditions=[_condition("Reconciling", "True", "RetryAfterError", "disk is full")])

    assert stage_state(stage).tone is Tone.FAILED
    assert [it.message for it in problems_of(stage)] == ["disk is full"]


def test_a_stage_that_is_busy_has_no_problem() -> None:
    busy = [
        _condition("Reconciling", "True", "Progressing", "the Stage is being reconciled"),
        _condition("Ready", "False", "ActivePromotion", 'promotion "x" is Running'),
    ]

    assert problems_in(busy) == []


def test_the_same_message_is_told_once() -> None:
    conditions = [
        _condition("Healthy", "False", "DiscoveryFailed", "repository not found"),
        _condition("Ready", "False", "DiscoveryFailure", "repository not found"),
    ]

    assert [it.reason for it in problems_in(conditions)] == ["DiscoveryFailed"]
    assert warehouse_state(Warehouse(conditions=conditions)).tone is Tone.FAILED


def test_a_failed_promotion_speaks_for_its_stage() -> None:
    stage = Stage(
        last_promotion=Promotion(phase="Failed", message="push rejected"),
        conditions=[_condition("Ready", "False", "LastPromotionFailed", "it ended as Failed")],
    )

    assert [it.message for it in problems_of(stage)] == ["push rejected"]


def test_a_hue_is_what_the_annotation_says_else_the_name_decides() -> None:
    red = Stage(name="test", annotations={"kargo.akuity.io/color": "red"})
    green = Stage(name="test", annotations={"kargo.akuity.io/color": "#00ff00"})
    plain = [Stage(name=name) for name in ("dev", "test", "qa", "uat", "prod")]

    assert hue_of(red) == 0
    assert hue_of(green) == HUES // 3
    assert len({hue_of(stage) for stage in plain}) == len(plain)
    assert hue_of(Stage(name="test")) == hue_of(plain[1])


@pytest.mark.parametrize("reason", ["AlreadyExists", "NoFreight", "CriteriaNotSatisfied"])
def test_what_is_as_it_should_be_needs_no_attention(reason: str) -> None:
    condition = {"type": "Ready", "status": "False", "reason": reason, "message": "so it is"}

    assert problems_in([condition]) == []
    assert [it.reason for it in problems_in([{**condition, "reason": "Broken"}])] == ["Broken"]
