"""A work tree of a promotion, and how it is found again from a path alone.

Every file in a promotion's work directory may have been written by a step, so nothing in it is
believed. Configuration is where Git would run programs from: ours is sealed with this host's
key, and a work tree whose seal is broken, or that leads out of the work directory, is refused.
Git is told where its folders are and does not go looking.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from promotions.gateways.git import config_file
from promotions.gateways.git.refs import head_of
from promotions.gateways.git.runner import Call
from promotions.ports.git import Remote, WorkTreeError

REPOSITORY = "repo"
PREFIX = "repo-"
_SEAL = "kargo.seal"
_SPARSE = "info/sparse-checkout"
_SPARSE_CONFIG = (
    ("core.sparseCheckout", "true"),
    ("core.sparseCheckoutCone", "true"),
    ("index.sparse", "true"),
)
_LONGEST_LINK = 4096


@dataclass(frozen=True, slots=True)
class WorkTree:
    """One work tree.

    Attributes:
        repository: The bare repository it belongs to.
        admin: The work tree's own folder in that repository.
        root: Where its files are.
        path: Where commands run: the root, or a folder below it.
    """

    repository: Path
    admin: Path
    root: Path
    path: Path

    @property
    def home(self) -> Path:
        """The private home folder of everything that runs for this clone."""
        return self.repository.parent

    def head(self) -> tuple[str, str]:
        """Return HEAD's commit id and its branch, empty if detached."""
        return head_of(self.admin, repository=self.repository)

    def config(self) -> config_file.Sections:
        """Return the clone's configuration."""
        return config_file.read((self.repository / "config").read_text())

    def base(self) -> str:
        """Return the id of the commit that was checked out, whatever HEAD is now."""
        return self.config()["kargo"][base_key(self.admin.name)]

    def call(
        self,
        *,
        remote: Remote | None = None,
        env: dict[str, str] | None = None,
        config: tuple[tuple[str, str], ...] = (),
    ) -> Call:
        """Return the surroundings of a Git process in this work tree."""
        sparse = _SPARSE_CONFIG if (self.admin / _SPARSE).exists() else ()
        return Call(
            cwd=self.path,
            home=self.home,
            remote=remote,
            env={
                "GIT_DIR": str(self.admin),
                "GIT_COMMON_DIR": str(self.repository),
                "GIT_WORK_TREE": str(self.root),
                **(env or {}),
            },
            config=(*sparse, *config),
        )

    def link(self, files: Path) -> None:
        """Write what ties the work tree and its repository together.

        ``files`` is where the files are now: at the root, or about to be moved there.
        """
        self.admin.mkdir(parents=True)
        (self.admin / "commondir").write_text("../..\n")
        (self.admin / "gitdir").write_text(f"{self.root}/.git\n")
        with (files / ".git").open("x") as link:
            link.write(f"gitdir: {self.admin}\n")

    def sparsen(self, folders: tuple[str, ...]) -> None:
        """Restrict the work tree to ``folders`` and the files above them."""
        target = self.admin / _SPARSE
        target.parent.mkdir(exist_ok=True)
        target.write_text(cone(folders))

    def unlock(self) -> None:
        """Remove the lock files of a killed process; a promotion has only one at a time."""
        for name in ("index.lock", "HEAD.lock", "ORIG_HEAD.lock"):
            (self.admin / name).unlink(missing_ok=True)
        for path in (self.repository / "refs").rglob("*.lock"):
            path.unlink(missing_ok=True)


def base_key(name: str) -> str:
    """Return the key, in section ``kargo``, of the commit that work tree ``name`` started from."""
    return f"base{name}"


def seal(repository: Path, *, key: bytes) -> None:
    """Vouch for the configuration of ``repository`` as it is now."""
    (repository / _SEAL).write_text(_seal_of(repository, key))


