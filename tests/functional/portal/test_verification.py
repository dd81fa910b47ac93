"""A Stage's page shows what its verification measures."""

import pytest
from django.test import Client

from promotions.models import AnalysisRun
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
    metric = {"name": "rate", "successCondition": "result > 0.9", "provider": {"web": {}}}
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
    for word in ("test.1", "rate", "result &gt; 0.9", "&lt;0.4&gt;", "failureLimit", "none yet"):
        assert word in text


def test_a_stage_without_runs_shows_no_verification(client: Client) -> None:
    project = make_project()
    make_warehouse(project)
    make_stage(project)
    client.force_login(make_viewer(project))

    assert "verification-head" not in client.get("/projects/demo/stages/test").content.decode()
