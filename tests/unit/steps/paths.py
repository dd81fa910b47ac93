"""A work directory with traps beside and inside it, for steps that take paths."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECRET = "outside"


def trapped(tmp_path: Path) -> Path:
    """Return a work directory from which links lead outside, and inside."""
    workdir = tmp_path / "work"
    outside = tmp_path / "outside"
    (workdir / "in").mkdir(parents=True)
    outside.mkdir()
    (outside / "file").write_text(SECRET)
    (workdir / "escape").symlink_to(outside)
    (workdir / "inner").symlink_to("in")
    return workdir


@contextmanager
def nothing_outside(tmp_path: Path) -> Iterator[None]:
    """Check that what lies beside the work directory stays as it was."""
    yield
    assert [it.name for it in sorted(tmp_path.iterdir())] == ["outside", "work"]
    assert [it.name for it in (tmp_path / "outside").iterdir()] == ["file"]
    assert (tmp_path / "outside/file").read_text() == SECRET
