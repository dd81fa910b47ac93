"""A work directory full of traps, beside files that no step may touch or show."""

import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CANARY = "CANARY-3f9c"
"""In every file outside; nothing of it may be in a work directory, an output or a message."""

_FILES: dict[str, bytes] = {
    "a.yaml": b"# c\nimage:\n  tag: v1 # t\nk: 1\na: {b: {c: 2}}\nl: [1, 2]\nimages: []\n",
    "a.json": b'{"image": {"tag": "v1"}, "k": [1, {"a": null}], "n": "\\u0000", "h": "\\ud800"}',
    "a.toml": b"k = 1\n[image]\ntag = 'v1'\nd = 2024-01-02T03:04:05Z\n",
    "a.tf": b'k = "v1"\nimage {\n  tag = "v1"\n}\nresource "a" "b" {\n  c = { d = 1 }\n}\n',
    "empty": b"",
    "latin.yaml": b"k: caf\xe9\n",
    "crlf.yaml": b"k: 1\r\nimage:\r\n  tag: v1\r\n",
    "bom.yaml": b"\xef\xbb\xbfk: 1\n",
    "deep.json": b"[" * 5000 + b"]" * 5000,
    "deep.yaml": b"[" * 5000 + b"]" * 5000,
    "deep.toml": b"a = " + b"[" * 5000 + b"]" * 5000,
    "deep.tf": b"a = " + b"[" * 5000 + b"]" * 5000,
    "deepish.json": b'{"k":' * 90 + b"1" + b"}" * 90,
    "bomb.yaml": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(
        b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(9)
    ),
    "loop.yaml": b"a: &a [*a]\nk: 1\n",
    "big.json": b'{"k": ' + b"9" * 5000 + b"}",
    "nul.yaml": b"k: \0\n",
    "no.tar": b"not an archive" * 100,
    "Chart.yaml": b"apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n"
    b"- {name: d, version: ^1, repository: 'file://../outside'}\n",
    "chart/Chart.yaml": b"apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "chart/values.yaml": b"k: 1\n",
    "chart/templates/a.yaml": b"kind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n",
    "deps/Chart.yaml": b"apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n"
    b"- {name: d, version: '*', repository: 'http://127.0.0.1:1/x'}\n"
    b"- {name: ../e, version: '1', repository: 'oci://127.0.0.1:1'}\n",
    "kustomize/kustomization.yaml": b"resources: [a.yaml]\n",
    "kustomize/a.yaml": b"kind: ConfigMap\nmetadata: {name: a}\n",
    "two/kustomization.yaml": b"{}",
    "two/Kustomization": b"{}",
    "dir/inner/file": b"x",
    "tree/.git": b"gitdir: /elsewhere/repo-1/repo/worktrees/a\n",
    ".git/config": b"[core]\n\tfsmonitor = touch /tmp/owned\n",
    "repo-1/repo/HEAD": b"ref: refs/heads/main\n",
    "repo-1/repo/config": b"[core]\n\tbare = true\n",
    "repo-1/.gnupg/key": b"PRIVATE-KEY-OF-THE-PLATFORM",
}
_LINKS = {
    "escape": "../outside",
    "escape.yaml": "../outside/a.yaml",
    "escape.json": "../outside/a.json",
    "absolute": "/etc",
    "loop-1": "loop-2",
    "loop-2": "loop-1",
    "dangling": "nowhere/at/all",
    "inner": "dir/inner",
    "inner.yaml": "a.yaml",
    "dir/up": "..",
    "self": ".",
    "chart/templates/escape.yaml": "../../../outside/a.yaml",
    "kustomize/escape": "../../outside",
}
TREE = "tree-of-git"
"""Where a work tree of Git is, if there is any."""

_LARGE_BYTES = 9 * 1024 * 1024


