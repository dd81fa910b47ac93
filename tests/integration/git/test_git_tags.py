import pytest

from promotions.engine.runner import StepError
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion, output


def kind(origin: Origin, tag: str) -> str:
    return git("cat-file", "-t", f"refs/tags/{tag}", cwd=origin.path)


def test_a_commit_is_tagged_and_the_tag_pushed(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.edit("tag: v2\n")
    committed = promotion.commit()
    promotion.push()

    tagged = promotion.tag("v2.0", "Two\n\n# kept\n")
    pushed = promotion.push(tag="v2.0")

    assert tagged.output == committed.output
    assert output(pushed, "commit") == output(committed, "commit")
    assert output(pushed, "branch") == "main"
    assert kind(origin, "v2.0") == "tag"
    assert git("rev-parse", "v2.0^{}", cwd=origin.path) == origin.branch("main")
    assert git("tag", "-l", "--format=%(contents)", "v2.0", cwd=origin.path) == "Two\n\n# kept"


def test_doing_all_of_it_again_changes_nothing(promotion: Promotion, origin: Origin) -> None:
    promotion.clone()
    promotion.tag("v1")
    promotion.push(tag="v1")
    before = git("rev-parse", "v1", cwd=origin.path)

    promotion.tag("v1")
    promotion.push(tag="v1")
    promotion.clone()
    promotion.tag("v1", "Other words")
    promotion.push(tag="v1")

    assert git("rev-parse", "v1", cwd=origin.path) == before


def test_a_tag_on_something_else_is_an_error_unless_forced(
    promotion: Promotion, origin: Origin
) -> None:
    origin.tag("v1", message="One")
    origin.tag("light")
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit()

    for name in ("v1", "light"):
        with pytest.raises(StepError, match="is on something else") as caught:
            promotion.tag(name)
        assert not caught.value.failed
    promotion.tag("v1", force=True)

    here = promotion.workdir / "out"
    assert git("rev-parse", "v1^{}", cwd=here) == git("rev-parse", "HEAD", cwd=here)
    with pytest.raises(StepError, match="already exists"):
        promotion.push(tag="v1")


def test_a_lightweight_tag_is_not_taken_for_an_annotated_one(
    promotion: Promotion, origin: Origin
) -> None:
    origin.tag("light")
    promotion.clone()

    with pytest.raises(StepError, match="is on something else"):
        promotion.tag("light")


def test_force_keeps_a_tag_that_says_the_same(promotion: Promotion) -> None:
    promotion.clone()
    here = promotion.workdir / "out"
    promotion.tag("v1", "Same", force=True)
    first = git("rev-parse", "v1", cwd=here)

    promotion.tag("v1", "Same", force=True)
    second = git("rev-parse", "v1", cwd=here)
    promotion.tag("v1", "New", force=True)

    assert first == second != git("rev-parse", "v1", cwd=here)


@pytest.mark.parametrize("name", ["-d", "--delete", "a b", "a..b", "x.lock", "@{1}", "HEAD"])
def test_a_name_that_git_could_not_have_ends_the_step(promotion: Promotion, name: str) -> None:
    promotion.clone()

    with pytest.raises(StepError, match="cannot be the name") as caught:
        promotion.tag(name)

    assert caught.value.terminal


def test_a_tag_that_is_not_here_cannot_be_pushed(promotion: Promotion) -> None:
    promotion.clone()

    with pytest.raises(StepError, match='no tag "v9" here; make it with git-tag'):
        promotion.push(tag="v9")
