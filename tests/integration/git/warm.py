"""Promotions that leave a work tree behind, and what to compare the next one's with."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from promotions.gateways.git.gateway import GitGateway, open_git
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion

Listing = dict[str, tuple[str, int, bytes]]

FILES = {
    "values.yaml": "tag: v1\n",
    "apps/a/x.yaml": "a: 1\n",
    "apps/a/y.yaml": "b: 1\n",
    "apps/b/deep/z.yaml": "c: 1\n",
    "charts/run.sh": "#!/bin/sh\nexit 0\n",
    ".gitignore": "cache/\n*.tmp\n",
}


def make_origin(path: Path) -> Origin:
    """Return a repository with files, folders, a program and a link."""
    origin = Origin.create(path, FILES)
    (origin.bobs / "link").symlink_to("apps/a/x.yaml")
    (origin.bobs / "charts/run.sh").chmod(0o755)
    origin.commit({}, "A link and a program")
    return origin


@dataclass
class Warmth:
    """Runs one promotion after the other, each in a work directory of its own below ``base``."""

    git: GitGateway
    url: str
    base: Path

    @contextmanager
    def promotion(self) -> Iterator[Promotion]:
        """Yield a promotion that is released and removed afterwards, as the platform does it."""
        with TemporaryDirectory(dir=self.base, prefix="p", ignore_cleanup_errors=True) as folder:
            workdir = Path(folder)
            yield Promotion(git=self.git, workdir=workdir, url=self.url)
            self.git.workspaces.release(workdir=str(workdir))

    @property
    def pool(self) -> Path:
        return self.git.workspaces.runner.settings.cache_dir / "trees"

    def idle(self) -> list[Path]:
        """Return the work trees that wait for somebody."""
        return sorted(self.pool.glob("idle/*/*"))

    def left(self) -> list[Path]:
        """Return what is on loan or being removed."""
        return [*self.pool.glob("lent/*/*"), *self.pool.glob("trash/*")]


def with_trees(gateway: GitGateway, **limits: object) -> GitGateway:
    """Return ``gateway`` with other limits on work trees; every tree is worth keeping."""
    settings = gateway.workspaces.runner.settings
    trees = replace(settings.trees, **{"warm_files": 1, **limits})  # type: ignore[arg-type] # the tests' own
    return open_git(replace(settings, trees=trees))


def listing(root: Path) -> Listing:
    """Return kind, permissions and content of everything below ``root`` but its ``.git``."""
    found: Listing = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder, name)
            shown = path.relative_to(root).as_posix()
            if shown != ".git":
                found[shown] = _one(path)
    return found


def fresh(url: str, base: Path, *, ref: str = "main") -> Listing:
    """Return what plain Git checks out of ``ref`` in a full clone."""
    target = base / "plain"
    shutil.rmtree(target, ignore_errors=True)
    git("clone", "-q", "--no-local", url, str(target), cwd=base)
    git("checkout", "-q", "--detach", _resolved(ref, target), cwd=target)
    shutil.rmtree(target / ".git")
    return listing(target)


def _resolved(ref: str, clone: Path) -> str:
    try:
        return git("rev-parse", "--verify", "-q", f"origin/{ref}", cwd=clone)
    except subprocess.CalledProcessError:
        return ref


def _one(path: Path) -> tuple[str, int, bytes]:
    status = path.lstat()
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "link", 0, os.fsencode(path.readlink())
    if stat.S_ISDIR(status.st_mode):
        return "folder", mode, b""
    return "file", mode, path.read_bytes() if stat.S_ISREG(status.st_mode) else b"?"
