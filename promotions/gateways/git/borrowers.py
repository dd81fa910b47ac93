"""Which repositories borrow a mirror's objects? They need it for as long as they are there."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from promotions.gateways.git.files import write_whole

_ALTERNATES = "objects/info/alternates"


@dataclass(frozen=True, slots=True)
class Borrowers:
    """The list in ``folder``: one small file for each borrower, with its path."""

    folder: Path

    def add(self, repository: Path) -> None:
        """Note that ``repository`` borrows."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        name = hashlib.sha256(str(repository).encode()).hexdigest()[:24]
        write_whole(self.folder / name, f"{repository}\n")

    def living(self, *, git_dir: Path) -> tuple[Path, ...]:
        """Return the repositories that borrow from ``git_dir`` still, and forget the others."""
        living: list[Path] = []
        for note in self.folder.glob("*"):
            repository = Path(note.read_text().strip())
            if _borrows(repository, git_dir):
                living.append(repository)
            else:
                note.unlink(missing_ok=True)
        return tuple(living)


def lend(git_dir: Path, repository: Path) -> None:
    """Have ``repository`` borrow the objects of ``git_dir``."""
    (repository / _ALTERNATES).write_text(f"{git_dir}/objects\n")


def _borrows(repository: Path, git_dir: Path) -> bool:
    try:
        lenders = (repository / _ALTERNATES).read_text(errors="replace").splitlines()
    except OSError:
        return False
    return f"{git_dir}/objects" in lenders
