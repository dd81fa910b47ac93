import json

import pytest

from promotions.manifests.yaml_text import write_yaml
from promotions.models import Freight, Promotion, Warehouse
from promotions.services.export import export_project, export_tenant
from tests.factories.domain import make_tenant
from tests.integration.manifests.support import (
    FREIGHT,
    PROJECT,
    STAGE,
    WAREHOUSE,
    apply_well,
    changed,
)
from tests.integration.manifests.test_secrets import SECRET

pytestmark = pytest.mark.django_db

PROMOTION = """
apiVersion: kargo.akuity.io/v1alpha1
kind: Promotion
metadata: {name: any, namespace: demo}
spec: {stage: test, origin: {kind: Warehouse, name: main}}
"""


def kinds(documents: list[dict[str, object]]) -> list[object]:
    return [it["kind"] for it in documents]


@pytest.fixture
def _rich() -> None:
    apply_well(
        changed(PROJECT, metadata__labels={"team": "web"}),
        SECRET,
        changed(WAREHOUSE, metadata__annotations={"kargo.akuity.io/refresh": "token"}),
        changed(
            STAGE,
            metadata__annotations={"note": "1e3", "kargo.akuity.io/reverify": "some-id"},
            spec__vars=[
                {"name": "a", "value": value}
                for value in ["yes", "1:30", "0o7", "1e3", "", "~", "a\nb\n", " x", "é: #", "<<"]
            ],
        ),
        FREIGHT,
        PROMOTION,
    )


@pytest.mark.usefixtures("_rich")
@pytest.mark.parametrize("output", ["yaml", "json"])
def test_applying_an_export_changes_nothing(output: str) -> None:
    documents = export_tenant(make_tenant(), with_promotions=True)
    text = (
        write_yaml(documents)
        if output == "yaml"
        else json.dumps({"items": documents, "kind": "List", "apiVersion": "v1"})
    )

    report = apply_well(text)

    assert {it.action.value for it in report.items} == {"unchanged"}
    assert len(report.items) == 6


@pytest.mark.usefixtures("_rich")
def test_an_export_is_in_the_order_to_apply_and_without_what_only_a_server_says() -> None:
    project = Warehouse.objects.select_related("project__tenant").get().project

    documents = export_project(project)

    assert kinds(documents) == ["Project", "Secret", "Warehouse", "Stage", "Freight"]
    assert all("status" not in it for it in documents)
    assert all(not {"uid", "resourceVersion"} & set(it["metadata"]) for it in documents)


@pytest.mark.usefixtures("_rich")
def test_an_export_can_be_applied_to_another_tenant() -> None:
    documents = [it for it in export_tenant(make_tenant()) if it["kind"] != "Secret"]

    apply_well(write_yaml(documents), tenant=make_tenant("other"))

    names = Freight.objects.values_list("name", flat=True)
    assert len(names) == 2
    assert len(set(names)) == 1


@pytest.mark.usefixtures("_rich")
def test_promotions_are_exported_only_when_asked_for() -> None:
    project = Promotion.objects.select_related("project__tenant").get().project

    assert "Promotion" not in kinds(export_project(project))
    assert "Promotion" in kinds(export_project(project, with_promotions=True))
