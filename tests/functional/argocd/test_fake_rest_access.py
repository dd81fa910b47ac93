"""The fake argocd-server: who is let in, and what they get to see."""

from collections.abc import Iterator

import httpx
import pytest

from tests.fakes.argocd import Settings, application, argocd, bearer, project
from tests.fakes.argocd.accounts import Rule
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.store import PROJECTS, Key
from tests.functional.argocd.fake_callers import RestCaller, said


@pytest.fixture
def site() -> Iterator[Site]:
    apps = [
        application("guestbook"),
        application("secret", project="team-b"),
        application("elsewhere", namespace="team"),
    ]
    with argocd(
        apps=apps, projects=[project(), project("team-b")], settings=Settings(namespaces=("team",))
    ) as site:
        site.accounts.add("team-a", [Rule("applications", "get", "default/*")])
        yield site


@pytest.fixture
def rest(site: Site) -> Iterator[RestCaller]:
    with httpx.Client() as client:
        yield RestCaller(site, client, site.token)


def test_a_request_without_a_token_has_no_session(site: Site, rest: RestCaller) -> None:
    response = rest.client.get(f"{site.rest_url}/api/v1/applications")

    assert said(response) == (401, 16, "no session information")


@pytest.mark.parametrize("kind", ["malformed", "forged", "expired", "revoked"])
def test_a_bad_token_is_unauthenticated_and_says_why(
    site: Site, rest: RestCaller, kind: str
) -> None:
    rest.token = {
        "malformed": "no.more.nonsense",
        "forged": site.token[:-4] + "AAAA",
        "expired": site.token_of("promoter", expires_in=60),
        "revoked": site.token,
    }[kind]
    site.clock.advance(60)
    if kind == "revoked":
        site.accounts.revoke(site.token)

    response = rest.get("/applications")

    status, code, message = said(response)
    assert (status, code) == (401, 16)
    assert {"malformed": "malformed", "forged": "signature"}.get(kind, kind) in message


def test_the_header_wins_over_the_cookie(site: Site, rest: RestCaller) -> None:
    cookie = {"Cookie": f"argocd.token={site.token}"}
    client = rest.client
    url = f"{site.rest_url}/api/v1/applications"

    def status(header: str) -> int:
        return client.get(url, headers={"Authorization": header, **cookie}).status_code

    assert status("Bearer no.more.nonsense") == 401
    assert client.get(url, headers=cookie).status_code == 200
    assert status("Bearer nonsense") == status("bearer no.more.nonsense") == 200


def test_user_info_takes_a_bad_token_for_a_stranger(rest: RestCaller) -> None:
    known = rest.get("/session/userinfo").json()
    rest.token = "nonsense"

    assert known["loggedIn"]
    assert known["username"] == "promoter"
    assert rest.get("/session/userinfo").json() == {}


def test_the_version_is_all_that_a_stranger_learns(site: Site, rest: RestCaller) -> None:
    url = f"{site.rest_url}/api/version"

    assert list(rest.client.get(url).json()) == ["Version"]
    assert (
        "GoVersion"
        in rest.client.get(url, headers={"Authorization": f"Bearer {site.token}"}).json()
    )


def test_five_failed_logins_lock_out_the_right_password_too(site: Site, rest: RestCaller) -> None:
    good = {"username": "admin", "password": "password"}
    assert "token" in rest.send("POST", "/session", good).json()

    for _ in range(5):
        rest.send("POST", "/session", {**good, "password": "wrong"})

    assert said(rest.send("POST", "/session", good)) == (401, 16, "Invalid username or password")
    site.clock.advance(301)
    assert rest.send("POST", "/session", good).status_code == 200


def test_can_i_answers_for_quoted_objects(rest: RestCaller) -> None:
    yes = rest.get("/account/can-i/applications/sync/default%2Fguestbook").json()
    no = rest.get("/account/can-i/applications/delete/default%2Fguestbook").json()

    assert (yes, no) == ({"value": "yes"}, {"value": "no"})


@pytest.mark.parametrize("kind", [{}, {"Content-Type": "application/json; charset=utf-8"}])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_whatever_is_no_get_must_say_that_it_is_json_and_no_more(
    site: Site, rest: RestCaller, method: str, kind: dict[str, str]
) -> None:
    url = f"{site.rest_url}/api/v1/applications/guestbook/operation"

    response = rest.client.request(method, url, headers={**bearer(site.token), **kind})

    assert (response.status_code, response.text) == (415, "Invalid content type\n")


def test_a_path_that_the_gateway_does_not_know_is_answered_in_plain_text(rest: RestCaller) -> None:
    response = rest.get("/nothing")

    assert (response.status_code, response.text) == (404, "Not Found\n")


def test_a_namespace_that_is_not_enabled_is_a_403_like_any_other(rest: RestCaller) -> None:
    response = rest.get("/applications/guestbook", project="default", appNamespace="other")

    assert said(response) == (403, 7, "permission denied")


