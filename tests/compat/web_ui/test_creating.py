"""Kargo's web UI: the forms and the wizard that make projects, warehouses, stages and the rest."""

from typing import Any

import pytest

from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.compat.web_ui.shapes import condition, named
from tests.factories.domain import make_tenant
from tests.factories.people import make_operator

pytestmark = pytest.mark.django_db

KARGO = "kargo.akuity.io/v1alpha1"
P = "/v1beta1/projects/shop"


@pytest.fixture
def admin(page_of: PageOf) -> Page:
    make_tenant()
    return page_of(make_operator("admin"))


def manifest(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    """Return a manifest as a form builds it: the kind first."""
    namespace = {} if kind.startswith("Cluster") or kind == "Project" else {"namespace": "shop"}
    return {"kind": kind, "apiVersion": KARGO, "metadata": {"name": name, **namespace}, **parts}


def warehouse() -> dict[str, Any]:
    """Return a Warehouse of the wizard, which leaves out what is empty."""
    image = {"repoURL": "public.ecr.aws/nginx/nginx", "constraint": "^1.26.0", "discoveryLimit": 5}
    return manifest("Warehouse", "main", spec={"subscriptions": [{"image": image}]})


def stage(name: str, **sources: Any) -> dict[str, Any]:
    """Return a Stage of the wizard."""
    request = {"origin": {"kind": "Warehouse", "name": "main"}, "sources": sources}
    steps = [
        {
            "uses": "git-clone",
            "continueOnError": False,
            "config": {
                "repoURL": "https://github.com/example/repo.git",
                "checkout": [{"branch": "main", "path": "./src"}],
            },
        },
        {"uses": "compose-output", "as": "out", "config": {"message": "${{ ctx.stage }}: done"}},
    ]
    spec = {"requestedFreight": [request], "promotionTemplate": {"spec": {"steps": steps}}}
    return manifest("Stage", name, spec=spec)


def create(page: Page, *documents: dict[str, Any]) -> list[dict[str, Any]]:
    """Create them, and return what came back of each."""
    answer = page.manifests("POST", *documents)
    assert answer.status == 201, answer.body
    return [it["createdResourceManifest"] for it in answer.data["results"]]


def test_a_created_project_comes_back_as_the_list_will_show_it(admin: Page) -> None:
    made = create(admin, manifest("Project", "shop"))[0]

    assert (made["kind"], made["metadata"]["name"]) == ("Project", "shop")
    assert made["metadata"]["uid"]
    assert admin.get("/v1beta1/projects")["items"][0]["metadata"]["uid"] == made["metadata"]["uid"]


def test_the_wizard_waits_for_a_ready_project_and_then_makes_what_is_in_it(admin: Page) -> None:
    create(admin, manifest("Project", "shop"))

    ready = condition(admin.get(P), "Ready")
    create(admin, warehouse())
    create(admin, stage("test", direct=True, stages=[]))
    create(admin, stage("prod", stages=["test"], requiredSoakTime="1h"))
    create(admin, manifest("Stage", "gate", spec=stage("x", direct=True)["spec"]))

    assert ready["status"] == "True"
    assert named(admin.get(f"{P}/warehouses"), "main")["spec"]["subscriptions"]
    drawn = [it["metadata"]["name"] for it in admin.get(f"{P}/stages")["items"]]
    assert drawn == ["gate", "prod", "test"]


def test_a_whole_template_goes_in_one_request_too(admin: Page) -> None:
    made = create(admin, stage("test", direct=True), warehouse(), manifest("Project", "shop"))

    assert [it["kind"] for it in made] == ["Project", "Stage", "Warehouse"], "as it is worked off"


def test_a_name_that_is_taken_is_said_as_such(admin: Page) -> None:
    create(admin, manifest("Project", "shop"))

    again = admin.manifests("POST", manifest("Project", "shop"))

    assert again.status == 409
    assert "already exists" in again.toast


def test_a_stages_colour_and_a_templates_variables_survive_the_editor(admin: Page) -> None:
    create(admin, manifest("Project", "shop"), warehouse())
    coloured = stage("test", direct=True)
    coloured["metadata"]["annotations"] = {"kargo.akuity.io/color": "teal"}
    coloured["spec"]["vars"] = [
        {"name": "day", "value": "2026-11-23"},
        {"name": "share", "value": "0.5"},
        {"name": "long", "value": "a sentence of words " * 12},
        {"name": "lines", "value": "one\ntwo\n"},
    ]
    create(admin, coloured)

    document = admin.get(f"{P}/stages/test")
    assert admin.manifests("PUT", document).status == 200

    assert document["metadata"]["annotations"]["kargo.akuity.io/color"] == "teal"
    assert [it["value"] for it in document["spec"]["vars"]] == [
        it["value"] for it in coloured["spec"]["vars"]
    ]
    assert admin.get(f"{P}/stages/test")["spec"] == document["spec"]


@pytest.mark.parametrize(
    ("document", "listed"),
    [
        (
            manifest("PromotionTask", "task", spec={"steps": [{"uses": "fail"}]}),
            f"{P}/promotion-tasks",
        ),
        (
            manifest("ClusterPromotionTask", "task", spec={"steps": [{"uses": "fail"}]}),
            "/v1beta1/shared/cluster-promotion-tasks",
        ),
        (
            {
                **manifest(
                    "AnalysisTemplate",
                    "task",
                    spec={
                        "metrics": [
                            {
                                "name": "up",
                                "provider": {"web": {"url": "https://x.example.com"}},
                            }
                        ]
                    },
                ),
                "apiVersion": "argoproj.io/v1alpha1",
            },
            f"{P}/analysis-templates",
        ),
        (
            {
                **manifest(
                    "ClusterAnalysisTemplate",
                    "task",
                    spec={
                        "metrics": [
                            {
                                "name": "up",
                                "provider": {"web": {"url": "https://x.example.com"}},
                            }
                        ]
                    },
                ),
                "apiVersion": "argoproj.io/v1alpha1",
            },
            "/v1beta1/shared/cluster-analysis-templates",
        ),
    ],
    ids=lambda it: it["kind"] if isinstance(it, dict) else "",
)
def test_tasks_and_templates_are_made_edited_and_taken_away(
    admin: Page, document: dict[str, Any], listed: str
) -> None:
    create(admin, manifest("Project", "shop"))

    create(admin, document)
    shown = named(admin.get(listed), "task")
    alone = admin.get(f"{listed}/task")
    edited = admin.manifests("PUT", alone)
    removed = (
        admin.send("DELETE", f"{listed}/task")
        if "analysis" in listed
        else admin.manifests("DELETE", alone)
    )

    assert shown == alone
    assert (alone["kind"], alone["metadata"]["name"]) == (document["kind"], "task")
    assert edited.status == 200
    assert removed.status == (204 if "analysis" in listed else 200)
    assert admin.get(listed)["items"] == []


def test_a_projects_description_is_edited_as_a_manifest_and_it_is_deleted_by_name(
    admin: Page,
) -> None:
    create(admin, manifest("Project", "shop"))
    project = admin.get(P)
    annotations = {"kargo.akuity.io/description": "Sells things."}
    metadata = {**project["metadata"], "annotations": annotations}

    assert admin.manifests("PUT", {**project, "metadata": metadata}).status == 200

    assert admin.get(P)["metadata"]["annotations"].items() >= annotations.items()
    assert admin.act("DELETE", P) is None
