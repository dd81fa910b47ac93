"""Real worker processes, some of which are killed."""

import pytest

from tests.functional.workers.conftest import Scenario

pytestmark = [pytest.mark.slow, pytest.mark.database]


def test_every_effect_happens_once_while_processes_are_killed(run_scenario: Scenario) -> None:
    found = run_scenario("chaos")

    assert found["is_done"], found
    assert found["effects"] == found["distinct"] == found["wanted"], found
    assert found["fences_fell"] == 0, found
    assert found["leftovers"] == [], found


def test_the_workers_answer_again_whichever_process_is_killed(run_scenario: Scenario) -> None:
    found = run_scenario("each-role")

    answers = found["answers"]
    assert isinstance(answers, dict)
    assert None not in answers.values(), found
    assert found["effects"] == found["distinct"] == found["wanted"], found
    assert (found["leftovers"], found["beats"]) == ([], 1)


def test_nothing_outlives_a_killed_supervisor(run_scenario: Scenario) -> None:
    found = run_scenario("orphans")

    assert found == {"before": 6, "leftovers": []}


def test_a_stopped_worker_ends_its_passes_and_leaves_the_rest_to_others(
    run_scenario: Scenario,
) -> None:
    found = run_scenario("shutdown")

    assert (found["exit_codes"], found["leased"], found["leftovers"]) == ([0], 0, [])
    assert isinstance(found["seconds"], float)
    assert found["seconds"] < 10
    assert (found["is_done"], found["effects"]) == (True, 90)
