"""Kargo's web UI: what opens over a Stage, with its promotions, verifications and settings."""

from typing import Any

import pytest

from promotions.models import Promotion, Stage, Verification
from tests.compat.web_ui.page import Page
from tests.compat.web_ui.shapes import assert_lists, assert_texts, assert_times, named, read
from tests.factories.rich import Rich
from tests.functional.api.event_streams import touch

pytestmark = pytest.mark.django_db

P = "/v1beta1/projects/demo"
TEST = f"{P}/stages/test"


def test_the_header_has_links_with_titles_and_addresses(page: Page) -> None:
    links = page.get(f"{TEST}/links")["links"]

    assert len(links) == 2, "the tenant's first, then the project's; a third one's condition fails"
    for link in links:
        assert link["title"] == "Board"
        assert link["url"] == "https://board.example.com/test"


def test_the_tab_of_promotions_sorts_dates_and_opens_each(page: Page, rich: Rich) -> None:
    listed = page.get(f"{P}/promotions", stage="test")

    assert int(read(listed, "metadata.resourceVersion")) > 0
    names = [it["metadata"]["name"] for it in listed["items"]]
    assert names == sorted(names)
    for row in listed["items"]:
        assert_texts(row, "metadata.uid", "metadata.namespace", "spec.freight")
        assert_times(row, "metadata.creationTimestamp")
        assert_texts(row, "metadata|annotations|kargo.akuity.io/create-actor")
        assert row["metadata"]["ownerReferences"][0]["name"] == "test", "the Stage, for the page"
    phases = {it["status"]["phase"] for it in listed["items"]}
    assert phases == {"Pending", "Running", "Succeeded", "Failed", "Errored", "Aborted"}


def test_the_tooltip_of_a_promotions_freight_reads_its_alias(page: Page, rich: Rich) -> None:
    row = named(page.get(f"{P}/promotions", stage="test"), rich.waiting.name)

    freight = page.get(f"{P}/freight/{row['spec']['freight']}")

    assert_texts(freight, "alias")


def test_the_history_of_freight_is_by_origin_with_its_contents(page: Page, rich: Rich) -> None:
    stage = page.get(TEST)

    assert_texts(stage, "apiVersion", "kind", "metadata.name")
    requested = read(stage, "spec.requestedFreight.0.origin")
    key = f"{requested['kind']}/{requested['name']}"
    references = [it["items"][key] for it in read(stage, "status.freightHistory")]
    assert references[0]["name"] == rich.held.name
    for collection, reference in zip(stage["status"]["freightHistory"], references, strict=True):
        assert_texts(collection, "id")
        assert_texts(reference, "name", "origin.name", "images.0.repoURL", "commits.0.repoURL")


def test_the_tab_of_verifications_has_times_phases_and_runs(page: Page) -> None:
    stage = page.get(TEST)

    verifications = [
        it for row in stage["status"]["freightHistory"] for it in row["verificationHistory"]
    ]
    assert len(verifications) == 4
    for row in verifications:
        assert_texts(row, "id", "phase", "message", "analysisRun.name", "analysisRun.namespace")
        assert_times(row, "startTime", "finishTime")


def test_a_verification_that_ended_is_asked_for_again(page: Page) -> None:
    assert page.act("POST", f"{TEST}/verification") == ""

    annotations = page.get(TEST)["metadata"]["annotations"]
    assert "kargo.akuity.io/reverify" in annotations
    assert "kargo.akuity.io/abort" not in annotations


def test_a_running_verification_is_stopped_by_a_mark_that_the_worker_finds(
    page: Page, rich: Rich
) -> None:
    newest = Verification.objects.filter(collection__stage=rich.test).latest("pk")
    Verification.objects.filter(pk=newest.pk).update(phase="Running", finished_at=None)
    touch(rich.test)
    shown = page.get(TEST)["status"]["freightHistory"][0]["verificationHistory"][0]
    assert (shown["id"], shown["phase"]) == (str(newest.uid), "Running")

    assert page.act("POST", f"{TEST}/verification/abort") == ""

    assert "kargo.akuity.io/abort" in page.get(TEST)["metadata"]["annotations"]


def test_asking_to_verify_what_holds_nothing_shows_a_message(page: Page) -> None:
    answers = [
        page.send("POST", f"{P}/stages/prod/{action}")
        for action in ("verification", "verification/abort")
    ]

    assert [it.status for it in answers] == [409, 409]
    assert all(it.toast for it in answers)


