"""The page about a project's audit: found, paged, readable, and only for those who may."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from projects.models import Project
from promotions.portal.previews import DiffLine
from rbac.actors import operator_at_console
from rbac.audit import Act, record
from rbac.models import AuditEvent
from tests.factories.domain import NOON, make_project, make_promotion, make_tenant
from tests.factories.people import make_admin, make_operator, make_stranger, make_viewer
from tests.functional.portal.scenes import Scene, ordinary

pytestmark = pytest.mark.django_db


def act(project: Project, number: int, **facts: Any) -> AuditEvent:
    facts = {"action": "stage.update", "kind": "Stage", "object_name": "uat", **facts}
    entry = Act(tenant_uid=project.tenant.uid, project_uid=project.uid, **facts)
    actor = operator_at_console("ann" if number % 2 else "ben")
    return record(entry, actor=actor, at=NOON + timedelta(days=number))


@pytest.fixture
def scene() -> Scene:
    return ordinary()


@pytest.fixture
def alice(client: Client, scene: Scene) -> Client:
    client.force_login(make_admin(scene.project))
    return client


def shown(client: Client, **query: str | int) -> list[int]:
    response = client.get(reverse("portal:audit", args=["shop"]), query)
    assert response.status_code == 200
    return [row.event.sequence for row in response.context["rows"]]


def test_acts_are_listed_newest_first_with_what_they_changed(alice: Client, scene: Scene) -> None:
    act(
        scene.project,
        1,
        reason="the soak was too long",
        before={"spec": {"steps": [{"uses": "git-clone"}, {"uses": "git-push"}], "soak": "2h"}},
        after={"spec": {"steps": [{"uses": "git-clone"}, {"uses": "git-push"}], "soak": "1h"}},
    )

    response = alice.get(reverse("portal:audit", args=["shop"]))
    html = response.content.decode()

    assert "operator:ann" in html
    assert "the soak was too long" in html
    lines = response.context["rows"][0].lines
    assert DiffLine("removed", "-  soak: 2h") in lines
    assert DiffLine("added", "+  soak: 1h") in lines
    assert not any("git-clone" in line.text and line.kind for line in lines)


def test_pages_lead_to_older_ones_and_keep_what_is_looked_for(alice: Client, scene: Scene) -> None:
    for number in range(60):
        act(scene.project, number)

    first = alice.get(reverse("portal:audit", args=["shop"]), {"object": "uat"})
    second = alice.get(reverse("portal:audit", args=["shop"]) + first.context["older"])

    assert len(first.context["rows"]) == 50
    assert len(second.context["rows"]) == 10
    assert "object=uat" in first.context["older"]
    assert 'value="uat"' in second.content.decode()


def test_events_are_searched(alice: Client, scene: Scene) -> None:
    numbers = [act(scene.project, number).sequence for number in range(4)]
    other = act(scene.project, 4, action="freight.approve", object_name="quiet-otter").sequence

    assert shown(alice, actor="operator:ann") == [numbers[3], numbers[1]]
    assert shown(alice, action="freight.approve") == [other]
    assert shown(alice, object="quiet-otter") == [other]
    assert shown(alice, since="2026-06-02", until="2026-06-03") == [numbers[2], numbers[1]]
    assert shown(alice, since="soon", before="x") == [other, *reversed(numbers)]
    assert shown(alice, object=str(uuid4())) == []
    assert shown(alice, before=10**30) == [other, *reversed(numbers)]


def test_nobody_searches_for_nul_characters(alice: Client, scene: Scene) -> None:
    answer = alice.get(reverse("portal:audit", args=[scene.project.name]), {"actor": "a\0b"})

    assert answer.status_code == 400


def test_an_event_has_a_page_of_its_own(alice: Client, scene: Scene) -> None:
    event = act(scene.project, 1, before={"alias": "old"}, after={"alias": "new"})

    html = alice.get(reverse("portal:audit-event", args=["shop", event.sequence])).content.decode()

    assert event.hash in html
    assert "-alias: old" in html
    assert "+alias: new" in html


def test_what_others_wrote_is_shown_as_text(alice: Client, scene: Scene) -> None:
    act(scene.project, 1, object_name="<script>alert(1)</script>", after={"x": "<b>"})

    html = alice.get(reverse("portal:audit", args=["shop"])).content.decode()

    assert "<script>alert(1)" not in html
    assert "<b>" not in html


def test_a_giant_is_cut(alice: Client, scene: Scene) -> None:
    event = act(scene.project, 1, after={"lines": [str(number) for number in range(9000)]})

    listed = alice.get(reverse("portal:audit", args=["shop"]))
    whole = alice.get(reverse("portal:audit-event", args=["shop", event.sequence]))

    assert len(listed.context["rows"][0].lines) == 40
    assert "more lines" in listed.content.decode()
    assert len(whole.context["row"].lines) == 4000


def test_of_other_projects_and_tenants_nothing_is_shown(alice: Client, scene: Scene) -> None:
    other = act(make_project("other"), 1)
    theirs = act(make_project("shop", tenant=make_tenant("elsewhere")), 1)

    assert shown(alice) == []
    for sequence in (other.sequence, theirs.sequence, 0, 10**40):
        address = f"/projects/shop/audit/{sequence}"
        assert alice.get(address).status_code == 404


def test_only_who_may_see_the_audit_does_and_finds_the_way(client: Client, scene: Scene) -> None:
    address = reverse("portal:audit", args=["shop"])
    event = act(scene.project, 1)
    make_promotion(scene.stages["uat"], scene.freight[0])
    pages = [address, reverse("portal:audit-event", args=["shop", event.sequence])]
    home = reverse("portal:project", args=["shop"])

    for person, status, is_linked in (
        (make_operator(), 200, True),
        (make_viewer(scene.project), 403, False),
        (make_stranger(make_tenant("elsewhere")), 404, None),
    ):
        client.force_login(person)
        assert [client.get(page).status_code for page in pages] == [status, status]
        if is_linked is not None:
            assert (address in client.get(home).content.decode()) is is_linked


def test_an_empty_audit_says_what_will_be_there(alice: Client, scene: Scene) -> None:
    assert "Nothing was done here yet" in alice.get("/projects/shop/audit").content.decode()
    assert "Nothing fits" in alice.get("/projects/shop/audit?actor=x").content.decode()


def test_a_page_takes_as_many_queries_for_many_as_for_few(
    alice: Client, scene: Scene, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    act(scene.project, 0)
    alice.get("/projects/shop/audit")
    with django_assert_max_num_queries(15) as few:
        alice.get("/projects/shop/audit")
    for number in range(30):
        act(scene.project, number)

    with django_assert_num_queries(len(few)):
        alice.get("/projects/shop/audit")


def test_pages_are_whole_and_fragments_and_keep_the_policy(alice: Client, scene: Scene) -> None:
    event = act(scene.project, 1)
    for address in ("/projects/shop/audit", f"/projects/shop/audit/{event.sequence}"):
        whole = alice.get(address).content.decode()
        fragment = alice.get(address, headers={"HX-Request": "true"}).content.decode()

        assert "<html" in whole
        assert "<html" not in fragment
        assert " style=" not in whole
        assert "<script>" not in whole
