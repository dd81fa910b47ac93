"""Every case of every vector file that is on this machine must come out as the reference says."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.__main__ import failures_of
from tests.conformance.cases import SETS, UnusableFileError, read_vectors
from tests.conformance.vectors import DIRECTORY, Case, vector_files

ROOT = Path(__file__).resolve().parents[2]


def _by_feature() -> dict[tuple[str, str], list[Case]]:
    groups: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for path in vector_files():
        file = read_vectors(path)
        for case in file.cases:
            feature = str(case.get("feature") or case.get("kind") or "")
            groups[file.set_name, feature].append(case)
    return groups


CASES = _by_feature()


def _parameters() -> Iterator[object]:
    for name, feature in CASES:
        yield pytest.param(name, feature, id=f"{name}-{feature}")
    for name in sorted(set(SETS) - {name for name, _ in CASES}):
        reason = f"the conformance vectors {name} are not in {DIRECTORY}"
        yield pytest.param(name, "", id=name, marks=pytest.mark.skip(reason=reason))


@pytest.mark.parametrize(("name", "feature"), list(_parameters()))
def test_every_case_of_the_feature_passes(name: str, feature: str) -> None:
    failures = [(case["id"], it) for case, it in failures_of(name, CASES[name, feature])]

    assert failures == []


def test_a_set_without_an_adapter_counts_as_failing() -> None:
    ((_, outcome),) = failures_of("nobody", [{"id": "x", "expect": {"value": 1}}])

    assert outcome.got == "not implemented"


def test_a_crash_counts_as_failing_and_is_shown() -> None:
    ((_, outcome),) = failures_of("semver", [{"op": "compare", "id": "x", "expect": 1}])

    assert outcome.got == "crashed: KeyError('a')"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("[NaN]", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "there is no list"),
        ('{"cases": {}}', "there is no list"),
        ('{"cases": [1]}', "there is no list"),
        ('{"cases": []}', "belong to none"),
        ('{"cases": [{"id": 1}]}', "belong to none"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "some.json"
    path.write_text(text)

    with pytest.raises(UnusableFileError, match=complaint):
        read_vectors(path)


@pytest.mark.parametrize(
    ("file_name", "case", "set_name"),
    [
        ("semver.held.json", "{}", "semver"),
        ("my.json", '{"op": "inc"}', "semver"),
        ("my.json", '{"op": "url_git"}', "kargo_tables"),
        ("my.json", '{"kind": "template"}', "kargo_templates"),
        ("my.json", '{"feature": "webhook/quay"}', "kargo_webhooks"),
        ("my.json", '{"expr": "1"}', "expr"),
    ],
)
def test_a_set_is_told_by_the_name_or_the_shape(
    tmp_path: Path, file_name: str, case: str, set_name: str
) -> None:
    path = tmp_path / file_name
    path.write_text(f'{{"cases": [{case}]}}')

    assert read_vectors(path).set_name == set_name


def test_whole_numbers_stay_apart_from_fractions(tmp_path: Path) -> None:
    path = tmp_path / "expr.json"
    path.write_text('{"cases": [{"env": [1, 1.0]}]}')

    (case,) = read_vectors(path).cases

    assert [type(number) for number in case["env"]] == [int, float]


def run_command(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "tests.conformance", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_a_line_for_each_set_and_the_failures(tmp_path: Path) -> None:
    good = '{"id": "a", "op": "compare", "a": "1", "b": "2", "expect": -1}'
    bad = '{"id": "b", "feature": "f", "op": "compare", "a": "1", "b": "2", "expect": 1}'
    (tmp_path / "semver.one.json").write_text(f'{{"cases": [{good}]}}')
    (tmp_path / "semver.two.json").write_text(f'{{"cases": [{bad}]}}')

    done = run_command(*tmp_path.iterdir())
    fine = run_command(tmp_path / "semver.one.json")

    assert (done.returncode, fine.returncode) == (1, 0)
    assert done.stdout == "semver: 1/2\n  b f: expected 1 got -1\n"
    assert fine.stdout == "semver: 1/1\n"


def test_the_command_says_which_file_it_cannot_use(tmp_path: Path) -> None:
    absent = run_command(tmp_path / "absent.json")
    empty = run_command(KARGO_VECTORS=str(tmp_path))

    assert (absent.returncode, empty.returncode) == (2, 2)
    assert absent.stderr == f"{tmp_path / 'absent.json'}: No such file or directory\n"
    assert empty.stderr == f"no vectors in {tmp_path}; name files, or set KARGO_VECTORS\n"
