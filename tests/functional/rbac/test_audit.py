"""The audit chain: unbroken, or broken at a link that is named."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from rbac.actors import operator_at_console
from rbac.audit import PLATFORM, Act, first_broken_link, record
from rbac.models import AuditChain, AuditEvent
from tests.factories.domain import NOON, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _five_links() -> None:
    make_tenant()
    for number in range(5):
        act = Act(
            action="stage.update",
            kind="Stage",
            tenant_uid=PLATFORM,
            object_name=f"stage-{number}",
            before={"b": 1, "a": [1.5, None, "é"]},
            after={"nested": {"z": True}},
        )
        record(act, actor=operator_at_console("tests"), at=NOON)


def test_a_chain_that_nobody_touched_is_intact() -> None:
    output = StringIO()

    call_command("verify_audit", stdout=output)

    assert first_broken_link(PLATFORM) is None
    assert output.getvalue() == "platform: intact\n"


def test_a_link_that_was_altered_is_named() -> None:
    AuditEvent.objects.filter(sequence=3).update(actor="somebody else")

    with pytest.raises(CommandError, match=r"platform: broken at link 3: .* altered"):
        call_command("verify_audit", stdout=StringIO())


def test_a_link_that_was_removed_is_named() -> None:
    AuditEvent.objects.filter(sequence=2).delete()

    with pytest.raises(CommandError, match="broken at link 2: this link is missing"):
        call_command("verify_audit", stdout=StringIO())


def test_links_cut_off_the_end_are_missed() -> None:
    AuditEvent.objects.filter(sequence=5).delete()

    with pytest.raises(CommandError, match="broken at link 5"):
        call_command("verify_audit", stdout=StringIO())


def test_a_chain_made_anew_from_some_link_on_is_noticed() -> None:
    AuditEvent.objects.filter(sequence=4).update(previous_hash="0" * 64)

    with pytest.raises(CommandError, match="link 4: it does not follow"):
        call_command("verify_audit", stdout=StringIO())


def test_a_chain_emptied_is_noticed() -> None:
    AuditEvent.objects.all().delete()

    assert AuditChain.objects.get().length == 5
    with pytest.raises(CommandError, match="broken at link 1"):
        call_command("verify_audit", stdout=StringIO())