def locate(path: str, *, workdir: str, key: bytes) -> WorkTree:
    """Return the work tree that ``path`` is in.

    Raises:
        WorkTreeError: It is in none, or the one it is in is not as the platform left it.
    """
    base = Path(os.path.realpath(workdir))
    inner = Path(os.path.realpath(path))
    if not inner.is_dir():
        raise WorkTreeError("There is no such directory; check it out with git-clone first.")
    root = _root_of(inner, base=base)
    admin = _admin_of(root)
    repository = admin.parent.parent
    home = repository.parent
    is_ours = (
        admin.parent.name == "worktrees"
        and repository.name == REPOSITORY
        and home.parent == base
        and home.name.startswith(PREFIX)
        and Path(os.path.realpath(admin)) == admin
    )
    if not is_ours or not _is_sealed(repository, key):
        raise WorkTreeError("This is not a work tree made by git-clone, or it was tampered with.")
    return WorkTree(repository=repository, admin=admin, root=root, path=inner)


def work_trees_in(workdir: str, *, key: bytes) -> Iterator[WorkTree]:
    """Yield the work trees of a promotion that are still there, in the order of their paths.

    Raises:
        WorkTreeError: One is not as the platform left it.
    """
    base = Path(os.path.realpath(workdir))
    links = base.glob(f"{PREFIX}*/{REPOSITORY}/worktrees/*/gitdir")
    roots = {Path(_first_line(link)).parent for link in links}
    for root in sorted(roots):
        if root.is_dir():
            yield locate(str(root), workdir=workdir, key=key)


def plain_folders(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``folders`` sorted and without what makes no difference; empty if one is the root.

    Raises:
        WorkTreeError: A folder is not a plain relative path.
    """
    wanted: set[str] = set()
    for folder in folders:
        parts = [part for part in folder.split("/") if part not in {"", "."}]
        if folder.startswith("/") or ".." in parts or any(mark in folder for mark in "*?[\\\n"):
            raise WorkTreeError(
                f'"{folder}" cannot be a sparse directory; write a plain path from the root.'
            )
        wanted.add("/".join(parts))
    return () if "" in wanted else tuple(sorted(wanted))


def cone(folders: tuple[str, ...]) -> str:
    """Return Git's sparse patterns, in cone mode, for ``folders``.

    Raises:
        WorkTreeError: A folder is not a plain relative path.

    Source: git-sparse-checkout(1), "Internals: cone pattern set".
    """
    wanted = plain_folders(folders)
    if not wanted:
        return "/*\n"
    parents: set[str] = set()
    for folder in wanted:
        parts = folder.split("/")
        parents |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
    lines = ["/*", "!/*/"]
    for folder in sorted(parents - set(wanted)):
        lines += [f"/{folder}/", f"!/{folder}/*/"]
    lines += [f"/{folder}/" for folder in wanted]
    return "\n".join(lines) + "\n"


def _root_of(path: Path, *, base: Path) -> Path:
    for candidate in (path, *path.parents):
        if base not in candidate.parents:
            break
        if (candidate / ".git").is_file():
            return candidate
    raise WorkTreeError("This is not in a work tree; check it out with git-clone first.")


def _admin_of(root: Path) -> Path:
    return Path(os.path.normpath(_first_line(root / ".git").removeprefix("gitdir: ")))


def _first_line(path: Path) -> str:
    """Return what a small file says; a step may have put anything there."""
    with path.open(errors="replace") as file:
        return file.read(_LONGEST_LINK).replace("\0", "").strip()


def _is_sealed(repository: Path, key: bytes) -> bool:
    try:
        found = (repository / _SEAL).read_text()
        return hmac.compare_digest(found, _seal_of(repository, key))
    except (OSError, TypeError, ValueError):
        return False


def _seal_of(repository: Path, key: bytes) -> str:
    content = (repository / "config").read_bytes()
    return hmac.new(key, f"{repository}\0".encode() + content, hashlib.sha256).hexdigest()
