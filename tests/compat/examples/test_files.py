"""What ``kargo apply`` says of whole files in the shapes that people publish."""

import pytest

from promotions.models import Stage
from tests.compat.examples.pipeline import Document, apply_file
from tests.factories.domain import make_tenant
from tests.factories.people import make_operator
from tests.functional.api.conftest import client_for

pytestmark = pytest.mark.django_db


def applied(name: str) -> list[Document]:
    make_tenant()
    return apply_file(client_for(make_operator()), name)


def test_a_pipeline_with_argo_cd_and_verification_is_taken_whole() -> None:
    results = applied("harbour")

    assert [list(it) for it in results] == [["createdResourceManifest"]] * 8


def test_documents_for_others_are_refused_with_where_they_belong_and_the_rest_is_taken() -> None:
    results = applied("neighbours")

    kinds = [it["createdResourceManifest"]["kind"] for it in results if "error" not in it]
    assert kinds == ["Project", "Stage"]
    assert [it["error"] for it in results if "error" in it] == [
        f'kind: "{kind}" is not a kind that the platform knows; {advice}'
        for kind, advice in (
            ("Namespace", "a Project brings its own namespace: leave the Namespace out"),
            ("ApplicationSet", "apply it to Argo CD's own cluster, for example with kubectl"),
            ("Deployment", "apply it to the cluster that serves apps/v1"),
        )
    ]


def test_what_kargo_1_0_left_behind_is_refused_with_what_took_its_place() -> None:
    _, policy, stage = applied("bygone")

    assert policy["error"].endswith(
        "knows any more; it belongs in promotionPolicies of a ProjectConfig"
    )
    assert (
        'unknown field "spec.subscriptions"; since Kargo 1.0 it is requestedFreight'
        in (stage["error"])
    )
    assert (
        'unknown field "spec.promotionMechanisms"; since Kargo 1.0 it is promotionTemplate'
        in (stage["error"])
    )
    assert not Stage.objects.exists()
