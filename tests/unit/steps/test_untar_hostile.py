"""The ``untar`` step: archives that somebody made to do harm, and broken ones."""

import contextlib
import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from common.errors import InvalidError
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.support.ignores import IgnoreRules
from promotions.steps.support.tar_extraction import Extraction
from promotions.steps.support.tar_members import TarMembers
from promotions.steps.untar import Untar
from tests.unit.steps.archives import BLOCK, directory, entry, gz, link, tar, tree
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = Untar()
MIB = 1024**2
GIB = 1024**3


def untar(workdir: Path, content: bytes) -> Path:
    (workdir / "a.tar").write_bytes(content)
    STEP.run(context(workdir, {"inPath": "a.tar", "outPath": "out"}))
    return workdir / "out"


def bomb(first: bytes, size: int, last: bytes = b"") -> bytes:
    """Return a gzip of ``first``, ``size`` zeros and ``last`` without holding them."""
    packing = zlib.compressobj(9, wbits=31)
    pieces = [packing.compress(first)]
    pieces += [packing.compress(bytes(1024 * 1024)) for _ in range(size // (1024 * 1024))]
    return b"".join([*pieces, packing.compress(last), packing.flush()])


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    return entry(name, size=size, type=kind)[0].tobuf(tarfile.GNU_FORMAT)


def extended(records: bytes, kind: bytes = b"x") -> bytes:
    return header("pax", len(records), kind) + records + bytes(-len(records) % BLOCK)


def refused(workdir: Path, content: bytes, message: str) -> None:
    """Check that an archive is an ordinary error, and the output as it was."""
    (workdir / "out").mkdir(exist_ok=True)
    (workdir / "out/old").write_text("old")

    with pytest.raises(StepError, match=message) as caught:
        untar(workdir, content)

    assert (caught.value.failed, caught.value.terminal) == (False, False)
    assert str(workdir) not in caught.value.message
    assert tree(workdir / "out") == {"old": "old"}
    assert [it.name for it in workdir.glob(".*")] == []


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    descriptor = os.open(tmp_path_factory.mktemp("extracted"), os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "failed to read file header"),
        (b"\x1f", "error reading tar"),
        (b"\x1f\x8b", "error reading tar"),
        (b"no archive at all", "error reading tar"),
        (b"no archive at all" * 100, "error reading tar"),
        (gz(b"no archive at all" * 100), "error reading tar"),
        (gz(tar(entry("x", bytes(range(256)) * 20)))[:-50], "unexpected EOF"),
        (gz(tar(entry("x", b"1" * 5000)))[:20] + b"garbage" * 99, "error reading tar"),
        (tar(entry("x", b"1" * 5000))[:2000], "error reading tar: unexpected EOF"),
        (tar(entry("x"))[:300], "error reading tar: unexpected EOF"),
        (tar(entry("x"))[:BLOCK] + bytes(BLOCK) + b"x" * BLOCK, "a header is missing"),
        (tar(entry("x"))[:BLOCK] + b"x" * BLOCK, "invalid tar header"),
        (header("x", 5 * GIB), "exceeds size limit of 52428800 bytes"),
        (header("x", 2**80), "exceeds size limit"),
        (header("x", -1), "error reading tar"),
        (header("x", 50 * MIB), "unexpected EOF"),
        (extended(b"19 size=5000000000\n") + header("x", 0), "exceeds size limit"),
        (extended(b"20 size=-5000000000\n") + header("x", 0), "invalid size"),
        (extended(b"12 size=x1x\n") + header("x", 0), "invalid size"),
        (extended(b"99 path=x\n") + header("x", 0), "invalid extended header"),
        (extended(b"0 path=x\n") + header("x", 0), "invalid extended header"),
        (extended(b"path=x\n") + header("x", 0), "invalid extended header"),
        (extended(b"-9 path=x\n") + header("x", 0), "invalid extended header"),
        (extended(b"10 path=x"), "invalid extended header"),
        (extended(b"7 a=bc\n" * 200) + header("x", 0), "more than 100 records"),
        (extended(b"22 GNU.sparse.major=1\n") + header("x", 0), "stored with holes"),
        (header("x", 0, tarfile.GNUTYPE_SPARSE), "stored with holes"),
        (header("x", 5 * GIB, b"L"), "extended header of 5368709120 bytes"),
        (header("x", 5 * GIB, b"x"), "extended header of 5368709120 bytes"),
        (header("x", 5 * GIB, b"g"), "unexpected EOF"),
        (tar(entry("/".join("d" * 100))), "more than 64 names"),
        (tar(entry("x" * 300)), "file name too long"),
        (tar(entry("d"), entry("d/x")), '"d/x" lies behind a link or a file'),
        (tar(directory("d"), entry("d", b"1")), "(?i)directory|not permitted"),
        (tar(entry("d"), directory("d")), "lies behind a link or a file"),
    ],
)
def test_a_broken_or_oversized_archive_is_an_error_and_changes_nothing(
    tmp_path: Path, content: bytes, message: str
) -> None:
    refused(tmp_path, content, message)


