from datetime import UTC, datetime

import pytest

from common.jsontypes import JSONObject
from promotions.engine.expressions.criteria import (
    CRITERIA_FIELD,
    compile_filter,
    freight_may_be_created,
)
from promotions.engine.expressions.fields import FieldExpressionError

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
DISCOVERED: JSONObject = {
    "git": [
        {"repoURL": "https://github.com/a/empty", "commits": []},
        {
            "repoURL": "https://github.com/a/b",
            "commits": [
                {
                    "id": "abc",
                    "tag": "v1",
                    "branch": "main",
                    "subject": "feat: x",
                    "author": "A",
                    "committer": "C",
                    "creatorDate": "2026-05-01T00:00:00Z",
                },
                {"id": "old", "tag": "v0"},
            ],
        },
    ],
    "images": [
        {
            "repoURL": "ghcr.io/a/b",
            "references": [{"tag": "v1", "digest": "sha256:1", "annotations": {"k": "v"}}],
        },
        {"repoURL": "ghcr.io/a/plain", "references": [{"tag": "v1", "digest": "sha256:2"}]},
    ],
    "charts": [
        {"repoURL": "https://charts.example.com", "name": "app", "versions": ["0.2.0", "0.1.0"]},
        {"repoURL": "oci://ghcr.io/a/chart", "versions": ["3.0.0"]},
    ],
    "results": [
        {
            "subscriptionName": "models",
            "artifactReferences": [
                {"artifactType": "custom", "version": "v7", "metadata": {"size": 12}}
            ],
        }
    ],
}


@pytest.mark.parametrize(
    "text",
    [
        "commitFrom('https://github.com/a/b.git').Tag == imageFrom('ghcr.io/a/b').Tag",
        "commitFrom('https://github.com/a/b').Subject startsWith 'feat'",
        "commitFrom('https://github.com/a/b').Author == 'A'",
        "commitFrom('https://github.com/a/b').CreatorDate.Year() == 2026",
        "commitFrom('https://github.com/a/b').CreatorDate.Time < now()",
        "commitFrom('https://github.com/a/empty') == nil",
        "imageFrom('GHCR.io/A/B').Annotations.k == 'v'",
        "imageFrom('ghcr.io/a/b').CreatedAt == nil",
        "imageFrom('ghcr.io/a/plain').Annotations == nil",
        "imageFrom('ghcr.io/a/plain').Annotations.k == ''",
        "$env == nil",
        "$env?.x == nil",
        "get($env, 'x') == nil",
        "chartFrom('https://charts.example.com').Version == '0.2.0'",
        "chartFrom('https://charts.example.com', 'app').Name == 'app'",
        "chartFrom('https://charts.example.com', 'other') == nil",
        "chartFrom('oci://ghcr.io/a/chart').RepoURL == 'ghcr.io/a/chart'",
        "artifactFrom('models').Metadata.size == 12",
        "artifactFrom('none') == nil",
        "now() - date('2026-05-04') > duration('3h')",
        "'true'",
        "'T'",
        "1",
    ],
)
def test_criteria_compare_the_newest_artifacts(text: str) -> None:
    assert freight_may_be_created(text, DISCOVERED, now=NOW)


@pytest.mark.parametrize(
    "text", ["imageFrom('ghcr.io/a/b').Tag == 'v2'", "false", "'0'", "0", "'FALSE'"]
)
def test_criteria_may_refuse(text: str) -> None:
    assert not freight_may_be_created(text, DISCOVERED)


@pytest.mark.parametrize(("text", "discovered"), [(" ", DISCOVERED), ("bad(", {}), ("false", {})])
def test_without_criteria_or_artifacts_freight_may_be_created(
    text: str, discovered: JSONObject
) -> None:
    assert freight_may_be_created(text, discovered)


@pytest.mark.parametrize(
    "text",
    [
        *("1 +", "nil", "''", "2", "[]", "'yes'", "unknown", "unknown()", "ctx.stage"),
        *("commitFrom()", "commitFrom('a', 'b')", "commitFrom(1)", "imageFrom('a', 'b')"),
        *("chartFrom('a', 'b', 'c')", "chartFrom('a', 1)", "artifactFrom()", "warehouse('x')"),
        *("commitFrom('https://github.com/a/b').Message", "imageFrom('ghcr.io/a/b').RepoURL"),
        *("commitFrom('https://github.com/a/none').ID == 'x'", "now()", "quote(true)"),
    ],
)
def test_criteria_that_fail_name_the_field(text: str) -> None:
    with pytest.raises(FieldExpressionError) as caught:
        freight_may_be_created(text, DISCOVERED)

    assert caught.value.path == CRITERIA_FIELD
    assert caught.value.column >= 1
    assert text in caught.value.message


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("'t'", True),
        ("subject contains 'x'", True),
        ("commitDate < now()", True),
        ("commitDate.Year() < 2026", False),
        ("missing == nil", True),
    ],
)
def test_a_filter_sees_the_variables_it_is_given(text: str, *, kept: bool) -> None:
    accepts = compile_filter(text, now=NOW)

    assert accepts({"subject": "x", "commitDate": NOW.replace(hour=1)}) is kept


@pytest.mark.parametrize("text", ["2", "subject", "subject.x", "missing.x", "commitFrom('a')"])
def test_a_filter_that_fails_names_the_field(text: str) -> None:
    accepts = compile_filter(text)

    with pytest.raises(FieldExpressionError) as caught:
        accepts({"subject": "fix"})

    assert caught.value.path == "expressionFilter"


def test_a_malformed_filter_is_refused_before_it_is_used() -> None:
    with pytest.raises(FieldExpressionError, match=r"^expressionFilter: ") as caught:
        compile_filter("subject +")

    assert caught.value.expression == "subject +"
