"""A Stage's page shows what its verification measures."""

import pytest
from django.test import Client

from promotions.models import AnalysisJob, AnalysisRun
from tests.factories.domain import make_project, make_stage, make_warehouse
from tests.factories.people import make_viewer

pytestmark = pytest.mark.django_db

STATUS = {
    "phase": "Failed",
    "message": 'Metric "rate" assessed Failed due to failed (1) > failureLimit (0)',
    "metricResults": [
        {
            "name": "rate",
            "phase": "Failed",
            "count": 1,
            "measurements": [
                {"phase": "Failed", "value": "<0.4>", "finishedAt": "2026-06-01T12:00:00Z"}
            ],
        }
    ],
}


def test_metrics_and_measurements_are_shown(client: Client) -> None:
    project = make_project()
    make_warehouse(project)
    stage = make_stage(project)
    metric = {
        "name": "rate",
        "count": 5,
        "successCondition": "result > 0.9",
        "failureCondition": "result < 0.5",
        "provider": {"web": {}},
    }
    dry = {"name": "trial", "provider": {"prometheus": {}}}
    AnalysisRun.objects.create(
        project=project,
        stage=stage,
        name="test.1",
        spec={"metrics": [metric, dry]},
        status=STATUS,
        phase="Failed",
        ended_at=stage.created_at,
    )
    client.force_login(make_viewer(project))

    page = client.get("/projects/demo/stages/test")

    text = page.content.decode()
    assert page.status_code == 200
    for word in (
        *("test.1", "rate", "result &gt; 0.9", "result &lt; 0.5", "&lt;0.4&gt;"),
        *("1&nbsp;of&nbsp;5", "failureLimit", "none yet"),
    ):
        assert word in text


def test_a_stage_without_runs_shows_no_verification(client: Client) -> None:
    project = make_project()
    make_warehouse(project)
    make_stage(project)
    client.force_login(make_viewer(project))

    assert "verification-head" not in client.get("/projects/demo/stages/test").content.decode()


def test_what_a_job_printed_is_a_page_of_its_own(client: Client) -> None:
    project = make_project()
    make_warehouse(project)
    stage = make_stage(project)
    running = {"phase": "Running", "startedAt": "2026-06-01T12:00:00Z"}
    run = AnalysisRun.objects.create(
        project=project,
        stage=stage,
        name="test.1",
        spec={"metrics": [{"name": "smoke/test & more", "provider": {"job": {}}}]},
        status={
            "phase": "Running",
            "metricResults": [{"name": "smoke/test & more", "measurements": [running]}],
        },
        phase="Running",
    )
    for ordinal, printed in ((1, "old"), (2, "<b>new</b>")):
        AnalysisJob.objects.create(
            run=run,
            metric="smoke/test & more",
            ordinal=ordinal,
            name=f"job-{ordinal}",
            begun_at=run.created_at,
            logs={"main": printed},
        )
    client.force_login(make_viewer(project))

    page = client.get("/projects/demo/stages/test").content.decode()
    link = "/projects/demo/analysis-runs/test.1/log?metric=smoke%2Ftest%20%26%20more"
    log = client.get(link)

    assert f'href="{link}"' in page
    assert "&lt;b&gt;new&lt;/b&gt;" in log.content.decode()
    assert "old" not in log.content.decode().partition("<main")[2]
    assert client.get("/projects/demo/analysis-runs/test.1/log?metric=x").status_code == 404
