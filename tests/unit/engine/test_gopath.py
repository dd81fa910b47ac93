import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from promotions.engine import gopath
from promotions.engine.filenames import is_plain_file_name

PATHS = st.lists(st.sampled_from(["a", "b", ".", "..", "/", "//", "..c"]), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ((), ""),
        (("", ""), ""),
        (("", "a"), "a"),
        (("a", "/b"), "a/b"),
        (("https://h/x/", "../app"), "https:/h/app"),
        (("//a",), "/a"),
        (("a/..",), "."),
    ],
)
def test_parts_are_joined_and_cleaned(parts: tuple[str, ...], path: str) -> None:
    assert gopath.join(*parts) == path


@pytest.mark.parametrize(
    ("base", "path", "relative"),
    [
        ("", "a", "a"),
        (".", ".", "."),
        ("a", "a/b", "b"),
        ("a/", "a", "."),
        ("a/b", "a/c/d", "../c/d"),
        ("/", "/a", "a"),
        ("..", "../a", "a"),
    ],
)
def test_a_path_is_shown_from_a_base(base: str, path: str, relative: str) -> None:
    assert gopath.relative(path, base=base) == relative


@pytest.mark.parametrize(("base", "path"), [("/a", "a"), ("a", "/a"), ("..", "a"), ("../a", "b")])
def test_a_path_that_cannot_be_reached_is_refused(base: str, path: str) -> None:
    with pytest.raises(InvalidError):
        gopath.relative(path, base=base)


@given(PATHS)
def test_cleaning_twice_changes_nothing(path: str) -> None:
    clean = gopath.clean(path)

    assert gopath.clean(clean) == clean
    assert clean


@given(PATHS, PATHS)
def test_following_a_relative_path_leads_to_the_path(base: str, path: str) -> None:
    try:
        relative = gopath.relative(path, base=base)
    except InvalidError:
        return

    assert gopath.join(base, relative) == gopath.clean(path)


@pytest.mark.parametrize(
    ("name", "is_plain"),
    [
        ("deployment-app.yaml", True),
        ("..app", True),
        ("a..b", True),
        (" ", True),
        ("", False),
        (".", False),
        ("..", False),
        ("a/b", False),
        ("/a", False),
        ("a\\b", False),
        ("a/", False),
    ],
)
def test_only_a_plain_name_stays_in_its_directory(
    name: str,
    is_plain: bool,  # noqa: FBT001 - a table
) -> None:
    assert is_plain_file_name(name) is is_plain