def test_a_zip_is_no_tar(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("x", "1" * 1000)

    refused(tmp_path, out.getvalue(), "error reading tar")


@pytest.mark.parametrize(
    ("through", "name"), [("sub", "l/x"), ("sub", "l/new/x"), ("l2", "l/x"), ("nowhere", "l/x")]
)
def test_a_file_is_not_written_through_a_link(tmp_path: Path, through: str, name: str) -> None:
    content = tar(directory("sub"), link("l2", "sub"), link("l", through), entry(name, b"bad"))

    refused(tmp_path, content, "lies behind a link or a file")


def test_a_file_takes_the_place_of_a_link(tmp_path: Path) -> None:
    out = untar(tmp_path, tar(entry("x", b"1"), link("l", "x"), entry("l", b"2")))

    assert tree(out) == {"x": "1", "l": "2"}


def test_links_that_were_there_before_lead_nowhere(tmp_path: Path) -> None:
    workdir = trapped(tmp_path)
    (workdir / "out").symlink_to(tmp_path / "outside")

    with nothing_outside(tmp_path):
        untar(workdir, tar(entry("file", b"bad")))

    assert (workdir / str(tmp_path / "outside/file").lstrip("/")).read_text() == "bad"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "message"),
    [
        (header("x", 5 * GIB, b"Z"), "the archive exceeds 536870912 bytes"),
        (header(".git", 5 * GIB), "the archive exceeds 536870912 bytes"),
        (header("x", 5 * GIB, b"g"), "the archive exceeds 536870912 bytes"),
    ],
)
def test_a_gzip_bomb_is_defused(tmp_path: Path, first: bytes, message: str) -> None:
    refused(tmp_path, bomb(first, 600 * MIB), message)


@pytest.mark.slow
def test_the_sum_of_all_sizes_is_bounded(tmp_path: Path) -> None:
    content = b"".join(bomb(header(f"{number}", 40 * MIB), 40 * MIB) for number in range(3))

    refused(tmp_path, content, "total size would exceed limit of 104857600 bytes")


@pytest.mark.slow
def test_memory_stays_small_whatever_an_archive_unpacks_to(tmp_path: Path) -> None:
    import tracemalloc  # noqa: PLC0415 - only here, it slows everything down

    (tmp_path / "a.tar").write_bytes(bomb(header(".git", 50 * GIB), 600 * MIB))

    tracemalloc.start()
    with pytest.raises(StepError):
        STEP.run(context(tmp_path, {"inPath": "a.tar", "outPath": "out"}))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 8 * MIB


