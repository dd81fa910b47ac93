"""Views of directories: what they show, and what they leave alone."""

import os
from pathlib import Path

import pytest

from common.errors import InvalidError
from promotions.steps.support import views
from promotions.steps.support.views import remove_views, view


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)


def everything(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path.resolve() / "work"
    write(directory, "top", "a/one", "a/b/two", "a/b/c/three", "d/four")
    return directory


def test_a_view_shows_all_that_is_there_and_takes_more(root: Path) -> None:
    before = everything(root)

    with view(str(root), real=[str(root / "a/b"), str(root / "new/er")]) as made:
        names = ("top", "a/one", "a/b/two", "a/b/c/three", "d/four")
        seen = [Path(made.of(str(root / name))).read_text() for name in names]
        for directory in ("", "a", "a/b", "new", "new/er"):
            Path(made.of(str(root / directory)), "added").write_text("x")

    assert seen == list(names)
    assert everything(root) == before


def test_directories_stay_real_where_something_is_put_and_on_the_way_there(root: Path) -> None:
    with view(str(root), real=[str(root / "a/b")]) as made:
        names = ("", "a", "a/b", "a/b/c", "d", "top")
        links = [Path(made.of(str(root / name))).is_symlink() for name in names]

    assert links == [False, False, False, True, True, True]


def test_a_link_inside_leads_into_the_view_and_one_outside_where_it_led(root: Path) -> None:
    (root / "a/in").symlink_to("../d")
    (root / "a/absolute").symlink_to(root / "a/b")
    (root / "a/out").symlink_to("../../elsewhere")
    (root / "a/gone").symlink_to("nothing")
    (root / "a/loop").symlink_to("loop")

    with view(str(root), real=[str(root / "a/b"), str(root / "d")]) as made:
        inside = Path(made.of(str(root / "a")))
        ends = {name: os.path.realpath(inside / name) for name in ("in", "absolute", "out")}
        expected = {
            "in": made.of(str(root / "d")),
            "absolute": made.of(str(root / "a/b")),
            "out": str(root.parent / "elsewhere"),
        }
        listed = set(os.listdir(inside))  # noqa: PTH208 - names only

    assert ends == expected
    assert {"gone", "loop"} <= listed


def test_views_do_not_show_each_other(root: Path) -> None:
    with view(str(root), real=[]), view(str(root), real=[]) as made:
        assert not list(Path(made.path).glob(".kargo-view-*"))


def test_a_view_is_gone_after_an_error_and_after_a_crash(root: Path) -> None:
    before = everything(root)
    with pytest.raises(NotADirectoryError), view(str(root), real=[str(root / "top/x")]):
        pass
    after_error = everything(root)
    left = root / ".kargo-view-abc"
    write(left, "a/b")
    (left / "linked").symlink_to(root / "d")
    (root / ".kargo-view-link").symlink_to(root / "d")

    remove_views(str(root))

    assert after_error == everything(root) == before


def test_too_much_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(root)
    monkeypatch.setattr(views, "MOST_ENTRIES", 4)

    with pytest.raises(InvalidError, match="more than 4 files"), view(str(root), real=[]) as made:
        assert made is None

    assert everything(root) == before
