"""Every reason why something waits, brought about once: the same words at every door."""

import html
import json
import re
from collections.abc import Iterable
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from common.clock import now as read_clock
from common.errors import PlatformError
from promotions.engine.eligibility import Bars, Code, Reason
from promotions.models import Promotion, PromotionRequest, Stage
from promotions.selectors.eligibility import reasons_why_not
from promotions.selectors.waiting import waiting_for
from promotions.services.promote import promote
from tests.factories.people import actor_of, make_admin
from tests.functional.portal.reason_words import SCENES
from tests.functional.portal.reasons import Asked

pytestmark = pytest.mark.django_db

UNSEEN = {Code.STAGE_DELETED}
"""A Stage that is being deleted is shown at no door."""
AT_THE_CONSOLE = {Code.TENANT_SUSPENDED}
"""To its people, a tenant that is suspended is not there."""
VARYING = {Code.TARGETS_RUN}
"""What counts seconds down says something else at the next door."""


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_every_reason_is_brought_about() -> None:
    assert set(SCENES) | UNSEEN == set(Code)


@pytest.mark.parametrize("code", SCENES)
def test_every_door_says_the_same(
    code: Code, asked: Asked, client: Client, settings: Settings
) -> None:
    settings.SHARDS = ["edge"] if code is Code.SHARD_DEAD else []
    arrange, message, lifted_by, left = SCENES[code]
    arrange(asked)
    client.force_login(make_admin(asked.project))

    told = _told(asked)
    (why,) = [it for it in told if it.code is code]

    assert re.fullmatch(message, why.message)
    assert re.fullmatch(lifted_by, why.lifted_by)
    if left is None:
        assert why.lifts_at is None
    else:
        assert why.lifts_at is not None
        assert why.lifts_at > asked.since + left
    _same_on_the_command_line(asked, why)
    if code in AT_THE_CONSOLE:
        return
    _same_in_the_api(asked, client, why)
    _same_on_a_page(asked, client, why)
    if why.bars is Bars.PROMOTION and asked.subject is None:
        _same_when_refused(asked, why)


def _told(asked: Asked) -> tuple[Reason, ...]:
    if asked.subject is not None:
        rows = type(asked.subject).objects.select_related("project__tenant", "stage")
        return waiting_for(rows.get(pk=asked.subject.pk), now=read_clock())
    stage = Stage.objects.select_related("project__tenant").get(pk=asked.stage.pk)
    return reasons_why_not(stage, asked.freight, now=read_clock())


def _same_in_the_api(asked: Asked, client: Client, why: Reason) -> None:
    start = f"/api/v1/projects/{asked.project.name}"
    for address in _addresses(asked):
        answer = client.get(start + address)
        assert answer.status_code == 200, answer.content
        document = answer.json()
        found = document.get("reasons") or document["items"][0]["reasons"]
        (reason,) = [it for it in found if it["code"] == why.code]
        assert reason["liftedBy"] == why.lifted_by
        assert bool(reason["liftsAt"]) is bool(why.lifts_at)
        assert why.code in VARYING or reason["message"] == why.message


def _addresses(asked: Asked) -> Iterable[str]:
    subject = asked.subject
    if isinstance(subject, PromotionRequest):
        return [f"/promotion-requests/{subject.name}/waiting"]
    if subject is not None:
        return [f"/promotions/{subject.name}/waiting"]
    return [
        f"/stages/prod/eligibility?freight={asked.freight.name}",
        f"/freight/{asked.freight.name}/eligibility?stage=prod",
    ]


def _same_on_the_command_line(asked: Asked, why: Reason) -> None:
    pair = ["--stage", "prod", "--freight", asked.freight.name]
    arguments = ["--promotion", asked.subject.name] if asked.subject is not None else pair
    lines, document = StringIO(), StringIO()
    call_command("why", "--project", asked.project.name, *arguments, stdout=lines)
    call_command("why", "--project", asked.project.name, *arguments, "--json", stdout=document)

    assert why.code in VARYING or why.message in lines.getvalue()
    assert f"lifted by: {why.lifted_by}\n" in lines.getvalue()
    assert [it["liftedBy"] for it in json.loads(document.getvalue()) if it["code"] == why.code] == [
        why.lifted_by
    ]


def _same_on_a_page(asked: Asked, client: Client, why: Reason) -> None:
    if isinstance(asked.subject, Promotion):
        pages = [("promotion", asked.subject.name)]
    else:
        pages = [("stage", "prod"), ("freight", asked.freight.name)]
    shown = "".join(
        client.get(reverse(f"portal:{page}", args=[asked.project.name, key])).content.decode()
        for page, key in pages
    )
    text = " ".join(html.unescape(shown).split())
    assert why.code in VARYING or why.message in text
    assert f"Lifted by: {why.lifted_by}" in text
    if why.lifts_at is not None:
        assert f"until {why.lifts_at:%Y-%m-%d %H:%M} UTC" in text


def _same_when_refused(asked: Asked, why: Reason) -> None:
    stage = Stage.objects.select_related("project__tenant").get(pk=asked.stage.pk)
    with pytest.raises(PlatformError) as refused:
        promote(stage, asked.freight, actor=actor_of(asked.project), now=read_clock())
    assert why.message in refused.value.message