@pytest.mark.parametrize(
    "content",
    [header("x", 0) * 300, b"".join(header(f"{n}/{'d/' * 60}x", 0) for n in range(10))],
)
def test_members_and_the_directories_they_need_are_counted(empty: int, content: bytes) -> None:
    members = TarMembers(io.BytesIO(gz(content)))

    with pytest.raises(InvalidError, match="more than 200 files and directories"):
        Extraction(empty, 0, IgnoreRules([]), most=200).extract(members)


def test_members_that_are_left_out_are_counted(empty: int) -> None:
    members = TarMembers(io.BytesIO(gz(header(".git", 0) * 300)), most=200)

    with pytest.raises(InvalidError, match="more than 200 headers"):
        Extraction(empty, 0, IgnoreRules([".git"])).extract(members)


def test_compressed_parts_are_read_as_one(tmp_path: Path) -> None:
    content = tar(entry("x", b"1" * 2000), entry("y", b"2"))
    parts = b"".join(gz(content[start : start + 700]) for start in range(0, len(content), 700))

    assert sorted(tree(untar(tmp_path, parts))) == ["x", "y"]


def test_endless_empty_compressed_parts_are_too_many(tmp_path: Path) -> None:
    refused(tmp_path, gz(b"") * 20_000, "more than 10000 compressed parts")


def test_what_follows_the_end_of_the_archive_does_not_matter(tmp_path: Path) -> None:
    assert tree(untar(tmp_path, tar(entry("x", b"1")) + b"rubbish")) == {"x": "1"}
    assert tree(untar(tmp_path, gz(tar(entry("x", b"1"))) + b"rubbish")) == {"x": "1"}


def test_an_archive_may_end_without_its_last_blocks(tmp_path: Path) -> None:
    content = tar(entry("x", b"1"))

    assert tree(untar(tmp_path, content[: 2 * BLOCK])) == {"x": "1"}
    assert tree(untar(tmp_path, content[: 3 * BLOCK])) == {"x": "1"}


def test_global_headers_change_nothing(tmp_path: Path) -> None:
    content = extended(b"10 path=y\n", b"g") + tar(entry("x", b"1"))

    assert tree(untar(tmp_path, content)) == {"x": "1"}


def test_a_size_in_an_extended_header_counts(tmp_path: Path) -> None:
    content = extended(b"9 size=3\n") + header("x", 0) + b"abc" + bytes(BLOCK - 3)

    assert tree(untar(tmp_path, content + tar(entry("y", b"1")))) == {"x": "abc", "y": "1"}


@pytest.mark.parametrize("moment", [b"nan", b"1e999", b"-5", b"x", b"99999999999999"])
def test_a_time_that_makes_no_sense_is_left_out(tmp_path: Path, moment: bytes) -> None:
    record = b" mtime=" + moment + b"\n"
    record = str(len(record) + 2).encode() + record

    assert tree(untar(tmp_path, extended(record) + tar(entry("x", b"1")))) == {"x": "1"}


NAMES = st.sampled_from(["a", "b", "a/b", "a/b/c", "../x", "/x", "./a", "a/../b", "..", "l", "l/x"])
MEMBERS = st.one_of(
    st.builds(entry, NAMES, st.binary(max_size=20)),
    st.builds(directory, NAMES),
    st.builds(link, NAMES, NAMES),
)
DAMAGE = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=3)


@settings(deadline=None, max_examples=200)
@given(st.lists(MEMBERS, max_size=6), DAMAGE, st.booleans())
def test_any_archive_is_extracted_or_refused(
    empty: int,
    members: list[tuple[tarfile.TarInfo, bytes]],
    damage: list[tuple[int, int]],
    packed: bool,  # noqa: FBT001 - drawn
) -> None:
    content = bytearray(gz(tar(*members)) if packed else tar(*members))
    for position, value in damage:
        content[position % len(content)] = value

    with contextlib.suppress(InvalidError, OSError):
        Extraction(empty, 0, IgnoreRules([])).extract(TarMembers(io.BytesIO(bytes(content))))
