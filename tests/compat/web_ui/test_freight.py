"""Kargo's web UI: the drawer of Freight, promoting it, and putting new Freight together."""

from typing import Any

import pytest

from promotions.models import Promotion, Warehouse
from tests.compat.web_ui.page import Page
from tests.compat.web_ui.shapes import assert_texts, assert_times, named, read
from tests.factories.rich import Rich
from tests.functional.api.event_streams import touch

pytestmark = pytest.mark.django_db

P = "/v1beta1/projects/demo"
_IMAGE = ("tag", "digest", "annotations")


def test_the_drawer_reads_freight_by_alias_and_its_links(page: Page, rich: Rich) -> None:
    freight = page.get(f"{P}/freight/{rich.held.alias}")

    links = page.get(f"{P}/freight/{freight['alias']}/links")

    assert_texts(freight, "apiVersion", "kind", "metadata.name", "metadata.uid", "alias")
    assert links["links"][0] == {"title": "F", "url": f"https://f.example.com/{rich.held.alias}"}
    assert all(isinstance(it, str) for it in links["errors"])


def test_the_drawer_lists_where_freight_is_verified_and_approved(page: Page, rich: Rich) -> None:
    listed = page.get(f"{P}/freight", origins=[])["groups"][""]["items"]

    approved = next(it for it in listed if "approvedFor" in it["status"])
    assert list(approved["status"]["verifiedIn"]) == ["test"]
    assert list(approved["status"]["approvedFor"]) == ["prod"]
    assert_times(approved, "status.approvedFor.prod.approvedAt")
    assert read(approved, "status.metadata") == {"any": {"thing": 1}}


def test_an_alias_that_is_taken_or_none_is_refused_with_a_message(page: Page, rich: Rich) -> None:
    path = f"{P}/freight/{rich.spare.name}/alias"

    taken = page.send("PATCH", path, query={"newAlias": rich.held.alias})
    odd = page.send("PATCH", path, query={"newAlias": "calm cat"})

    assert (taken.status, odd.status) == (409, 422)
    assert "already" in taken.toast
    assert '"calm cat"' in odd.toast, "a blank comes as a plus, and is a blank again"


def test_a_new_alias_is_found_at_once(page: Page, rich: Rich) -> None:
    assert page.act("PATCH", f"{P}/freight/{rich.spare.name}/alias", newAlias="calm-cat") == ""

    freight = page.get(f"{P}/freight/calm-cat")

    assert freight["metadata"]["name"] == rich.spare.name
    assert read(freight, "metadata|labels|kargo.akuity.io/alias") == "calm-cat"


def test_freight_is_approved_by_a_query_without_a_body_and_twice(page: Page, rich: Rich) -> None:
    path = f"{P}/freight/{rich.spare.name}/approve"

    answers = [page.act("POST", path, stage="prod") for _ in range(2)]

    assert answers == ["", ""]
    freight = page.get(f"{P}/freight/{rich.spare.name}")
    assert list(freight["status"]["approvedFor"]) == ["prod"]


def test_only_freight_that_a_stage_may_take_is_offered_for_it(page: Page, rich: Rich) -> None:
    offered = page.get(f"{P}/freight", stage="prod")

    names = {it["metadata"]["name"] for it in offered["groups"][""]["items"]}
    assert names == {rich.waiting.freight.name, rich.held.name}, "approved, or verified upstream"


def test_promoting_leads_to_the_page_of_the_new_promotion(page: Page, rich: Rich) -> None:
    promoted = page.act("POST", f"{P}/stages/test/promotions", {"freight": rich.spare.name})

    again = page.get(f"{P}/promotions/{promoted['metadata']['name']}")
    assert again["metadata"]["name"] == promoted["metadata"]["name"]
    assert again["spec"]["freight"] == rich.spare.name


def test_promoting_downstream_answers_what_was_made(page: Page, rich: Rich) -> None:
    approved = Promotion.objects.get(pk=rich.succeeded.pk).freight

    answer = page.send("POST", f"{P}/stages/test/promotions/downstream", {"freight": approved.name})

    assert answer.status == 201
    assert [it["spec"]["stage"] for it in answer.data["promotions"]] == ["prod"]