def test_the_spinner_of_a_refresh_turns_until_the_answer_equals_the_request(
    page: Page, rich: Rich
) -> None:
    assert page.act("POST", f"{TEST}/refresh") == ""

    turning = page.get(TEST)
    asked = read(turning, "metadata|annotations|kargo.akuity.io/refresh")
    assert asked != read(turning, "status.lastHandledRefresh")
    Stage.objects.filter(pk=rich.test.pk).update(handled_refresh=asked)
    touch(rich.test)
    assert read(page.get(TEST), "status.lastHandledRefresh") == asked


def test_the_editor_sends_back_what_it_was_given_with_a_change(page: Page) -> None:
    before = page.get(TEST)
    edited = {**before, "spec": {**before["spec"], "vars": [{"name": "who", "value": "1:30"}]}}

    answer = page.manifests("PUT", edited)

    assert answer.status == 200
    assert set(answer.data["results"][0]) == {"updatedResourceManifest"}
    after = page.get(TEST)
    assert after["spec"]["vars"] == [{"name": "who", "value": "1:30"}]
    assert after["spec"]["promotionTemplate"] == before["spec"]["promotionTemplate"]
    assert after["status"]["freightHistory"] == before["status"]["freightHistory"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["annotations"] == before["metadata"]["annotations"]


def test_an_editor_with_a_mistake_keeps_its_text_and_shows_where(page: Page) -> None:
    broken = {**page.get(TEST), "spec": {"requestedFreight": []}}

    answer = page.manifests("PUT", broken)

    assert answer.status == 422
    assert "requestedFreight" in answer.toast


def test_a_stage_is_deleted_with_an_empty_request_that_says_it_is_json(page: Page) -> None:
    assert page.act("DELETE", f"{P}/stages/prod") is None

    assert page.send("GET", f"{P}/stages/prod").status == 404


def steps_as_drawn(promotion: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return each step's alias, status and whether it has output, as the page puts them together.

    Statuses come by position, outputs by alias.
    """
    status = promotion["status"]
    executions = status.get("stepExecutionMetadata", [])
    state = status.get("state", {})
    drawn = []
    for index, step in enumerate(promotion["spec"]["steps"]):
        execution = executions[index] if index < len(executions) else {}
        drawn.append((step["as"], execution.get("status", "will not run"), step["as"] in state))
    return drawn


def test_the_page_of_a_promotion_has_its_steps_statuses_and_outputs(page: Page, rich: Rich) -> None:
    promotion = page.get(f"{P}/promotions/{rich.succeeded.name}")

    assert steps_as_drawn(promotion) == [("out", "Succeeded", True), ("sync", "Failed", False)]
    assert_lists(promotion, "spec.steps", "status.stepExecutionMetadata")
    assert_texts(promotion, "apiVersion", "kind", "status.phase", "status.message", "spec.freight")
    assert_times(promotion, "metadata.creationTimestamp", "status.finishedAt")
    assert_times(promotion, "status.startedAt", "status.stepExecutionMetadata.0.startedAt")
    assert read(promotion, "spec.steps.0.config.nested.list") == [1, "two", None, 3.5]
    assert read(promotion, "status.state.out") == {"any": [None, 1]}


def test_a_promotion_that_waits_has_steps_with_aliases_and_none_that_ran(
    page: Page, rich: Rich
) -> None:
    promotion = page.get(f"{P}/promotions/{rich.waiting.name}")

    assert steps_as_drawn(promotion) == [
        ("out", "will not run", False),
        ("sync", "will not run", False),
    ]
    assert promotion["status"]["phase"] == "Pending"


def test_aborting_leaves_a_mark_until_it_is_done(page: Page, rich: Rich) -> None:
    running = Promotion.objects.get(stage=rich.test, phase="Running")

    assert page.act("POST", f"{P}/promotions/{running.name}/abort") == ""

    promotion = page.get(f"{P}/promotions/{running.name}")
    is_over = promotion["status"]["phase"] == "Aborted"
    assert is_over or read(promotion, "metadata|annotations|kargo.akuity.io/abort")


def test_a_failed_promotion_is_tried_again_from_its_own_page(page: Page, rich: Rich) -> None:
    failed = Promotion.objects.get(stage=rich.test, phase="Failed")
    promotion = page.get(f"{P}/promotions/{failed.name}")
    stage = promotion["metadata"]["ownerReferences"][0]["name"]

    retried = page.act(
        "POST", f"{P}/stages/{stage}/promotions", {"freight": promotion["spec"]["freight"]}
    )

    assert_texts(retried, "metadata.name", "metadata.namespace", "spec.stage")
    assert_lists(retried, "spec.steps")
    assert retried["metadata"]["name"] != failed.name
