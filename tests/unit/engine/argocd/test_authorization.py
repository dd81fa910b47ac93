import pytest

from common.errors import ForbiddenError
from promotions.engine.argocd.authorization import is_authorized, require_authorized
from tests.unit.engine.argocd.documents import app

KEY = "kargo.akuity.io/authorized-stage"


@pytest.mark.parametrize(
    "annotation", ["shop:prod", " shop : prod ", "a:b, shop:prod", "a:b,,shop:prod,"]
)
def test_a_stage_that_is_named_may(annotation: str) -> None:
    assert is_authorized(app(annotations={KEY: annotation}), project="shop", stage="prod")


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (None, "it has no annotation"),
        ("", "cannot be used"),
        ("shop:test", "does not name Stage"),
        ("shop:*", "has a wildcard"),
        ("shop:prod,a:*", "has a wildcard"),
        ("shop:prod,bad", '"bad" is not a Stage'),
        ("shop:prod:x", "is not a Stage"),
    ],
)
def test_anything_else_lets_nobody_pass(annotation: str | None, reason: str) -> None:
    seen = app(annotations={KEY: annotation} if annotation is not None else {})

    with pytest.raises(ForbiddenError) as caught:
        require_authorized(seen, project="shop", stage="prod")

    assert caught.value.message.startswith(
        'Argo CD Application "web" in namespace "argocd" is not authorized: '
    )
    assert reason in caught.value.message
    assert not is_authorized(seen, project="shop", stage="prod")
