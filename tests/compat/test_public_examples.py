"""Manifests in the shapes that people publish are accepted as they are."""

import json
from pathlib import Path

import pytest

from projects.models import Secret
from promotions.manifests.documents import read_documents
from promotions.models import Freight, Stage, Warehouse
from promotions.services.apply import Action, ApplyReport, apply_documents
from promotions.services.export import export_tenant
from rbac.actors import operator_at_console
from tests.factories.domain import NOON, make_tenant

pytestmark = pytest.mark.django_db

EXAMPLES = sorted((Path(__file__).parent / "manifests").glob("*.yaml"))


def apply_file(path: Path) -> ApplyReport:
    documents = read_documents(path.read_bytes(), source=path.name)
    return apply_documents(
        documents, tenant=make_tenant(), actor=operator_at_console("root"), now=NOON
    )


def example(name: str) -> Path:
    return next(path for path in EXAMPLES if path.stem == name)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_applies_unmodified_and_a_second_time_changes_nothing(path: Path) -> None:
    first = apply_file(path)

    second = apply_file(path)

    assert [it.problems for it in first.failed] == []
    assert first.is_applied
    assert {it.action for it in first.items} <= {Action.CREATED, Action.SKIPPED}
    assert {it.action for it in second.items} <= {Action.UNCHANGED, Action.SKIPPED}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_what_an_example_exports_as_changes_nothing(path: Path) -> None:
    apply_file(path)
    documents = export_tenant(make_tenant())

    report = apply_documents(
        json.dumps(documents),
        tenant=make_tenant(),
        actor=operator_at_console("root"),
        now=NOON,
    )

    assert {it.action for it in report.items} == {Action.UNCHANGED}


def test_documents_for_other_systems_are_skipped_with_a_warning() -> None:
    report = apply_file(example("kustomize_quickstart"))

    skipped = [it for it in report.items if it.action is Action.SKIPPED]

    assert [it.document.content["kind"] for it in skipped] == ["Namespace", "ApplicationSet"]
    assert all(it.warnings for it in skipped)


def test_steps_of_kinds_without_a_runner_are_accepted() -> None:
    apply_file(example("helm_charts"))

    steps = Stage.objects.get(name="staging").spec["promotionTemplate"]["spec"]["steps"]

    assert steps[-1]["uses"] == "send-message"


def test_an_older_dialect_is_read_with_its_meaning_kept() -> None:
    report = apply_file(example("older_dialect"))

    image = Warehouse.objects.get(name="legacy").spec["subscriptions"][0]["image"]
    warnings = [warning for it in report.items for warning in it.warnings]
    assert image["constraint"] == ">=1.0.0"
    assert "gitRepoURL" not in image
    assert any("ProjectConfig" in it for it in warnings)


def test_a_stage_without_steps_is_control_flow() -> None:
    apply_file(example("many_warehouses"))

    assert Stage.objects.get(name="gate").is_control_flow
    assert not Stage.objects.get(name="test").is_control_flow


def test_freight_gets_the_name_that_kargo_gives_the_same_contents() -> None:
    apply_file(example("pinned_freight"))

    names = set(Freight.objects.values_list("name", flat=True))

    assert "39f8209d87b5222d5dbebf5e6f1d9a54fe7d7b52" in names
    assert "freight" not in names


def test_the_old_name_of_the_system_namespace_still_works() -> None:
    apply_file(example("tenant_configuration"))

    assert Secret.objects.get(name="hub-receiver").namespace == "kargo-system-resources"
