"""What the fakes of Git hosting share: a real bare repository with pull requests beside it."""

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Host"), ("EMAIL", "host@example.com"))
    },
}


class ConflictError(Exception):
    """The branches cannot be merged."""


@dataclass
class Pull:
    """A pull request; ``state`` is ``open``, ``closed`` or ``merged``."""

    number: int
    title: str
    description: str
    source: str
    target: str
    head: str
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    merged_as: str = ""
    squashed_as: str = ""
    is_draft: bool = False
    is_fork: bool = False
    looks_until_merged: int = 0
    how: str = ""

    @property
    def created_at(self) -> str:
        return f"2026-03-01T10:{self.number // 60 % 60:02}:{self.number % 60:02}Z"


@dataclass
class HostedRepository:
    """A bare repository and its pull requests.

    A pull request shows the head that its branch had when it was last looked at by itself, as
    hosts take a while to notice a push.

    Attributes:
        protected: Branches that the token may not merge into.
        checking: How many more looks find it undecided whether the branches can be merged.
        background: How many looks a merge takes, at hosts that merge in the background.
    """

    path: Path
    pulls: dict[int, Pull] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    checking: int = 0
    background: int = 0

    @classmethod
    def create(cls, path: Path) -> "HostedRepository":
        """Make a repository whose branch ``main`` has one commit."""
        shutil.copytree(_begun(), path)
        return cls(path)

    def commit(
        self, branch: str, files: dict[str, str], *, message: str = "Change", base: str = "main"
    ) -> str:
        """Commit files to a branch, made from ``base`` if it is new, and return the id."""
        start = self.head(branch) or self.head(base)
        lines = [f"commit refs/heads/{branch}", "committer A <a@example.com> 1 +0000"]
        lines += [_data(message), *([f"from {start}"] if start else [])]
        for name, content in files.items():
            lines += [f"M 100644 inline {name}", _data(content)]
        self.git("fast-import", "--quiet", stdin="\n".join(lines) + "\n")
        return self.head(branch)

    def head(self, branch: str) -> str:
        """Return a branch's commit, or nothing if there is no such branch."""
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")

    def delete(self, branch: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{branch}")

    def whole(self, short: str) -> str:
        """Return the id of a commit that is given by its beginning, or nothing."""
        found = self.git("rev-list", "--all", "--max-count=1000").split()
        return next((commit for commit in found if len(short) > 6 and commit.startswith(short)), "")

    def is_same(self, source: str, target: str) -> bool:
        """Return whether the source has no commit that the target has not."""
        return not self.git("rev-list", "-1", f"{self.head(target)}..{self.head(source)}")

    def open(self, title: str, description: str, source: str, target: str) -> Pull:
        pull = Pull(len(self.pulls) + 1, title, description, source, target, self.head(source))
        self.pulls[pull.number] = pull
        return pull

    def opened(self, source: str, target: str) -> Pull | None:
        """Return the open pull request between two branches."""
        found = (it for it in self.pulls.values() if (it.source, it.target) == (source, target))
        return next((it for it in found if it.state == "open" and not it.is_fork), None)

    def look(self, pull: Pull) -> Pull:
        """Bring a pull request up to date with its branch and with merges in the background."""
        if pull.state == "open" and not pull.is_fork:
            pull.head = self.head(pull.source) or pull.head
        if pull.looks_until_merged:
            pull.looks_until_merged -= 1
            if not pull.looks_until_merged:
                self.merge(pull, how=pull.how)
        return pull

    def is_undecided(self) -> bool:
        """Return whether this look finds it undecided if branches can be merged."""
        self.checking = max(self.checking - 1, -1)
        return self.checking >= 0

    def can_merge(self, pull: Pull) -> bool:
        return bool(self.head(pull.target)) and self._merged_tree(pull) is not None

    def merge_later(self, pull: Pull, *, how: str) -> None:
        """Merge now, or after as many looks as a merge takes here."""
        pull.looks_until_merged, pull.how = self.background, how
        if not self.background:
            self.merge(pull, how=how)

    def merge(self, pull: Pull, *, how: str = "merge") -> None:
        """Merge as ``merge``, ``squash`` or ``fast-forward``, as somebody at the host would.

        Raises:
            ConflictError: The branches cannot be merged.
        """
        target = self.head(pull.target)
        tree = self._merged_tree(pull)
        if tree is None or not target:
            raise ConflictError
        if how == "fast-forward":
            pull.merged_as = pull.head
        else:
            parents = [target] if how == "squash" else [target, pull.head]
            flags = [part for parent in parents for part in ("-p", parent)]
            message = f"{pull.title}\n\nPull request {pull.number}"
            pull.merged_as = self.git("commit-tree", tree, *flags, "-m", message)
        self.git("update-ref", f"refs/heads/{pull.target}", pull.merged_as, target)
        pull.state = "merged"

    def git(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(  # noqa: S603 - Git, with arguments of the test's own
            ["git", "-C", str(self.path), *arguments],  # noqa: S607 - the tests want PATH's git
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            env=_ENVIRONMENT,
        )
        return done.stdout.strip()

    def _merged_tree(self, pull: Pull) -> str | None:
        try:
            merged = self.git("merge-tree", "--write-tree", self.head(pull.target), pull.head)
        except subprocess.CalledProcessError:
            return None
        return merged.splitlines()[0]


@cache
def _begun() -> Path:
    """Return a repository to copy: Git is asked once, not by each test."""
    folder = Path(tempfile.mkdtemp(prefix="kargo-hosted-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "begun.git"
    subprocess.run(  # noqa: S603 - Git, with a path of our own
        ["git", "init", "-q", "--bare", "-b", "main", str(path)],  # noqa: S607 - the tests want PATH's git
        check=True,
        env=_ENVIRONMENT,
    )
    repository = HostedRepository(path)
    repository.git("config", "http.receivepack", "true")
    repository.commit("main", {"README.md": "hello\n"}, message="Begin")
    for example in path.glob("hooks/*.sample"):
        example.unlink()
    return path


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
