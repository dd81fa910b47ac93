"""Published pipelines from Freight to their end, through Argo CD and verification."""

import pytest

from promotions.models import Freight
from tests.compat.examples.conftest import Open
from tests.compat.examples.pipeline import Pipeline
from tests.fakes.argocd import JobOutcome, application, project
from tests.fakes.argocd.store import JOBS

pytestmark = pytest.mark.django_db

REPO = "https://git.example/harbour.git"
COMMIT = "c0ffee" * 6 + "c0ff"
IMAGE = "registry.example.com/harbour/crane"
BY_ITSELF = {"username": "kargo-controller", "automated": True}


def harbour(opened: Open) -> tuple[Pipeline, Freight]:
    source = {"repoURL": REPO, "path": "chart", "targetRevision": "placeholder"}
    apps = [
        application(f"harbour-{name}", stage=f"harbour:{name}", sources=[source])
        for name in ("quay", "pier")
    ]
    pipeline = opened("harbour", "kubernetes", apps=apps)
    found = pipeline.freight(
        "cargo",
        commits=[{"repoURL": REPO, "id": COMMIT, "branch": "charts"}],
        images=[{"repoURL": IMAGE, "tag": "2.1.0", "digest": f"sha256:{'ab' * 32}"}],
    )
    return pipeline, found


@pytest.mark.slow
def test_freight_goes_through_argo_cd_a_job_and_its_soak_to_the_last_stage(opened: Open) -> None:
    pipeline, freight = harbour(opened)

    pipeline.pass_time(times=7)

    quay = pipeline.status("quay")
    (verified,) = quay["freightHistory"][0]["verificationHistory"]
    assert (quay["freightSummary"], quay["health"]["status"]) == (freight.name, "Healthy")
    assert (verified["phase"], verified["analysisRun"]["phase"]) == ("Successful", "Successful")
    assert [it["status"] for it in quay["conditions"]] == ["True"] * 3
    assert pipeline.status("pier")["freightSummary"] == "0/1 Fulfilled"

    pipeline.pass_time(seconds=600)
    pipeline.pass_time(times=3)

    pier = pipeline.status("pier")
    assert (pier["freightSummary"], pier["health"]["status"]) == (freight.name, "Healthy")
    source = pipeline.site.app("harbour-pier")["spec"]["source"]
    assert source["targetRevision"] == COMMIT
    assert source["helm"]["parameters"] == [{"name": "crane.image", "value": f"{IMAGE}:2.1.0"}]
    (job,) = pipeline.site.store.all(JOBS)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["--berth=quay-7", "--seconds=20"]
    assert pipeline.initiators() == [BY_ITSELF, BY_ITSELF]


@pytest.mark.slow
def test_freight_that_a_job_refuses_goes_on_only_when_it_is_approved(opened: Open) -> None:
    pipeline, freight = harbour(opened)
    pipeline.site.jobs.outcomes.append(JobOutcome(is_good=False))

    pipeline.pass_time(times=7)
    refused = pipeline.promote("pier", freight)
    approved = pipeline.approve(freight, "pier")
    asked = pipeline.promote("pier", freight)
    pipeline.pass_time(times=4)

    reasons = {it["type"]: it["reason"] for it in pipeline.status("quay")["conditions"]}
    assert reasons["Verified"] == reasons["Ready"] == "VerificationFailed"
    assert refused.status_code == 400
    assert "verification in quay ended as Failed" in refused.json()["error"]
    assert (approved.status_code, asked.status_code) == (200, 201)
    assert pipeline.status("pier")["freightSummary"] == freight.name
    assert [it["automated"] for it in pipeline.initiators()] == [True, False]


@pytest.mark.slow
def test_stages_that_an_application_lists_share_it_and_another_one_is_refused(
    opened: Open,
) -> None:
    parameters = [{"name": "image.tag", "value": "none"}]
    chart = {"repoURL": "https://charts.example.com", "chart": "boat", "targetRevision": "1.0.0"}
    shared = application(
        "archipelago",
        stage="islands:islay,islands:iona",
        sources=[{**chart, "helm": {"parameters": parameters}}],
    )
    pipeline = opened("islands", "rest", apps=[shared])
    pipeline.freight(
        "ferry", images=[{"repoURL": "registry.example.com/islands/boat", "tag": "1.2.3"}]
    )

    pipeline.pass_time(times=6)

    phases = {name: pipeline.newest(name).phase for name in ("islay", "iona", "intruder")}
    assert phases == {"islay": "Succeeded", "iona": "Succeeded", "intruder": "Errored"}
    assert "is not authorized" in pipeline.newest("intruder").message
    assert pipeline.site.app("archipelago")["spec"]["source"]["helm"]["parameters"] == [
        {"name": "image.tag", "value": "1.2.3"},
        {"name": "sidecar.image.tag", "value": "1.2.3"},
    ]
    assert pipeline.site.record.violations == []


@pytest.mark.slow
def test_a_window_that_only_people_may_pass_holds_what_promotes_by_itself(opened: Open) -> None:
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}
    pipeline = opened(
        "islands",
        "rest",
        apps=[
            application(
                "archipelago",
                stage="islands:islay",
                sources=[{"repoURL": "https://charts.example.com", "chart": "boat"}],
            )
        ],
        projects=[project(syncWindows=[{**window, "manualSync": True}])],
    )
    freight = pipeline.freight(
        "ferry", images=[{"repoURL": "registry.example.com/islands/boat", "tag": "1.2.3"}]
    )

    pipeline.pass_time(times=3)
    by_itself = pipeline.newest("islay")
    pipeline.client.post(f"/v1beta1/projects/islands/promotions/{by_itself.name}/abort")
    asked = pipeline.promote("islay", freight)
    pipeline.pass_time(times=3)

    assert by_itself.phase == "Running"
    assert "window" in by_itself.message
    assert asked.status_code == 201
    assert pipeline.newest("islay").phase == "Succeeded"
