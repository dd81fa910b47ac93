"""Writes the files of a work tree: all of them, some folders, or what differs from an older one."""

import shutil
from dataclasses import dataclass

from common.removal import remove_tree
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.targets import Target
from promotions.gateways.git.warm_trees import Loan
from promotions.gateways.git.work_tree import WorkTree
from promotions.ports.git import GitError

_RESET = ("reset", "--quiet", "--hard")
_CONFIG = (
    ("checkout.workers", "0"),
    # What a warm work tree is trusted for rests on these; they are Git's defaults.
    ("core.trustctime", "true"),
    ("core.checkStat", "default"),
)


@dataclass(frozen=True, slots=True)
class TreeWriter:
    """Ties work trees to their repository and lets Git write their files, once for each."""

    runner: GitRunner

    def write(self, tree: WorkTree, target: Target) -> None:
        """Write all files of ``target`` to the empty root of ``tree``."""
        tree.link(tree.root)
        self._reset(tree, target)

    def write_sparse(self, tree: WorkTree, target: Target, *, folders: tuple[str, ...]) -> None:
        """Write only ``folders``, and the files above them."""
        tree.link(tree.root)
        tree.sparsen(folders)
        self._reset(tree, target)

    def move(self, tree: WorkTree, target: Target, loan: Loan) -> bool:
        """Make ``tree`` from the cleaned files on loan, and return whether that went well.

        If it did not, the root is empty and the work tree is not tied to its repository.
        """
        try:
            tree.link(loan.files)
            shutil.copy2(loan.index, tree.admin / "index")
            loan.files.rename(tree.root)
            self._reset(tree, target)
        except (OSError, GitError):
            shutil.rmtree(tree.admin, ignore_errors=True)
            remove_tree(tree.root)
            tree.root.mkdir()
            return False
        return True

    def _reset(self, tree: WorkTree, target: Target) -> None:
        head = f"ref: refs/heads/{target.branch}" if target.branch else target.commit
        (tree.admin / "HEAD").write_text(f"{head}\n")
        self.runner.run(_RESET, tree.call(config=_CONFIG))
