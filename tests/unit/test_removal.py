import os
import tempfile
from pathlib import Path

from common.removal import remove_tree


def nested(root: Path, *, depth: int) -> None:
    """Make folders in one another, deeper than a path can be long."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deep-folder", dir_fd=here)
        inner = os.open("deep-folder", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def test_a_folder_is_removed_with_all_that_is_in_it(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "file").write_text("x")
    os.mkfifo(root / "a" / "pipe")

    remove_tree(root)

    assert list(tmp_path.iterdir()) == []


def test_links_are_removed_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    root = tmp_path / "work"
    (root / "a").mkdir(parents=True)
    (root / "a" / "link").symlink_to(outside)
    (root / "link").symlink_to(outside)

    remove_tree(root)

    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (outside / "kept").exists()


def test_a_link_in_place_of_the_folder_is_removed_alone(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "work").symlink_to(outside)

    remove_tree(tmp_path / "work")

    assert [path.name for path in tmp_path.iterdir()] == ["outside"]


def test_depth_beyond_recursion_and_beyond_the_longest_path_is_no_obstacle(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    nested(root, depth=1500)

    remove_tree(root)

    assert not root.exists()


def test_what_is_not_there_is_removed_already(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nothing")

    assert list(tmp_path.iterdir()) == []


def test_permissions_are_no_obstacle_to_the_owner() -> None:
    """Root may do anything, so somebody else makes the folders and removes them."""
    pid = os.fork()
    if pid == 0:
        if os.geteuid() == 0:
            os.setuid(65534)
        os._exit(0 if _is_removed_whatever_its_permissions() else 1)

    _, status = os.waitpid(pid, 0)

    assert os.waitstatus_to_exitcode(status) == 0


def _is_removed_whatever_its_permissions() -> bool:
    try:
        root = Path(tempfile.mkdtemp())
        (root / "a" / "b").mkdir(parents=True)
        (root / "a" / "b" / "file").write_text("x")
        (root / "a" / "b").chmod(0)
        (root / "a").chmod(0o500)
        remove_tree(root)
        return not root.exists()
    except OSError:
        return False
