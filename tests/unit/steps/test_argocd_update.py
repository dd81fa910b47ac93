from datetime import timedelta
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.ports.argocd_none import NoControlPlanes
from promotions.steps.argocd_update import ArgoCDUpdate
from promotions.steps.argocd_wait import ArgoCDWait
from tests.fakes.step_stores import FakeIntents
from tests.unit.steps.contexts import context

CONFIG: JSONObject = {
    "apps": [{"name": "shop", "namespace": "argocd"}, {"selector": {"matchLabels": {"a": "b"}}}]
}


NONE = NoControlPlanes()

DISABLED = "Argo CD integration is disabled on this controller; cannot"


@pytest.mark.parametrize(
    ("step", "cannot"),
    [(ArgoCDUpdate(NONE, FakeIntents()), "update"), (ArgoCDWait(NONE), "check")],
    ids=["argocd-update", "argocd-wait"],
)
def test_without_an_argo_cd_there_is_an_ordinary_error(
    tmp_path: Path, step: StepRunner, cannot: str
) -> None:
    with pytest.raises(StepError) as caught:
        step.run(context(tmp_path, CONFIG))

    assert caught.value.message == f"{DISABLED} {cannot} Argo CD Application resources"
    assert not caught.value.terminal
    assert not caught.value.failed
    assert step.default_timeout == timedelta(minutes=5)


def test_a_preview_names_the_applications(tmp_path: Path) -> None:
    assert ArgoCDUpdate(NONE, FakeIntents()).would(context(tmp_path, CONFIG)) == (
        'update and sync the Argo CD Applications "shop" in namespace "argocd",'
        " those with the labels it wants"
    )
