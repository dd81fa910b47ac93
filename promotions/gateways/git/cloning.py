"""Makes a promotion's clone: a bare repository that borrows the mirror's objects, and work trees.

The files of the clone are written directly; per work tree Git runs once, to write the files.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from common.errors import PlatformError
from common.removal import remove_tree
from promotions.gateways.git import config_file
from promotions.gateways.git.extent import Extent, extent_of
from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.mirror import BRANCHES, TAGS, Mirror, MirrorCache
from promotions.gateways.git.owners import TREES, pool_name
from promotions.gateways.git.refs import write_refs
from promotions.gateways.git.runner import GitRunner
from promotions.gateways.git.signing import Keyring
from promotions.gateways.git.submodules import SubmoduleWriter
from promotions.gateways.git.targets import Target, TargetFinder, checked
from promotions.gateways.git.tree_writer import TreeWriter
from promotions.gateways.git.warm_trees import Kind, WarmTrees
from promotions.gateways.git.work_tree import (
    PREFIX,
    REPOSITORY,
    WorkTree,
    base_key,
    plain_folders,
    seal,
)
from promotions.ports.git import CorruptRepositoryError, WorkTreeError
from promotions.ports.workspaces import Checkout, CloneRequest


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a clone is made, and from what.

    Attributes:
        pool: Which warm work trees it may have.
    """

    home: Path
    repository: Path
    mirror: Mirror
    pool: str
    has_submodules: bool


@dataclass(frozen=True, slots=True)
class Cloner:
    """Makes clones with work trees."""

    runner: GitRunner
    mirrors: MirrorCache

    @property
    def warm_trees(self) -> WarmTrees:
        """The work trees that finished promotions have left."""
        settings = self.runner.settings
        return WarmTrees(settings.cache_dir / TREES, settings.trees)

    def clone(self, request: CloneRequest) -> tuple[str, ...]:
        """Make the work trees that ``request`` asks for; return their commit ids in order."""
        mirror = self.mirrors.mirror(request.remote)
        checkouts = checked(request.checkouts)
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
        targets = TargetFinder(self.runner, mirror, request.identity).find(checkouts)
        home = home_of(request)
        try:
            self._remove(home)
            place = _Place(
                home=home,
                repository=self._repository(request, mirror, home, targets=targets),
                mirror=mirror,
                pool=_pool(request, mirror),
                has_submodules=request.recurse_submodules,
            )
            trees = [
                self._work_tree(place, checkout, target, index=index)
                for index, (checkout, target) in enumerate(zip(checkouts, targets, strict=True))
            ]
        except OSError as error:
            self._remove(home)
            raise storage_failure(error) from error
        except PlatformError:
            self._remove(home)
            raise
        return tuple(tree.head()[0] for tree in trees)

    def _remove(self, home: Path) -> None:
        """Remove what an earlier attempt left; its work trees may be of use again."""
        self.warm_trees.take_back(home.parent, home=home)
        remove_clone(home)

    def _repository(
        self, request: CloneRequest, mirror: Mirror, home: Path, *, targets: list[Target]
    ) -> Path:
        repository = home / REPOSITORY
        home.mkdir(mode=0o700)
        for name in ("objects/info", "objects/pack", "refs/heads"):
            (repository / name).mkdir(parents=True)
        mirror.lend(repository)
        (repository / "HEAD").write_text("ref: refs/heads/main\n")
        write_refs(repository, _borrowed(mirror))
        signing = Keyring(self.runner, home=home).install(request.identity)
        sections = {**_config(request, mirror, repository), **signing}
        for index, target in enumerate(targets):
            sections["kargo"][base_key(str(index))] = target.commit
        (repository / "config").write_text(config_file.render(sections))
        seal(repository, key=self.mirrors.secret())
        return repository

    def _work_tree(
        self, place: _Place, checkout: Checkout, target: Target, *, index: int
    ) -> WorkTree:
        asked = Path(checkout.path)
        if _is_in_a_home(asked, workdir=place.home.parent):
            raise WorkTreeError(f'"{asked.name}" belongs to the platform; choose another path.')
        if asked.exists() and (not asked.is_dir() or any(asked.iterdir())):
            raise WorkTreeError(f'"{asked.name}" already exists and is not an empty directory.')
        asked.mkdir(parents=True, exist_ok=True)
        root = Path(os.path.realpath(asked))
        tree = WorkTree(
            repository=place.repository,
            admin=place.repository / "worktrees" / str(index),
            root=root,
            path=root,
        )
        folders = plain_folders(checkout.sparse)
        extent = extent_of(
            target.commit,
            runner=self.runner,
            call=place.mirror.call(),
            limits=self.runner.settings.trees,
            sparse=folders,
        )
        if checkout.sparse:
            TreeWriter(self.runner).write_sparse(tree, target, folders=checkout.sparse)
        else:
            self._full(place, tree, target, extent)
        if place.has_submodules:
            SubmoduleWriter(self.runner, self.mirrors).write(
                mirror=place.mirror,
                commit=target.commit,
                root=root,
                extent=extent,
                scratch=place.home,
            )
        return tree

    def _full(self, place: _Place, tree: WorkTree, target: Target, extent: Extent) -> None:
        """Write the whole work tree, from one that another promotion had if there is any."""
        writer = TreeWriter(self.runner)
        pool = self.warm_trees
        if place.has_submodules or not pool.is_for(extent, workdir=place.home.parent):
            writer.write(tree, target)
            return
        kind = Kind(pool=place.pool, branch=target.branch, attributes=extent.attributes)
        loan = pool.take(kind, commit=target.commit, workdir=place.home.parent)
        if loan is not None and not writer.move(tree, target, loan):
            pool.give_up(loan)
            loan = None
        if loan is None:
            loan = pool.open(kind, workdir=place.home.parent)
            writer.write(tree, target)
        pool.note(
            loan, root=tree.root, index=tree.admin / "index", home=place.home,
            commit=target.commit, extent=extent,
        )  # fmt: skip


def home_of(request: CloneRequest) -> Path:
    """Return where the clone of ``request`` keeps everything; the same for the same owner."""
    name = hashlib.sha256(request.owner.encode()).hexdigest()[:12]
    return Path(os.path.realpath(request.workdir)) / f"{PREFIX}{name}"


def remove_clone(home: Path) -> None:
    """Remove a clone and its work trees, if there are any; of a link only itself."""
    links = () if home.is_symlink() else home.glob(f"{REPOSITORY}/worktrees/*/gitdir")
    for link in links:
        named = link.read_text(errors="replace").replace("\0", "").strip()
        root = Path(os.path.realpath(Path(named).parent))
        if home.parent in root.parents and _belongs(root, admin=link.parent):
            remove_tree(root)
    remove_tree(home)


def _belongs(root: Path, *, admin: Path) -> bool:
    link = root / ".git"
    return link.is_file() and link.read_text(errors="replace").strip() == f"gitdir: {admin}"


def _is_in_a_home(path: Path, *, workdir: Path) -> bool:
    """Return whether a path leads into where a clone keeps everything, this one or another."""
    inner = os.path.relpath(os.path.realpath(path), workdir)
    top = workdir / inner.split("/", maxsplit=1)[0]
    return top.name.startswith(PREFIX) and (top / REPOSITORY / "HEAD").exists()


def _pool(request: CloneRequest, mirror: Mirror) -> str:
    """Return what stands for the repository, the credential and the tenant."""
    text = f"{mirror.folder.name}\0{request.remote.tenant_uid}"
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    return pool_name(key, request.remote.tenant_uid)


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
