"""A bare repository to test against, and a second person who works in it with plain Git."""

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ENV = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Bob",
    "GIT_AUTHOR_EMAIL": "bob@example.com",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.com",
}
_REMOTE = '[remote "origin"]\n\turl = {path}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'


@dataclass(frozen=True)
class Origin:
    """A bare repository at ``path``, with a work tree beside it that only Bob uses."""

    path: Path

    @property
    def url(self) -> str:
        return f"file://{self.path}"

    @property
    def bobs(self) -> Path:
        return self.path.with_suffix(".bob")

    @classmethod
    def create(cls, path: Path, files: dict[str, str] | None = None) -> "Origin":
        origin = cls(path)
        begun, bobs = _begun(is_empty=bool(files))
        shutil.copytree(begun, path)
        shutil.copytree(bobs, origin.bobs)
        with (origin.bobs / ".git" / "config").open("a") as config:
            config.write(_REMOTE.format(path=path))
        if files:
            origin.commit(files, "Start")
        return origin

    def commit(self, files: dict[str, str], message: str, *, branch: str = "main") -> str:
        """Commit ``files`` on top of the remote branch, push, and return the commit id."""
        if self.branch(branch):
            git("fetch", "-q", "origin", cwd=self.bobs)
            git("checkout", "-q", "-B", branch, f"origin/{branch}", cwd=self.bobs)
        elif branch != "main":
            git("checkout", "-q", "-B", branch, cwd=self.bobs)
        for name, text in files.items():
            target = self.bobs / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        git("add", "-A", cwd=self.bobs)
        git("commit", "-q", "--allow-empty", "-m", message, cwd=self.bobs)
        git("push", "-q", "origin", f"HEAD:refs/heads/{branch}", cwd=self.bobs)
        return git("rev-parse", "HEAD", cwd=self.bobs)

    def tag(self, name: str, *, message: str = "") -> None:
        git("tag", *(("-a", "-m", message) if message else ()), name, cwd=self.bobs)
        git("push", "-q", "origin", f"refs/tags/{name}", cwd=self.bobs)

    def branch(self, name: str) -> str:
        """Return the commit id of a branch, or an empty string."""
        listed = git("for-each-ref", "--format=%(objectname)", f"refs/heads/{name}", cwd=self.path)
        return listed.splitlines()[0] if listed else ""

    def subjects(self, branch: str = "main") -> list[str]:
        return git("log", "--format=%s", branch, cwd=self.path).splitlines()

    def show(self, name: str, branch: str = "main") -> str:
        return git("show", f"{branch}:{name}", cwd=self.path)


@cache
def _begun(*, is_empty: bool) -> tuple[Path, Path]:
    """Return a bare repository and Bob's work tree to copy: Git is asked once, not by each test."""
    folder = Path(tempfile.mkdtemp(prefix="kargo-origin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    bare, bobs = folder / "origin.git", folder / "origin.bob"
    git("init", "-q", "--bare", "-b", "main", str(bare), cwd=folder)
    git("config", "http.receivepack", "true", cwd=bare)
    git("config", "uploadpack.allowAnySHA1InWant", "true", cwd=bare)
    git("init", "-q", "-b", "main", str(bobs), cwd=folder)
    if not is_empty:
        git("remote", "add", "origin", str(bare), cwd=bobs)
        Origin(bare).commit({"values.yaml": "tag: v1\n", "apps/a/x.yaml": "a: 1\n"}, "Start")
        git("config", "--remove-section", "remote.origin", cwd=bobs)
    for example in folder.rglob("hooks/*.sample"):
        example.unlink()
    return bare, bobs


def git(*arguments: str, cwd: Path) -> str:
    """Run plain Git and return what it printed, trimmed."""
    done = subprocess.run(  # noqa: S603 - the tests' own arguments
        ["git", *arguments],  # noqa: S607 - the tests want PATH's git
        cwd=cwd,
        env=_ENV,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
