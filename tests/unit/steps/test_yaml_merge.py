"""The ``yaml-merge`` step."""

import stat
from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepRunner
from promotions.steps.yaml_merge import YamlMerge
from tests.unit.steps.contexts import context
from tests.unit.steps.paths import nothing_outside, trapped

STEP: StepRunner = YamlMerge()


def merge(
    workdir: Path, *names: str, target: str = "out.yaml", ignore_missing: bool = False
) -> JSONObject:
    config: JSONObject = {"inFiles": list(names), "outFile": target}
    if ignore_missing:
        config = {**config, "ignoreMissingFiles": True}
    return STEP.run(context(workdir, config)).output or {}


def test_later_files_are_laid_over_earlier_ones(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("# base\na: 1 # one\nb:\n  x: [1, 2]\n  y: 2\nc: 3\n")
    (tmp_path / "over.yaml").write_text("b:\n  x: [9]\nc: null\nd: 4\n---\na: 5\n")

    outputs = [merge(tmp_path, "base.yaml", "over.yaml", target="new/out.yaml") for _ in range(2)]

    merged = "# base\na: 1 # one\nb:\n  x: [9]\n  y: 2\nd: 4\n"
    assert (tmp_path / "new/out.yaml").read_text() == merged
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    message = "Merged 2 YAML files to new/out.yaml\n- base.yaml\n- over.yaml"
    assert outputs == [{"commitMessage": message}] * 2


def test_one_file_is_written_and_may_be_its_own_target(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "a.yaml").chmod(0o640)

    output = merge(tmp_path, "a.yaml", target="a.yaml")

    assert (tmp_path / "a.yaml").read_text() == "a: 1\n"
    assert stat.S_IMODE((tmp_path / "a.yaml").stat().st_mode) == 0o640
    assert output == {"commitMessage": "Wrote a.yaml to a.yaml"}


def test_missing_files_are_left_out_if_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "empty.yaml").touch()

    output = merge(tmp_path, "none.yaml", "a.yaml", "empty.yaml", ignore_missing=True)
    nothing = merge(tmp_path, "none.yaml", target="void.yaml", ignore_missing=True)

    message = "Merged 2 YAML files to out.yaml\n- a.yaml\n- empty.yaml"
    assert output == {"commitMessage": message}
    assert (tmp_path / "void.yaml").read_text() == ""
    assert nothing == {}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a.yaml", "none.yaml"], 'input file "none.yaml" not found'),
        (["a.yaml", ""], "not a regular file"),
        (["bad.yaml"], "error merging YAML files"),
        (["latin.yaml"], "error merging YAML files"),
    ],
)
def test_trouble_is_an_ordinary_error_and_writes_nothing(
    tmp_path: Path, names: list[str], message: str
) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    (tmp_path / "bad.yaml").write_text("a: [\n")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")

    with pytest.raises(StepError, match=message) as caught:
        merge(tmp_path, *names)

    assert not (tmp_path / "out.yaml").exists()
    assert (caught.value.failed, caught.value.terminal) == (False, False)


def test_files_are_not_read_without_end(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_text("#" * 8_000_000)

    with pytest.raises(StepError, match="larger than"):
        merge(tmp_path, *["big.yaml"] * 1000)


@pytest.mark.parametrize("path", ["../outside/file", "/etc/passwd", "escape/file"])
def test_no_path_leads_outside(tmp_path: Path, path: str) -> None:
    workdir = trapped(tmp_path)
    (workdir / "a.yaml").write_text("a: 1\n")

    with nothing_outside(tmp_path):
        with pytest.raises(StepError):
            merge(workdir, path)
        merge(workdir, "a.yaml", target=path)


@pytest.mark.parametrize("target", [".", "in", "a.yaml/b"])
def test_a_target_that_cannot_be_a_file_is_an_error(tmp_path: Path, target: str) -> None:
    workdir = trapped(tmp_path)
    (workdir / "a.yaml").write_text("a: 1\n")

    with nothing_outside(tmp_path), pytest.raises(StepError):
        merge(workdir, "a.yaml", target=target)
