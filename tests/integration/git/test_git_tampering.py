import shutil

import pytest

from promotions.engine.runner import StepError
from tests.fakes.git_origin import git
from tests.integration.git.conftest import Promotion


@pytest.mark.parametrize("path", ["missing", ".", "plain"])
def test_a_path_that_is_no_work_tree_is_refused(promotion: Promotion, path: str) -> None:
    (promotion.workdir / "plain").mkdir()

    for act in (promotion.clear, promotion.push):
        with pytest.raises(StepError, match="git-clone"):
            act(path)


def test_configuration_that_a_step_wrote_is_never_obeyed(promotion: Promotion) -> None:
    promotion.clone()
    (config,) = promotion.workdir.glob("repo-*/repo/config")
    evil = f'[filter "x"]\n\tclean = touch {promotion.workdir}/owned; cat\n'
    config.write_text(config.read_text() + evil)
    promotion.edit("* filter=x\n", ".gitattributes")

    with pytest.raises(StepError, match="tampered with"):
        promotion.commit()

    assert not (promotion.workdir / "owned").exists()


def test_a_forged_work_tree_is_refused(promotion: Promotion) -> None:
    promotion.clone()
    forged = promotion.workdir / "repo-forged/repo"
    (original,) = promotion.workdir.glob("repo-*/repo")
    shutil.copytree(original, forged)
    (promotion.workdir / "fake").mkdir()
    (promotion.workdir / "fake/.git").write_text(f"gitdir: {forged}/worktrees/0\n")

    with pytest.raises(StepError, match="tampered with"):
        promotion.commit(path="fake")


def test_a_repository_hidden_in_the_work_tree_runs_nothing(promotion: Promotion) -> None:
    promotion.clone()
    nested = promotion.workdir / "out/nested"
    nested.mkdir()
    git("init", "-q", cwd=nested)
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=nested)
    marker = promotion.workdir / "owned"
    git("config", "filter.x.clean", f"touch {marker}; cat", cwd=nested)
    git("config", "core.fsmonitor", f"touch {marker}; false", cwd=nested)
    (nested / ".gitattributes").write_text("* filter=x\n")
    (nested / "f").write_text("1")

    promotion.commit()
    promotion.commit()

    assert not marker.exists()
