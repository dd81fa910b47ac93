"""Approvals on the portal: who said what, what is missing, and saying it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from common.clock import now as read_clock
from common.jsontypes import JSONValue
from projects.models import ProjectConfig
from promotions.models import Promotion, PromotionApproval, PromotionRequest
from rbac.models import AuditEvent, User
from tests.factories.people import make_admin, make_promoter, make_viewer
from tests.functional.portal.scenes import Scene, ordinary

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Scene:
    """A promotion to prod waits; prod needs two approvals."""
    found = ordinary()
    require(found, minApprovals=2)
    return found


@pytest.fixture
def waiting(scene: Scene) -> Promotion:
    """Somebody else asked for it."""
    rows = Promotion.objects.filter(stage=scene.stages["prod"], phase="Pending")
    rows.update(actor="email:bob@example.com")
    return rows.get()


@pytest.fixture
def alice(client: Client, scene: Scene) -> Client:
    client.force_login(make_admin(scene.project))
    return client


def require(scene: Scene, **policy: JSONValue) -> None:
    document = {"stageSelector": {"name": "prod"}, **policy}
    ProjectConfig.objects.update_or_create(
        project=scene.project,
        defaults={
            "name": "shop",
            "spec": {"approvalPolicies": [document]},
            "created_at": read_clock(),
            "updated_at": read_clock(),
        },
    )


def judge(client: Client, waiting: Promotion, action: str, **form: str) -> str:
    address = reverse("portal:judge-promotion", args=["shop", waiting.name])
    response = client.post(address, {"action": action, **form}, follow=True)
    return str(response.content.decode())


def pages(scene: Scene, waiting: Promotion) -> list[str]:
    return [
        reverse("portal:approval-list", args=["shop"]),
        reverse("portal:stage", args=["shop", "prod"]),
        reverse("portal:freight", args=["shop", waiting.freight.name]),
        reverse("portal:promotion", args=["shop", waiting.name]),
    ]


def test_every_page_about_it_says_what_is_missing_and_offers_to_approve(
    alice: Client, scene: Scene, waiting: Promotion
) -> None:
    address = reverse("portal:judge-promotion", args=["shop", waiting.name])

    for page in pages(scene, waiting):
        shown = alice.get(page).content.decode()

        assert "0 of 2" in shown
        assert "2 more approvals" in shown
        assert "whoever may promote to the Stage" in shown
        assert f'action="{address}"' in shown
        assert 'value="approve"' in shown
        assert 'value="withdraw"' not in shown


def test_approving_is_shown_audited_and_can_be_taken_back(
    alice: Client, scene: Scene, waiting: Promotion
) -> None:
    approved = judge(alice, waiting, "approve", message="looks <b>good</b>")
    withdrawn = judge(alice, waiting, "withdraw")

    assert "You have approved." in approved
    assert "1 of 2" in approved
    assert "looks &lt;b&gt;good&lt;/b&gt;" in approved
    assert 'value="withdraw"' in approved
    assert 'value="approve"' not in approved
    assert "Your approval no longer counts." in withdrawn
    assert "0 of 2" in withdrawn
    assert 'value="approve"' in withdrawn
    acts = AuditEvent.objects.filter(action="promotion.judge").order_by("pk")
    assert [it.after for it in acts] == [{"action": "approve"}, {"action": "withdraw"}]


def test_it_leads_back_to_the_page_it_was_said_on(alice: Client, waiting: Promotion) -> None:
    page = reverse("portal:approval-list", args=["shop"])
    address = reverse("portal:judge-promotion", args=["shop", waiting.name])

    back = alice.post(address, {"action": "approve", "next": page})
    astray = alice.post(address, {"action": "withdraw", "next": "https://evil.example.com/"})

    assert back["Location"] == page
    assert astray["Location"] == reverse("portal:promotion", args=["shop", waiting.name])


def test_a_viewer_sees_why_they_may_not_and_is_refused(
    client: Client, scene: Scene, waiting: Promotion
) -> None:
    client.force_login(make_viewer(scene.project))

    shown = client.get(reverse("portal:approval-list", args=["shop"])).content.decode()
    refused = client.post(
        reverse("portal:judge-promotion", args=["shop", waiting.name]), {"action": "approve"}
    )

    assert 'value="approve"' not in shown
    assert "promote is not permitted" in shown
    assert refused.status_code == 403
    assert PromotionApproval.objects.count() == 0


def test_who_asked_for_it_is_told_that_somebody_else_has_to(
    alice: Client, waiting: Promotion
) -> None:
    me = User.objects.get()
    Promotion.objects.filter(pk=waiting.pk).update(actor_uid=me.uid)

    shown = alice.get(reverse("portal:promotion", args=["shop", waiting.name])).content.decode()
    refused = alice.post(
        reverse("portal:judge-promotion", args=["shop", waiting.name]), {"action": "approve"}
    )

    assert "You asked for this promotion; somebody else has to approve it" in shown
    assert 'value="approve"' not in shown
    assert refused.status_code == 403


def test_a_form_without_a_token_or_an_answer_changes_nothing(
    alice: Client, waiting: Promotion
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    address = reverse("portal:judge-promotion", args=["shop", waiting.name])

    forged = strict.post(address, {"action": "approve"})
    empty = judge(alice, waiting, "expire")

    assert forged.status_code == 403
    assert "Choose an answer: approve, reject or withdraw." in empty
    assert PromotionApproval.objects.count() == 0


def test_one_rejection_ends_it_and_its_page_keeps_what_was_said(
    client: Client, scene: Scene, waiting: Promotion
) -> None:
    client.force_login(make_promoter(scene.project))

    shown = judge(client, waiting, "reject", message="not on a Friday")

    waiting.refresh_from_db()
    assert waiting.phase == "Aborted"
    assert "not on a Friday" in shown
    assert "Rejected" in shown
    listed = client.get(reverse("portal:approval-list", args=["shop"])).content.decode()
    assert "Nothing waits for approval" in listed


def test_an_approval_that_ran_out_does_not_count(
    alice: Client, scene: Scene, waiting: Promotion
) -> None:
    require(scene, minApprovals=1, expiresAfter="1h")
    judge(alice, waiting, "approve")
    PromotionApproval.objects.update(at=read_clock() - timedelta(hours=2))

    shown = alice.get(reverse("portal:promotion", args=["shop", waiting.name])).content.decode()

    assert "0 of 1" in shown
    assert "1 more approval" in shown


def test_a_request_for_targets_is_approved_from_the_page_of_its_stage(
    alice: Client, scene: Scene
) -> None:
    stage = scene.stages["prod"]
    stage.spec = {**stage.spec, "targets": {"selectors": [{}]}}
    stage.save(update_fields=["spec"])
    request = PromotionRequest.objects.create(
        project=scene.project,
        stage=stage,
        freight=scene.freight[1],
        name="prod.01kt1mn1p0000000000000000z.abcdef0",
        actor="email:bob@example.com",
    )
    address = reverse("portal:judge-promotion-request", args=["shop", request.name])

    before = alice.get(reverse("portal:stage", args=["shop", "prod"])).content.decode()
    after = alice.post(address, {"action": "approve"}, follow=True).content.decode()

    assert f'action="{address}"' in before
    assert "You have approved." in after
    assert request.approvals.count() == 1
