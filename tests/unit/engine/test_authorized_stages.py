import pytest

from common.errors import InvalidError
from promotions.engine.authorized_stages import AuthorizedStage, parse_authorized_stages


def test_stages_are_listed_with_their_projects() -> None:
    assert parse_authorized_stages(" p : s ,, q:t") == (
        AuthorizedStage("p", "s"),
        AuthorizedStage("q", "t"),
    )


@pytest.mark.parametrize("annotation", ["", ",", "p", "p:", ":s", "*:s", "p:s*", "a:b:c"])
def test_anything_else_authorizes_nobody(annotation: str) -> None:
    with pytest.raises(InvalidError):
        parse_authorized_stages(annotation)
