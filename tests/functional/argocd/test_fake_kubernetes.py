"""The fake Kubernetes API: lists, patches with optimistic locking, reviews, tokens, jobs."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.argocd import JOBS_ROLE, Fault, JobOutcome, application, argocd, project
from tests.fakes.argocd.kubernetes.answers import too_many
from tests.fakes.argocd.site import Site
from tests.functional.argocd.fake_callers import APPLICATIONS, KubernetesCaller

MARKS = [
    {"name": "kargo.akuity.io/promotion", "value": "prod.01"},
    {"name": "promoter/attempt", "value": "1"},
]
OPERATION = {"initiatedBy": {"automated": True}, "info": MARKS, "sync": {"revisions": []}}
JOBS = "/apis/batch/v1/namespaces/argocd/jobs"


@pytest.fixture
def site() -> Iterator[Site]:
    status = {"operationState": {"phase": "Succeeded", "message": "old"}}
    with argocd(apps=[application("guestbook", stage="shop:prod", status=status)]) as site:
        yield site


@pytest.fixture
def api(site: Site) -> Iterator[KubernetesCaller]:
    with httpx.Client() as client:
        yield KubernetesCaller(site, client, site.kubernetes_token)


def _reason(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["reason"]


def test_the_version_is_for_everybody_and_all_else_for_who_has_a_token(
    site: Site, api: KubernetesCaller
) -> None:
    api.token = "nonsense"

    assert api.get("/version").json()["gitVersion"] == "v1.33.0"
    assert _reason(api.get(APPLICATIONS)) == (401, "Unauthorized")


def test_a_token_ends(site: Site, api: KubernetesCaller) -> None:
    account = site.identities.accounts["argocd", "promoter"]
    api.token = site.identities.token(account, expires_in=60)

    before = api.get(APPLICATIONS).status_code
    site.clock.advance(60)

    assert (before, api.get(APPLICATIONS).status_code) == (200, 401)


def test_a_refusal_names_who_what_and_where(api: KubernetesCaller) -> None:
    response = api.send("DELETE", f"{APPLICATIONS}/guestbook", {})

    assert _reason(response) == (403, "Forbidden")
    assert response.json()["message"] == (
        'applications.argoproj.io "guestbook" is forbidden: '
        'User "system:serviceaccount:argocd:promoter" cannot delete resource "applications" '
        'in API group "argoproj.io" in the namespace "argocd"'
    )


def test_a_list_comes_in_pages_until_its_version_is_forgotten(
    site: Site, api: KubernetesCaller
) -> None:
    for name in ("a", "b", "c"):
        site.store.add("applications", application(name))
    first = api.get(APPLICATIONS, limit=2).json()
    rest = {"limit": 2, "continue": first["metadata"]["continue"]}
    second = api.get(APPLICATIONS, **rest)
    site.set("a", {"metadata": {"labels": {"x": "y"}}})
    site.store.compact()
    third = api.get(APPLICATIONS, **rest)

    assert [it["metadata"]["name"] for it in first["items"]] == ["a", "b"]
    assert [it["metadata"]["name"] for it in second.json()["items"]] == ["c", "guestbook"]
    assert "continue" not in second.json()["metadata"]
    assert _reason(third) == (410, "Expired")


def test_a_merge_patch_touches_everything_at_once_and_null_removes(
    site: Site, api: KubernetesCaller
) -> None:
    version = site.app("guestbook")["metadata"]["resourceVersion"]
    patch = {
        "metadata": {"resourceVersion": version},
        "spec": {"source": {"targetRevision": "v2"}},
        "operation": OPERATION,
        "status": {"operationState": None},
    }

    app = api.patch(patch).json()

    assert app["spec"]["source"]["targetRevision"] == "v2"
    assert app["operation"]["info"] == MARKS
    assert "operationState" not in app["status"]
    assert [(it.promotion, it.attempt) for it in site.record.operations] == [("prod.01", "1")]


def test_a_stale_resource_version_is_a_conflict_that_changes_nothing(
    site: Site, api: KubernetesCaller
) -> None:
    version = site.app("guestbook")["metadata"]["resourceVersion"]
    site.set("guestbook", {"metadata": {"labels": {"x": "y"}}})

    response = api.patch({"metadata": {"resourceVersion": version}, "operation": OPERATION})

    assert _reason(response) == (409, "Conflict")
    assert "the object has been modified" in response.json()["message"]
    assert "operation" not in site.app("guestbook")


def test_a_strategic_merge_patch_is_of_an_unsupported_type(api: KubernetesCaller) -> None:
    response = api.patch({}, kind="application/strategic-merge-patch+json")

    assert _reason(response) == (415, "UnsupportedMediaType")


def test_a_json_patch_works_too(site: Site, api: KubernetesCaller) -> None:
    patch = [{"op": "replace", "path": "/spec/source/targetRevision", "value": "v2"}]

    response = api.patch(patch, kind="application/json-patch+json")

    assert response.status_code == 200
    assert site.app("guestbook")["spec"]["source"]["targetRevision"] == "v2"


def test_a_patch_that_changes_nothing_makes_no_version(site: Site, api: KubernetesCaller) -> None:
    before = site.app("guestbook")["metadata"]["resourceVersion"]

    after = api.patch({"metadata": {"labels": {}}}).json()["metadata"]["resourceVersion"]

    assert before == after


def test_an_operation_over_a_running_one_is_let_through_and_held_against_the_client(
    site: Site, api: KubernetesCaller
) -> None:
    api.patch({"operation": OPERATION})
    site.clock.advance(2)
    api.patch({"operation": {**OPERATION, "info": []}})

    assert site.record.violations == ["overwrote a running operation of guestbook"]


def test_what_was_not_cleared_leaks_into_the_next_operation(
    site: Site, api: KubernetesCaller
) -> None:
    site.set("guestbook", {"status": {"operationState": {"syncResult": {"revision": "old"}}}})

    api.patch({"operation": OPERATION})
    site.clock.advance(2)

    state = site.app("guestbook")["status"]["operationState"]
    assert (state["phase"], state["syncResult"]) == ("Running", {"revision": "old"})


def test_without_the_definitions_there_is_no_page(site: Site, api: KubernetesCaller) -> None:
    site.settings.has_crds = False

    response = api.get(APPLICATIONS)

    assert (response.status_code, response.text) == (404, "404 page not found\n")


@pytest.mark.parametrize(("verb", "allowed"), [("patch", True), ("delete", False)])
def test_a_review_answers_for_its_caller(
    api: KubernetesCaller, verb: str, *, allowed: bool
) -> None:
    attributes = {"verb": verb, "group": "argoproj.io", "resource": "applications"}
    review = {"spec": {"resourceAttributes": {**attributes, "namespace": "argocd"}}}

    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    response = api.send("POST", path, review)

    assert (response.status_code, response.json()["status"]["allowed"]) == (201, allowed)


def test_an_account_gets_itself_a_new_token(site: Site, api: KubernetesCaller) -> None:
    path = "/api/v1/namespaces/argocd/serviceaccounts/promoter/token"

    short = api.send("POST", path, {"spec": {"expirationSeconds": 60}})
    issued = api.send("POST", path, {"spec": {"expirationSeconds": 3600}}).json()["status"]
    api.token = issued["token"]

    assert _reason(short) == (422, "Invalid")
    assert issued["expirationTimestamp"] == "2026-01-10T11:00:00Z"
    assert api.get(APPLICATIONS).status_code == 200


def test_too_many_requests_say_when_to_come_back(site: Site, api: KubernetesCaller) -> None:
    reply = too_many(retry_after=7)
    site.fail(Fault("GET", status=429, body=reply.raw, headers=reply.headers))

    response = api.get(APPLICATIONS)

    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert api.get(APPLICATIONS).status_code == 200


def test_projects_are_read_with_their_windows() -> None:
    window = {"kind": "deny", "schedule": "* * * * *", "duration": "1h"}
    with argocd(projects=[project(syncWindows=[window])]) as site, httpx.Client() as client:
        api = KubernetesCaller(site, client, site.kubernetes_token)
        found = api.get("/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects/default").json()

    assert found["spec"]["syncWindows"] == [window]


@pytest.mark.parametrize(
    ("outcome", "condition"),
    [(JobOutcome(log="42\n"), "Complete"), (JobOutcome(is_good=False, log="no\n"), "Failed")],
)
def test_a_job_has_a_pod_and_a_log_and_ends_as_planned(
    site: Site, api: KubernetesCaller, outcome: JobOutcome, condition: str
) -> None:
    account = site.identities.add("jobs", JOBS_ROLE)
    api.token = site.identities.token(account)
    site.jobs.outcomes.append(outcome)
    job = {"metadata": {"generateName": "check-"}, "spec": {"template": {"spec": {}}}}

    name = api.send("POST", JOBS, job).json()["metadata"]["name"]
    site.clock.advance(2)
    active = api.get(f"{JOBS}/{name}").json()["status"]["active"]
    site.clock.advance(5)
    ended = api.get(f"{JOBS}/{name}").json()["status"]["conditions"][0]["type"]
    pods = api.get("/api/v1/namespaces/argocd/pods", labelSelector=f"job-name={name}").json()
    pod = pods["items"][0]["metadata"]["name"]
    log = api.get(f"/api/v1/namespaces/argocd/pods/{pod}/log").text

    assert (active, ended, log) == (1, condition, outcome.log)
    assert json.loads(api.send("DELETE", f"{JOBS}/{name}", {}).text)["status"] == "Success"
