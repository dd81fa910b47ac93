"""Dependencies of charts: what they say, what they are resolved to, and locks."""

from datetime import UTC, datetime

import pytest

from common.errors import InvalidError
from promotions.engine.chart_dependencies import (
    ChartDependency,
    lock_digest,
    newest_allowed,
    read_dependencies,
    read_lock,
    write_lock,
)


def dependency(version: str) -> ChartDependency:
    (found,) = read_dependencies(f"dependencies: [{{name: dep, version: '{version}'}}]")
    return found


def test_a_lock_reads_back() -> None:
    required = read_dependencies(
        "dependencies:\n- {name: a, version: ^1, repository: https://example.com}\n"
        "- {name: b, version: '2', repository: ''}\n"
    )
    locked = [required[0].resolved("1.10"), required[1].resolved("2")]

    text = write_lock(required, locked, now=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))

    assert text.splitlines()[:4] == [
        "dependencies:",
        "- name: a",
        "  repository: https://example.com",
        '  version: "1.10"',
    ]
    assert text.endswith('generated: "2026-01-02T03:04:05Z"\n')
    assert [it.version for it in read_lock(text).dependencies] == ["1.10", "2"]
    assert read_lock(text).digest == lock_digest(required, read_lock(text).dependencies)


def test_a_digest_changes_with_a_condition_and_not_with_what_helm_leaves_out() -> None:
    def digest(fields: str) -> str:
        text = f"dependencies:\n- {{name: a, version: '>=1', repository: x{fields}}}\n"
        return lock_digest(read_dependencies(text), [])

    assert digest("") == digest(", condition: '', tags: [], unknown: 1")
    assert digest("") != digest(", condition: a.enabled")


@pytest.mark.parametrize(
    ("constraint", "newest"),
    [
        ("^1", "v1.2.0"),
        ("1.0.0", "1.0.0"),
        ("*", "2.0.0"),
        (">=2.0.0-0", "2.1.0-rc.1"),
        ("~0.1", ""),
        ("< 2", "v1.2.0"),
    ],
)
def test_the_newest_version_that_will_do_is_taken(constraint: str, newest: str) -> None:
    versions = ["1.0.0", "latest", "v1.2.0", "2.1.0-rc.1", "2.0.0", ""]

    assert newest_allowed(dependency(constraint), versions) == newest


def test_a_version_that_is_no_constraint_is_refused() -> None:
    with pytest.raises(InvalidError, match='"dep" has an invalid version/constraint format'):
        newest_allowed(dependency("one"), ["1.0.0"])


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: [1]",
        "dependencies: [{version: '1'}]",
        "dependencies: [{name: 1}]",
        "dependencies: [{name: a, version: 1.0}]",
        "dependencies: [{name: a, repository: []}]",
        "a: [",
        "a: &a [*a]",
        "dependencies:\n" + "- {name: a}\n" * 201,
    ],
)
def test_a_chart_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        read_dependencies(text)
