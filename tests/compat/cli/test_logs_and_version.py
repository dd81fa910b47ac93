"""``kargo version`` and ``kargo logs``."""

import pytest

from tests.compat.cli.live import Site
from tests.compat.cli.session import CliError, OldSession, Session

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("client", [Session, OldSession])
def test_the_servers_version(site: Site, client: type[Session]) -> None:
    found = client(site.address, site.tokens["bob"]).call("GetVersionInfo")

    assert found["version"]
    assert found["buildDate"].endswith("Z")


def test_the_version_is_for_those_who_are_signed_in(site: Site) -> None:
    with pytest.raises(CliError, match="401 Unauthorized"):
        Session(site.address, "junk").call("GetVersionInfo")


def test_logs_of_a_job_are_printed_until_they_end(site: Site) -> None:
    path = "projects/demo/analysis-runs/test.1/logs"

    for query in ("", "?metricName=smoke", "?metricName=smoke&containerName=main"):
        with site.session("bob").logs(path + query) as pieces:
            assert "".join(pieces).strip() == "all is well"


def test_logs_of_what_has_no_job_are_refused_in_words(site: Site) -> None:
    with (
        pytest.raises(CliError, match="unexpected status 400: ") as caught,
        site.session("bob").logs("projects/demo/analysis-runs/test.1/logs?metricName=errors"),
    ):
        pass
    assert caught.value.error == 'AnalysisRun "test.1" has no job metric "errors"'


def test_logs_of_what_one_may_not_see_are_not_found(site: Site) -> None:
    for who, project in (("charlie", "demo"), ("bob", "nowhere")):
        with (
            pytest.raises(CliError, match="unexpected status 404: ") as caught,
            site.session(who).logs(f"projects/{project}/analysis-runs/test.1/logs"),
        ):
            pass
        assert "not found" in caught.value.error