@dataclass
class Ground:
    """A work directory, ``work``, and what must stay as it is, ``outside``, in one folder.

    ``add`` puts more into each new work directory.
    """

    folder: Path
    add: Callable[[Path], None] = lambda _: None
    _untouched: str = ""

    @property
    def work(self) -> Path:
        """The work directory."""
        return self.folder / "work"

    @property
    def outside(self) -> Path:
        """What lies beside the work directory."""
        return self.folder / "outside"

    def paths(self) -> tuple[str, ...]:
        """Return paths to configure: of every trap, beside it, through it and out of it."""
        inside = (
            *_FILES,
            *_LINKS,
            "fifo",
            "socket",
            "unreadable",
            "large.yaml",
            "a.tar",
            "a.tgz",
            "dir",
        )
        return (
            *inside,
            *((TREE, TREE, f"./{TREE}", f"{TREE}/apps", f"{TREE}/values.yaml") * 8),
            *(f"{name}/" for name in ("dir", "inner", "escape", "a.yaml", "chart", "kustomize")),
            *("escape/a.yaml", "absolute/passwd", "../outside/a.yaml", "a.yaml/x"),
            *("fifo/x", "self/self/a.yaml"),
            *("dangling/x", "new/deep/file.yaml", "new.yaml", "dir/up/a.yaml"),
            *("./a.yaml", "dir/../a.yaml"),
            *("deps", "two", "tree", "repo-1", "repo-1/repo", "repo-2", ".git"),
            *("out/.GIT/x", ".kargo-downloads"),
            *(str(self.outside / "a.yaml"), str(self.work / "a.yaml"), "n" * 300, "n/" * 130),
            *("*.yaml", "**"),
            *("escape/*", "{a,b}.yaml", "[a-z]*", "repo-*", "é.yaml", "caf\ufffd.yaml"),
        )

    def make(self) -> None:
        """Make everything anew, unless it is as it was made."""
        if self._untouched and self.fingerprint(self.folder) == self._untouched:
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.work.mkdir(parents=True, mode=0o700)
        self.outside.mkdir()
        for name in ("a.yaml", "a.json", "a.toml", "a.tf", "file", "passwd", "Chart.yaml"):
            (self.outside / name).write_text(json.dumps({"k": CANARY, "image": {"tag": CANARY}}))
        for name, content in _FILES.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, target in _LINKS.items():
            (self.work / name).symlink_to(target)
        self._make_odd_files()
        self.add(self.work)
        self._untouched = self.fingerprint(self.folder)

    def _make_odd_files(self) -> None:
        os.mkfifo(self.work / "fifo")
        os.mknod(self.work / "socket", stat.S_IFSOCK | 0o600)
        Path(os.fsdecode(bytes(self.work) + b"/caf\xe9.yaml")).write_text("k: 1\n")
        with (self.work / "large.yaml").open("wb") as file:
            file.truncate(_LARGE_BYTES)
        (self.work / "unreadable").write_text("k: 1\n")
        (self.work / "unreadable").chmod(0)
        packed = _archive()
        (self.work / "a.tar").write_bytes(packed)
        (self.work / "a.tgz").write_bytes(gzip.compress(packed))

    def fingerprint(self, folder: Path) -> str:
        """Return a digest of all names, kinds, modes and contents below a folder."""
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            found = path.lstat()
            digest.update(f"{os.fsencode(path)!r} {found.st_mode} {found.st_size}".encode())
            if path.is_symlink():
                digest.update(os.fsencode(path.readlink()))
            elif stat.S_ISREG(found.st_mode) and found.st_size < _LARGE_BYTES:
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def leaked(self) -> list[str]:
        """Return what in the work directory has come from outside."""
        files = (path for path in self.work.rglob("*") if not path.is_symlink() and path.is_file())
        return [
            str(path)
            for path in files
            if path.stat().st_size < _LARGE_BYTES and CANARY.encode() in path.read_bytes()
        ]


def _archive() -> bytes:
    """Return an archive of everything that an archive should not have."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name in (
            "ok/file",
            "./dot",
            "../up",
            "/etc/owned",
            "a\\b",
            "link/through",
            "caf\udce9",
        ):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
        for name, target, kind in (
            ("link", "../outside", tarfile.SYMTYPE),
            ("hard", "/etc/passwd", tarfile.LNKTYPE),
            ("fifo", "", tarfile.FIFOTYPE),
            ("device", "", tarfile.CHRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return made.getvalue()
