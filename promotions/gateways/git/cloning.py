"""Makes a promotion's clone: a bare repository that borrows the mirror's objects, and work trees.

The files of the clone are written directly; per work tree Git runs once, to write the files.
"""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from common.errors import PlatformError
from promotions.gateways.git import config_file
from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.mirror import BRANCHES, TAGS, Mirror, MirrorCache
from promotions.gateways.git.refs import write_refs
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.signing import Keyring
from promotions.gateways.git.validation import check_ref_name, is_commit_id
from promotions.gateways.git.work_tree import PREFIX, REPOSITORY, WorkTree, seal
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import (
    CorruptRepositoryError,
    GitError,
    PushRejectedError,
    RefNotFoundError,
    WorkTreeError,
)
from promotions.ports.workspaces import Checkout, CloneRequest

_ABBREVIATED = re.compile(r"[0-9a-f]{4,64}")
_PARALLEL = (("checkout.workers", "0"),)
_FRESH_SUBMODULES = ("submodule", "--quiet", "update", "--init", "--recursive")


@dataclass(frozen=True, slots=True)
class _Target:
    """What a work tree's HEAD will be: a branch by name, or a commit."""

    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Cloner:
    """Makes clones with work trees."""

    runner: GitRunner
    mirrors: MirrorCache

    def clone(self, request: CloneRequest) -> tuple[str, ...]:
        """Make the work trees that ``request`` asks for; return their commit ids in order."""
        mirror = self.mirrors.mirror(request.remote)
        checkouts = _checked(request.checkouts)
        mirror.fetch()
        try:
            return self._clone(request, mirror, checkouts)
        except CorruptRepositoryError:
            mirror.discard()
            mirror.fetch()
            return self._clone(request, mirror, checkouts)

    def _clone(
        self, request: CloneRequest, mirror: Mirror, checkouts: tuple[Checkout, ...]
    ) -> tuple[str, ...]:
        targets = self._targets(mirror, checkouts, identity=request.identity)
        home = home_of(request)
        try:
            remove_clone(home)
            repository = self._repository(request, mirror, home)
            trees = [
                self._work_tree(repository, checkout, target, index=index)
                for index, (checkout, target) in enumerate(zip(checkouts, targets, strict=True))
            ]
            if request.recurse_submodules:
                self._submodules(trees, mirror)
        except OSError as error:
            remove_clone(home)
            raise storage_failure(error) from error
        except PlatformError:
            remove_clone(home)
            raise
        return tuple(tree.head()[0] for tree in trees)

    def _targets(
        self, mirror: Mirror, checkouts: tuple[Checkout, ...], *, identity: GitIdentity
    ) -> list[_Target]:
        targets = [self._target(mirror, checkout, identity=identity) for checkout in checkouts]
        branches = [target.branch for target in targets if target.branch]
        for branch in branches:
            if branches.count(branch) > 1:
                raise WorkTreeError(f'Branch "{branch}" can be checked out only once.')
        return targets

    def _target(self, mirror: Mirror, checkout: Checkout, *, identity: GitIdentity) -> _Target:
        if checkout.commit:
            return _Target(branch="", commit=self._commit(mirror, checkout.commit))
        if checkout.tag:
            return _Target(branch="", commit=self._peeled(mirror, f"{TAGS}{checkout.tag}"))
        branch = checkout.branch or mirror.listing().head
        if branch and not mirror.branch(branch) and checkout.create:
            self._create_branch(mirror, branch, identity=identity)
        if not branch or not mirror.branch(branch):
            raise RefNotFoundError(
                f'The repository has no branch "{branch}"; set create: true to make it.'
                if branch
                else "The repository is empty, or has no default branch; name a branch."
            )
        return _Target(branch=branch, commit=mirror.branch(branch))

    def _commit(self, mirror: Mirror, wanted: str) -> str:
        if not _ABBREVIATED.fullmatch(wanted):
            refs = mirror.refs()
            name = next(
                (ref for ref in (f"{TAGS}{wanted}", f"{BRANCHES}{wanted}") if ref in refs), ""
            )
            return self._peeled(mirror, name or f"{TAGS}{wanted}")
        try:
            return self._peeled(mirror, wanted)
        except RefNotFoundError:
            if not is_commit_id(wanted):
                raise
        mirror.fetch_commit(wanted)
        return self._peeled(mirror, wanted)

    def _peeled(self, mirror: Mirror, name: str) -> str:
        try:
            found = self.runner.run(
                ("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}"), mirror.call()
            )
        except CorruptRepositoryError:
            raise
        except GitError as error:
            shown = name.removeprefix(TAGS)
            raise RefNotFoundError(f'The repository has no tag or commit "{shown}".') from error
        return found.strip()

    def _create_branch(self, mirror: Mirror, branch: str, *, identity: GitIdentity) -> None:
        """Push an empty first commit as ``branch``; somebody else may have been faster."""
        call = mirror.call(talking=True)
        signed_by = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", identity.name), ("EMAIL", identity.email))
        }
        call = replace(call, env={**(call.env or {}), **signed_by})
        tree = self.runner.run(("mktree",), call).strip()
        commit = self.runner.run(("commit-tree", tree), call, stdin=b"Initial commit\n").strip()
        try:
            self.runner.run(
                ("push", "--quiet", "--end-of-options", mirror.remote.url,
                 f"{commit}:refs/heads/{branch}"),
                call,
            )  # fmt: skip
        except PushRejectedError:
            mirror.fetch()
            if mirror.branch(branch):
                return
            raise
        mirror.fetch()

    def _repository(self, request: CloneRequest, mirror: Mirror, home: Path) -> Path:
        repository = home / REPOSITORY
        home.mkdir(mode=0o700)
        for name in ("objects/info", "objects/pack", "refs/heads"):
            (repository / name).mkdir(parents=True)
        (repository / "objects/info/alternates").write_text(f"{mirror.git_dir}/objects\n")
        (repository / "HEAD").write_text("ref: refs/heads/main\n")
        write_refs(repository, _borrowed(mirror))
        signing = Keyring(self.runner, home=home).install(request.identity)
        (repository / "config").write_text(
            config_file.render({**_config(request, mirror, repository), **signing})
        )
        seal(repository, key=self.mirrors.secret())
        return repository

    def _work_tree(
        self, repository: Path, checkout: Checkout, target: _Target, *, index: int
    ) -> WorkTree:
        asked = Path(checkout.path)
        if asked.exists() and (not asked.is_dir() or any(asked.iterdir())):
            raise WorkTreeError(f'"{asked.name}" already exists and is not an empty directory.')
        asked.mkdir(parents=True, exist_ok=True)
        root = Path(os.path.realpath(asked))
        tree = WorkTree(
            repository=repository,
            admin=repository / "worktrees" / str(index),
            root=root,
            path=root,
        )
        tree.link()
        head = f"ref: refs/heads/{target.branch}" if target.branch else target.commit
        (tree.admin / "HEAD").write_text(f"{head}\n")
        if checkout.sparse:
            tree.sparsen(checkout.sparse)
        self.runner.run(("reset", "--quiet", "--hard"), tree.call(config=_PARALLEL))
        return tree

    def _submodules(self, trees: list[WorkTree], mirror: Mirror) -> None:
        for tree in trees:
            # The one place where Git may find its folders by itself: they were made just now.
            call = replace(tree.call(remote=mirror.remote), env={})
            self.runner.run(_FRESH_SUBMODULES, call)
            seal(tree.repository, key=self.mirrors.secret())


