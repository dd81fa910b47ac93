import pytest

from promotions.gateways.git.work_tree import cone
from promotions.ports.git import WorkTreeError


def test_a_folder_brings_the_files_above_it_but_not_its_siblings() -> None:
    assert cone(("a/b/c", "a/d/")).splitlines() == [
        "/*", "!/*/", "/a/", "!/a/*/", "/a/b/", "!/a/b/*/", "/a/b/c/", "/a/d/",
    ]  # fmt: skip


def test_a_folder_inside_another_that_is_wanted_adds_nothing_that_excludes() -> None:
    assert "!/a/*/" not in cone(("a", "a/b"))


def test_the_root_is_everything() -> None:
    assert cone((".",)) == "/*\n"


@pytest.mark.parametrize("folder", ["/a", "../a", "a/..", "a*", "a?", "[a]", "a\n!/x", "a\\b"])
def test_patterns_and_escapes_are_refused(folder: str) -> None:
    with pytest.raises(WorkTreeError):
        cone((folder,))
