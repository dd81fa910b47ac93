"""Keeps the work trees of finished promotions, so that the next one writes only what differs.

A work tree is kept with what Git knew of it before any step could touch it: Git's index and a
:mod:`ledger <promotions.gateways.git.ledger>` of its folders. Both stay in the cache folder, out
of the promotion's reach; nothing in the work directory is believed. Every change of state is one
rename, so a process may be killed at any moment: what is half done is thrown away.

    idle/<pool>/<id>/     note.json index ledger files/
    lent/<workdir>/<id>/  note.json index ledger          (``files`` is in the work directory)
    trash/<id>/           being removed

A note is written last and removed first: without one, the folder is worth nothing.
"""

import hashlib
import json
import logging
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from common.removal import remove_tree
from promotions.gateways.git.extent import Extent
from promotions.gateways.git.files import write_whole
from promotions.gateways.git.ledger import (
    Ledger,
    UnusableTreeError,
    remove_changed,
    scrub,
    take_stock,
    wait_for_tick,
)
from promotions.gateways.git.tree_limits import TreeLimits

logger = logging.getLogger(__name__)

_NOTE = "note.json"
_INDEX = "index"
_LEDGER = "ledger"
_FILES = "files"
_PROBE = "probe"
_FORGOTTEN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Kind:
    """Which work trees can become one another.

    Attributes:
        pool: Stands for the repository, the credential and the tenant.
        branch: That is checked out; empty for a commit or a tag.
        attributes: Of :class:`~promotions.gateways.git.extent.Extent`: with others, Git would
            write unchanged files differently.
    """

    pool: str
    branch: str
    attributes: str

    def fits(self, other: "Kind") -> bool:
        """Tell whether a tree of the other kind can be made one of this kind.

        Two branches may have nothing in common, as those of rendered manifests.
        """
        same = self.pool == other.pool and self.attributes == other.attributes
        return same and (not self.branch or not other.branch or self.branch == other.branch)


@dataclass(frozen=True, slots=True)
class _Note:
    """What is known of a work tree.

    Attributes:
        path: Where its files are, or were last.
        home: Of the clone it belongs to.
        inode: Of its root.
    """

    pool: str
    branch: str
    attributes: str
    commit: str
    size_bytes: int
    path: str
    home: str
    inode: int

    @property
    def kind(self) -> Kind:
        return Kind(pool=self.pool, branch=self.branch, attributes=self.attributes)


@dataclass(frozen=True, slots=True)
class Loan:
    """A work tree that is on loan to a promotion, or will be; ``index`` is Git's of it."""

    folder: Path
    kind: Kind

    @property
    def index(self) -> Path:
        """The index that Git wrote, which no step has seen."""
        return self.folder / _INDEX

    @property
    def files(self) -> Path:
        """The files, as long as they are not in the work directory."""
        return self.folder / _FILES


