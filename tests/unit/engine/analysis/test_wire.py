"""Runs, their statuses and templates are read from and written as Argo's JSON."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from common.jsontypes import JSONObject
from promotions.engine.analysis.arguments import Argument, SecretKeyRef, ValueFrom
from promotions.engine.analysis.rules import RetentionRule
from promotions.engine.analysis.runs import (
    RunSpec,
    RunStatus,
    RunSummary,
    TtlStrategy,
    read_run_spec,
    read_run_status,
    write_run_spec,
    write_run_status,
)
from promotions.engine.analysis.templates import TemplateReference, read_template
from tests.unit.engine.analysis.examples import NOW, finished, in_flight, metric, result

SPEC = RunSpec(
    metrics=(metric("a", count="3", interval="1m", failures=0, errors=-1),),
    arguments=(
        Argument("x", ""),
        Argument("s", None, ValueFrom(SecretKeyRef("n", "k"))),
        Argument("f", "v", ValueFrom(field_path="metadata.name")),
    ),
    dry_run=("a",),
    measurement_retention=(RetentionRule("a", 3),),
    terminate=True,
    ttl_strategy=TtlStrategy(seconds_after_success=0),
)
STATUS = RunStatus(
    phase=finished("F").phase,
    message="no",
    started_at=NOW,
    completed_at=NOW,
    results=(
        result("a", "F", finished("F", message="bad"), in_flight(resume_in=3), failed=1, count=1),
        result("b", "P", dry_run=True),
    ),
    run_summary=RunSummary(2, failed=1),
    dry_run_summary=RunSummary(),
)


def test_what_is_written_reads_back_the_same() -> None:
    spec = json.loads(json.dumps(write_run_spec(SPEC)))
    status = json.loads(json.dumps(write_run_status(STATUS)))

    assert read_run_spec(spec) == SPEC
    assert read_run_status(status) == STATUS
    assert read_run_spec({}) == RunSpec()
    assert read_run_status({}) == RunStatus()


def test_a_specification_is_written_as_argo_writes_it() -> None:
    assert write_run_spec(SPEC) == {
        "metrics": [
            {
                "name": "a",
                "interval": "1m",
                "count": "3",
                "failureLimit": 0,
                "consecutiveErrorLimit": -1,
                "provider": {"web": {"url": "https://example.com"}},
            }
        ],
        "args": [
            {"name": "x", "value": ""},
            {"name": "s", "valueFrom": {"secretKeyRef": {"name": "n", "key": "k"}}},
            {"name": "f", "value": "v", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
        "terminate": True,
        "dryRun": [{"metricName": "a"}],
        "measurementRetention": [{"metricName": "a", "limit": 3}],
        "ttlStrategy": {"secondsAfterSuccess": 0},
    }


def test_times_are_whole_seconds_of_utc() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=UTC)

    assert write_run_status(RunStatus(started_at=moment))["startedAt"] == "2026-01-02T03:04:05Z"
    assert read_run_status({"startedAt": "2026-01-02T05:04:05+02:00"}).started_at == (
        moment.replace(microsecond=0)
    )


def test_a_template_may_include_others() -> None:
    template = read_template(
        {
            "metrics": [{"name": "a", "provider": {"job": {}}}],
            "templates": [{"templateName": "b"}, {"templateName": "c", "clusterScope": True}],
        }
    )

    assert template.metrics[0].provider == {"job": {}}
    assert template.templates == (TemplateReference("b"), TemplateReference("c", True))  # noqa: FBT003  the field


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"metrics": {}}, "spec.metrics: must be a list"),
        ({"metrics": "a"}, "spec.metrics: must be a list"),
        ({"metrics": ["a"]}, "spec.metrics[0]: must be an object"),
        ({"metrics": [{"name": 1}]}, "spec.metrics[0].name: must be a string"),
        ({"metrics": [{"count": 1.5}]}, "spec.metrics[0].count: must be an integer of 32 bits"),
        ({"metrics": [{"count": True}]}, "spec.metrics[0].count: must be an integer of 32 bits"),
        ({"metrics": [{"count": 2**31}]}, "spec.metrics[0].count: must be an integer of 32 bits"),
        ({"metrics": [{"provider": []}]}, "spec.metrics[0].provider: must be an object"),
        ({"args": [{"valueFrom": 1}]}, "spec.args[0].valueFrom: must be an object"),
        ({"terminate": "yes"}, "spec.terminate: must be true or false"),
        (
            {"ttlStrategy": {"secondsAfterSuccess": "1"}},
            "spec.ttlStrategy.secondsAfterSuccess: must be an integer of 32 bits",
        ),
    ],
    ids=range(11),
)
def test_a_field_of_the_wrong_type_is_told_with_its_path(
    document: JSONObject, problem: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        read_run_spec(document)

    assert str(caught.value) == problem
    assert str(caught.value.problems[0]) == problem


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"])
def test_a_time_that_is_none_is_told(text: str) -> None:
    with pytest.raises(InvalidError, match=r"status\.startedAt: must be a time"):
        read_run_status({"startedAt": text})


def test_a_phase_that_is_none_is_told() -> None:
    with pytest.raises(InvalidError, match=r"status\.phase: 'Great' is no phase"):
        read_run_status({"phase": "Great"})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    *("metrics", "args", "dryRun", "name", "provider", "count", "value"),
                    *("valueFrom", "secretKeyRef", "metricResults", "measurements", "phase"),
                    *("startedAt", "metadata", "ttlStrategy", "runSummary", "templates"),
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["metrics", "args", "metricResults", "phase"]), JSON))
def test_any_document_is_read_or_refused(document: dict[str, object]) -> None:
    for read in (read_run_spec, read_run_status, read_template):
        try:
            read(document)  # type: ignore[arg-type]  # drawn JSON
        except InvalidError as error:
            assert error.problems  # noqa: PT017  both outcomes are right, others are not