def test_an_application_whose_project_is_gone_cannot_be_read(site: Site, rest: RestCaller) -> None:
    site.store.remove(Key(PROJECTS, "argocd", "default"))

    text = 'app is not allowed in project "default", or the project does not exist'
    assert said(rest.get("/applications/guestbook")) == (400, 3, text)


def test_an_empty_list_is_null_and_what_was_never_looked_at_has_a_status(
    site: Site, rest: RestCaller
) -> None:
    assert rest.get("/applications", name="absent").json()["items"] is None

    status = rest.get("/applications/guestbook").json()["status"]
    assert (status["health"], status["sync"]["status"]) == ({}, "")


def test_can_i_knows_its_resources_and_actions(rest: RestCaller) -> None:
    assert rest.get("/account/can-i/applications/eat/default/guestbook").status_code == 400
    assert rest.get("/account/can-i/apps/get/default/guestbook").status_code == 400
    assert rest.get("/account/can-i/applications/get/default/*").json() == {"value": "yes"}


def test_a_missing_application_is_a_403_unless_its_project_is_said(rest: RestCaller) -> None:
    hidden = rest.get("/applications/absent")
    told = rest.get("/applications/absent", project="default")

    assert said(hidden) == (403, 7, "permission denied")
    assert said(told) == (404, 5, 'applications.argoproj.io "absent" not found')


def test_an_application_of_another_project_is_missing(rest: RestCaller) -> None:
    assert rest.get("/applications/secret", project="default").status_code == 404
    assert rest.get("/applications/secret", project="team-b").status_code == 200


def test_two_projects_are_one_too_many(rest: RestCaller) -> None:
    response = rest.get("/applications/guestbook", project=["default", "team-b"])

    assert said(response)[:2] == (400, 3)


def test_who_may_not_see_an_application_gets_the_same_403_as_for_a_missing_one(
    site: Site, rest: RestCaller
) -> None:
    rest.token = site.token_of("team-a")

    answers = [rest.get(f"/applications/{it}", project="team-b") for it in ("secret", "absent")]

    assert [said(it) for it in answers] == [(403, 7, "permission denied")] * 2


def test_a_list_is_cut_to_what_its_caller_may_see_and_sorted(site: Site, rest: RestCaller) -> None:
    everything = rest.get("/applications").json()["items"]
    rest.token = site.token_of("team-a")
    some = rest.get("/applications").json()["items"]

    assert [it["metadata"]["name"] for it in everything] == ["elsewhere", "guestbook", "secret"]
    assert [it["metadata"]["name"] for it in some] == ["elsewhere", "guestbook"]


def test_the_namespace_is_part_of_the_rbac_object_outside_of_argo_cds_own(
    site: Site, rest: RestCaller
) -> None:
    site.accounts.add("narrow", [Rule("applications", "get", "default/guestbook")])
    rest.token = site.token_of("narrow")

    inside = rest.get("/applications/guestbook", project="default")
    outside = rest.get("/applications/elsewhere", project="default", appNamespace="team")

    assert (inside.status_code, outside.status_code) == (200, 403)


def test_fields_of_a_list_are_only_those_that_lists_know(site: Site, rest: RestCaller) -> None:
    site.set("guestbook", {"status": {"reconciledAt": "x", "health": {"status": "Healthy"}}})
    fields = "items.metadata.name,items.status.health,items.status.reconciledAt"

    items = rest.get("/applications", fields=fields, name="guestbook").json()["items"]

    assert items == [
        {"metadata": {"name": "guestbook"}, "status": {"health": {"status": "Healthy"}}}
    ]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", ["b"]),
        ("tier in (web,db)", ["b", "c"]),
        ("!tier", ["a"]),
        ("tier!=web", ["a", "c"]),
    ],
)
def test_a_list_is_narrowed_by_labels(selector: str, names: list[str]) -> None:
    apps = [
        application("a"),
        application("b", labels={"tier": "web"}),
        application("c", labels={"tier": "db"}),
    ]
    with argocd(apps=apps) as site, httpx.Client() as client:
        found = RestCaller(site, client, site.token).get("/applications", selector=selector)

    assert [it["metadata"]["name"] for it in found.json()["items"]] == names


def test_below_a_root_path_there_is_nothing_else() -> None:
    with argocd(settings=Settings(root_path="/argo")) as site, httpx.Client() as client:
        rest = RestCaller(site, client, site.token)
        inside = rest.get("/applications")
        outside = client.get(f"{site.rest_url.removesuffix('/argo')}/api/v1/applications")

    assert inside.status_code == 200
    assert (outside.status_code, outside.text) == (404, "404 page not found\n")


def test_windows_of_a_project_need_the_right_to_get_it(site: Site, rest: RestCaller) -> None:
    assert rest.get("/projects/default/syncwindows").json() == {"windows": []}

    rest.token = site.token_of("team-a")

    assert said(rest.get("/projects/default/syncwindows"))[:2] == (403, 7)