@dataclass(frozen=True, slots=True)
class WarmTrees:
    """The pool of work trees in ``folder``."""

    folder: Path
    limits: TreeLimits

    def is_for(self, extent: Extent, *, workdir: Path) -> bool:
        """Tell whether it pays to keep a work tree of this size, and whether it can be done."""
        if not self.limits.warm_trees or len(extent.files) < self.limits.warm_files:
            return False
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder.stat().st_dev == workdir.stat().st_dev

    def take(self, kind: Kind, *, commit: str, workdir: Path) -> Loan | None:
        """Take a work tree that can become one of ``kind``, cleaned, if there is any.

        One that is at ``commit`` already is preferred, then the one used last.
        """
        found = [
            (note.commit == commit, changed, folder)
            for folder, note, changed in self._idle(kind.pool)
            if kind.fits(note.kind)
        ]
        for _, _, folder in sorted(found, reverse=True):
            loan = self._claimed(folder, kind, workdir=workdir)
            if loan is not None:
                return loan
        return None

    def open(self, kind: Kind, *, workdir: Path) -> Loan:
        """Return a loan for a work tree that will be made anew."""
        folder = self._lent(workdir) / secrets.token_hex(8)
        folder.mkdir(parents=True, mode=0o700)
        return Loan(folder=folder, kind=kind)

    def note(
        self, loan: Loan, *, root: Path, index: Path, home: Path, commit: str, extent: Extent
    ) -> None:
        """Note what the work tree at ``root`` is, before any step can touch it.

        Args:
            loan: The loan.
            root: Where the files are now.
            index: Git's index, just written.
            home: Of the clone it belongs to.
            commit: That is checked out.
            extent: Of that commit.
        """
        try:
            ledger = take_stock(root, folders=extent.folders(), files=extent.files)
            # Times too: Git tells by them what it must look at again.
            shutil.copy2(index, loan.index)
            (loan.folder / _LEDGER).write_bytes(ledger.to_bytes())
            note = _Note(
                **asdict(loan.kind), commit=commit, size_bytes=extent.size_bytes, path=str(root),
                home=str(home), inode=root.stat().st_ino,
            )  # fmt: skip
            latest = max(ledger.latest, index.stat().st_mtime_ns)
            if wait_for_tick(loan.folder / _PROBE, after=latest):
                write_whole(loan.folder / _NOTE, json.dumps(asdict(note)))
        except OSError as error:
            logger.info("work tree will not be kept", extra={"reason": str(error)})

    def give_up(self, loan: Loan) -> None:
        """Throw away what is left of a work tree that could not be used."""
        self._discard(loan.folder)

    def take_back(self, workdir: Path, *, home: Path | None = None) -> None:
        """Take back what ``workdir`` has on loan: all of it, or what the clone ``home`` has."""
        lent = self._lent(workdir)
        loans = [(folder, _note_of(folder)) for folder in _folders(lent)]
        # Inner work trees first, or they would be taken for something foreign in the outer.
        loans.sort(key=lambda loan: len(loan[1].path) if loan[1] else 0, reverse=True)
        for folder, note in loans:
            if note is None:
                self._discard(folder)
            elif home is None or note.home == str(home):
                self._return(folder, note)
        with suppress(OSError):
            lent.rmdir()

    def release(self, workdir: Path) -> None:
        """Take back all that ``workdir`` has on loan, and see to the limits."""
        if self._lent(workdir).exists():
            self.take_back(workdir)
            self.sweep()

    def sweep(self) -> None:
        """Remove what is too much, too old, or left by processes that were killed."""
        idle = sorted(self._idle(), key=lambda entry: entry[2], reverse=True)
        counts: dict[str, int] = {}
        room = self.limits.warm_bytes
        oldest = time.time() - self.limits.warm_age.total_seconds()
        for folder, note, changed in idle:
            counts[note.pool] = counts.get(note.pool, 0) + 1
            room -= note.size_bytes
            if room < 0 or changed < oldest or counts[note.pool] > self.limits.warm_trees:
                self._discard(folder)
        for folder in self._forgotten():
            self._discard(folder)
        for folder in _folders(self.folder / "trash"):
            _remove(folder)

    def _claimed(self, folder: Path, kind: Kind, *, workdir: Path) -> Loan | None:
        """Take this work tree and clean it; ``None`` if another was faster or it is of no use."""
        mine = self._lent(workdir) / folder.name
        try:
            mine.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.rename(mine)
        except OSError:
            return None
        try:
            (mine / _NOTE).unlink()
            scrub(mine / _FILES, Ledger.from_bytes((mine / _LEDGER).read_bytes()))
        except (OSError, ValueError, UnusableTreeError) as error:
            logger.info("warm work tree thrown away", extra={"reason": str(error)})
            self._discard(mine)
            return None
        return Loan(folder=mine, kind=kind)

    def _return(self, folder: Path, note: _Note) -> None:
        """Put a work tree back into its pool, less what does not belong there."""
        files = folder / _FILES
        try:
            _fetch_home(Path(note.path), files, inode=note.inode)
            ledger = Ledger.from_bytes((folder / _LEDGER).read_bytes())
            scrub(files, ledger)
            remove_changed(files, ledger, index=(folder / _INDEX).read_bytes())
            pool = self.folder / "idle" / note.pool
            pool.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.utime(folder)
            folder.rename(pool / folder.name)
        except (OSError, ValueError, UnusableTreeError) as error:
            logger.info("work tree not kept", extra={"reason": str(error)})
            self._discard(folder)

    def _idle(self, pool: str = "*") -> Iterator[tuple[Path, _Note, float]]:
        """Yield the work trees nobody has, with their notes and the time they came back."""
        for folder in (self.folder / "idle").glob(f"{pool}/*"):
            note = _note_of(folder)
            with suppress(FileNotFoundError):
                changed = folder.stat().st_mtime
                if note is not None:
                    yield folder, note, changed

    def _forgotten(self) -> Iterator[Path]:
        """Yield what no promotion can return any more."""
        earliest = time.time() - _FORGOTTEN_SECONDS
        for folder in (self.folder / "lent").glob("*/*"):
            note = _note_of(folder)
            with suppress(FileNotFoundError):
                is_gone = note is not None and not Path(note.home).parent.exists()
                if is_gone or (note is None and folder.stat().st_mtime < earliest):
                    yield folder
        for folder in (self.folder / "idle").glob("*/*"):
            if _note_of(folder) is None and folder.exists():
                yield folder

    def _lent(self, workdir: Path) -> Path:
        name = hashlib.sha256(os.fsencode(os.path.realpath(workdir))).hexdigest()[:32]
        return self.folder / "lent" / name

    def _discard(self, folder: Path) -> None:
        trash = self.folder / "trash" / f"{folder.name}-{secrets.token_hex(4)}"
        try:
            trash.parent.mkdir(exist_ok=True, mode=0o700)
            folder.rename(trash)
        except OSError:
            return
        _remove(trash)


def _fetch_home(path: Path, files: Path, *, inode: int) -> None:
    """Move the work tree at ``path`` to ``files``, if it is still the one that was lent.

    Raises:
        UnusableTreeError: Something else is there.
        OSError: Nothing is there, or it cannot be moved.
    """
    if os.path.realpath(path) != str(path) or os.lstat(path).st_ino != inode:
        raise UnusableTreeError("something else is in its place")
    path.rename(files)
    if os.lstat(files).st_ino != inode:
        raise UnusableTreeError("something else was put in its place")


def _note_of(folder: Path) -> _Note | None:
    try:
        return _Note(**json.loads((folder / _NOTE).read_text()))
    except (OSError, TypeError, ValueError):
        return None


def _folders(parent: Path) -> list[Path]:
    try:
        return [path for path in parent.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return []


def _remove(folder: Path) -> None:
    try:
        remove_tree(folder)
    except OSError as error:
        logger.warning("work tree not removed", extra={"reason": str(error)})