def test_resuming_auto_promotion_promotes_an_origins_candidate(page: Page, rich: Rich) -> None:
    answer = page.send("POST", f"{P}/stages/test/promotions", {"origin": "Warehouse/main"})

    assert answer.status == 201
    assert_texts(answer.data, "metadata.name", "spec.freight")


def test_freight_that_a_stage_holds_is_not_deleted_and_says_so(page: Page, rich: Rich) -> None:
    refused = page.send("DELETE", f"{P}/freight/{rich.held.name}")

    assert refused.status == 403
    assert refused.toast
    assert page.act("DELETE", f"{P}/freight/{rich.spare.name}") is None


def chosen(warehouse: dict[str, Any]) -> dict[str, Any]:
    """Return the Freight that the page puts together of the newest of everything discovered."""
    found = warehouse["status"]["discoveredArtifacts"]
    images = [
        {"repoURL": it["repoURL"], **{key: it["references"][0][key] for key in _IMAGE}}
        for it in found.get("images", [])
    ]
    charts = [
        {"repoURL": it["repoURL"], "name": it["name"], "version": it["versions"][0]}
        for it in found.get("charts", [])
    ]
    commits = [
        {
            "repoURL": it["repoURL"],
            "id": it["commits"][0]["id"],
            "message": it["commits"][0]["subject"],
            **{key: it["commits"][0][key] for key in ("branch", "author", "committer")},
        }
        for it in found.get("git", [])
    ]
    others = [it["artifactReferences"][0] for it in found.get("results", [])]
    return {
        "kind": "Freight",
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "metadata": {"name": "freight", "namespace": "demo"},
        "origin": {"kind": "Warehouse", "name": warehouse["metadata"]["name"]},
        "images": images,
        "charts": charts,
        "commits": commits,
        "artifacts": others,
    }


def test_the_tables_of_what_was_discovered_have_what_they_show(page: Page) -> None:
    warehouse = named(page.get(f"{P}/warehouses"), "main")

    found = read(warehouse, "status.discoveredArtifacts")
    assert_texts(found, "images.0.repoURL", "images.0.references.0.tag")
    assert_texts(found, "images.0.references.0.digest")
    assert_times(found, "images.0.references.0.createdAt", "git.0.commits.0.creatorDate")
    assert isinstance(read(found, "images.0.references.0.annotations"), dict)
    for key in ("id", "branch", "subject", "author", "committer"):
        assert_texts(found, f"git.0.commits.0.{key}")
    assert_texts(found, "charts.0.repoURL", "charts.0.name", "charts.0.versions.0")


def test_freight_is_put_together_of_what_was_discovered_and_named_by_its_contents(
    page: Page,
) -> None:
    warehouse = named(page.get(f"{P}/warehouses"), "main")

    created = page.manifests("POST", chosen(warehouse))

    assert created.status == 201
    made = created.data["results"][0]["createdResourceManifest"]
    assert len(made["metadata"]["name"]) == 40
    assert_texts(made, "alias")
    again = page.manifests("POST", chosen(warehouse))
    assert again.status == 409
    assert "already exists" in again.toast, "then the page shows a warning of its own"


def test_freight_with_artifacts_of_other_kinds_is_put_together_too(page: Page, rich: Rich) -> None:
    reference = {"artifactType": "ticket", "subscriptionName": "tickets", "version": "T-9"}
    results = [{"subscriptionName": "tickets", "artifactReferences": [reference]}]
    stored = Warehouse.objects.get(pk=rich.warehouse.pk)
    stored.discovered = {**(stored.discovered or {}), "results": results}
    stored.save(update_fields=["discovered"])
    touch(stored)
    warehouse = named(page.get(f"{P}/warehouses"), "main")

    created = page.manifests("POST", chosen(warehouse))

    assert created.status == 201
    made = created.data["results"][0]["createdResourceManifest"]
    assert made["artifacts"] == [reference]