def home_of(request: CloneRequest) -> Path:
    """Return where the clone of ``request`` keeps everything; the same for the same owner."""
    name = hashlib.sha256(request.owner.encode()).hexdigest()[:12]
    return Path(os.path.realpath(request.workdir)) / f"{PREFIX}{name}"


def remove_clone(home: Path) -> None:
    """Remove a clone and its work trees, if there are any."""
    if home.is_symlink() or home.is_file():
        home.unlink()
    for link in home.glob(f"{REPOSITORY}/worktrees/*/gitdir"):
        named = link.read_text(errors="replace").replace("\0", "").strip()
        root = Path(os.path.realpath(Path(named).parent))
        if home.parent in root.parents and _belongs(root, admin=link.parent):
            shutil.rmtree(root)
    shutil.rmtree(home, ignore_errors=True)


def _belongs(root: Path, *, admin: Path) -> bool:
    link = root / ".git"
    return link.is_file() and link.read_text(errors="replace").strip() == f"gitdir: {admin}"


def _checked(checkouts: tuple[Checkout, ...]) -> tuple[Checkout, ...]:
    for checkout in checkouts:
        for name in (checkout.branch, checkout.tag):
            if name:
                check_ref_name(name)
        if checkout.commit and not _ABBREVIATED.fullmatch(checkout.commit):
            check_ref_name(checkout.commit)
    return checkouts


def _borrowed(mirror: Mirror) -> dict[str, str]:
    refs: dict[str, str] = {}
    for name, value in mirror.refs().items():
        if name.startswith(BRANCHES):
            refs[name] = value
            refs[f"refs/heads/{name.removeprefix(BRANCHES)}"] = value
        elif name.startswith(TAGS):
            refs[name] = value
    return refs


def _config(request: CloneRequest, mirror: Mirror, repository: Path) -> dict[str, dict[str, str]]:
    verify = {} if not request.remote.insecure_skip_tls_verify else {"sslVerify": "false"}
    return {
        "core": {"repositoryformatversion": "0", "bare": "true"},
        "init": {"defaultBranch": "main"},
        'remote "origin"': {
            "url": mirror.remote.url,
            "fetch": "+refs/heads/*:refs/remotes/origin/*",
        },
        "user": {"name": request.identity.name, "email": request.identity.email},
        "kargo": {
            "repoDir": str(repository),
            "repoHomeDir": str(repository.parent),
            "repoOriginalURL": request.remote.url,
        },
        "http": verify,
    }
