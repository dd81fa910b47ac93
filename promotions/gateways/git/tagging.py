"""Tags the HEAD of a work tree, so that doing it again is no mistake."""

from dataclasses import dataclass

from common.errors import ConflictError
from promotions.gateways.git.refs import read_ref
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.signing import Keyring
from promotions.gateways.git.validation import check_ref_name
from promotions.gateways.git.work_tree import WorkTree
from promotions.ports.workspaces import TagRequest

_TAGS = "refs/tags/"
_TAG = ("tag", "--annotate", "--cleanup=whitespace", "--file=-")
_SIGNATURE = "-----BEGIN "


@dataclass(frozen=True, slots=True)
class Tagger:
    """Makes annotated tags, signed if the clone signs."""

    runner: GitRunner

    def tag(self, tree: WorkTree, request: TagRequest) -> str:
        """Make the tag and return HEAD's id; the same tag on the same commit is a success.

        Raises:
            ConflictError: The tag is there, on something else, and may not be moved.
        """
        name = check_ref_name(request.tag)
        head = tree.head()[0]
        there = read_ref(tree.repository, f"{_TAGS}{name}")
        if there and self._is_wanted(tree, there, head=head, request=request):
            return head
        if there and not request.force:
            raise ConflictError(
                f'The tag "{name}" is on something else; choose another, or set force: true.',
                code="git_tag_exists",
            )
        tree.unlock()
        Keyring(self.runner, home=tree.home).recover()
        force = ("--force",) if request.force else ()
        self.runner.run(
            (*_TAG, *force, "--end-of-options", name, "HEAD"),
            tree.call(),
            stdin=request.message.encode(),
        )
        return head

    def _is_wanted(self, tree: WorkTree, there: str, *, head: str, request: TagRequest) -> bool:
        """Tell whether object ``there`` is what the request would make.

        One that may be moved is kept only if its message is the same too.
        """
        kind = self.runner.run(("cat-file", "-t", there), tree.call()).strip()
        if kind != "tag":
            return False
        text = self.runner.run(("cat-file", "tag", there), tree.call())
        header, _, body = text.partition("\n\n")
        if f"object {head}" not in header.splitlines():
            return False
        return not request.force or body.partition(_SIGNATURE)[0].strip() == request.message.strip()
