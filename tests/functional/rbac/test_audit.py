"""The audit chain: unbroken, or broken at a link that is named."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from rbac.actors import operator_at_console
from rbac.audit import PLATFORM, Act, first_broken_link, record
from rbac.audit.links import link_hash, sign_head
from rbac.models import AuditChain, AuditCheckpoint, AuditEvent
from tests.factories.domain import NOON, make_tenant
from tests.factories.tampering import as_database_owner

pytestmark = pytest.mark.django_db


def add_links(count: int, tenant_uid: UUID = PLATFORM) -> None:
    for number in range(count):
        act = Act(
            action="stage.update",
            kind="Stage",
            tenant_uid=tenant_uid,
            object_name=f"stage-{number}",
            before={"b": 1, "a": [1.5, None, "é"]},
            after={"nested": {"z": True}},
        )
        record(act, actor=operator_at_console("tests"), at=NOON + timedelta(minutes=number))


@pytest.fixture(autouse=True)
def _five_links() -> None:
    make_tenant()
    add_links(5)


def verify(*arguments: str) -> str:
    output = StringIO()
    call_command("verify_audit", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def event(sequence: int) -> AuditEvent:
    return AuditEvent.objects.get(tenant_uid=PLATFORM, sequence=sequence)


def alter(sequence: int, **columns: Any) -> None:
    AuditEvent.objects.filter(tenant_uid=PLATFORM, sequence=sequence).update(**columns)


def remove(*sequences: int) -> None:
    AuditEvent.objects.filter(tenant_uid=PLATFORM, sequence__in=sequences).delete()


def swap() -> None:
    rows = AuditEvent.objects.filter(tenant_uid=PLATFORM)
    for number, other in ((2, 99), (4, 2), (99, 4)):
        rows.filter(sequence=number).update(sequence=other)


def put_in() -> None:
    forged = event(5)
    forged.pk, forged.uid, forged.sequence, forged.previous_hash = None, uuid4(), 6, forged.hash
    forged.hash = link_hash(forged)
    forged.save(force_insert=True)


def put_in_with_the_head() -> None:
    put_in()
    AuditChain.objects.update(length=6, head=event(6).hash)


def put_in_before_the_first() -> None:
    forged = event(1)
    forged.pk, forged.uid, forged.sequence = None, uuid4(), 0
    forged.hash = link_hash(forged)
    forged.save(force_insert=True)


def cut_off_with_the_head() -> None:
    remove(4, 5)
    AuditChain.objects.update(length=3, head=event(3).hash)


def make_anew() -> None:
    """Alter the third link and compute every hash from there on."""
    alter(3, actor="somebody else")
    previous = event(2).hash
    for sequence in (3, 4, 5):
        link = event(sequence)
        link.previous_hash = previous
        previous = link_hash(link)
        alter(sequence, previous_hash=link.previous_hash, hash=previous)
    AuditChain.objects.update(head=previous)


def remove_all_but_checkpoints() -> None:
    AuditEvent.objects.all().delete()
    AuditChain.objects.all().delete()


def remove_the_head() -> None:
    AuditChain.objects.all().delete()


TAMPERING: list[tuple[Callable[[], None], str]] = [
    (lambda: alter(3, actor="somebody else"), "link 3: what it says was altered"),
    (lambda: alter(3, uid=uuid4()), "link 3: what it says was altered"),
    (lambda: alter(3, at=NOON), "link 3: what it says was altered"),
    (lambda: alter(3, address="10.0.0.1"), "link 3: what it says was altered"),
    (lambda: alter(3, action="stage.delete"), "link 3: what it says was altered"),
    (lambda: alter(3, kind="Project"), "link 3: what it says was altered"),
    (lambda: alter(3, object_name="prod"), "link 3: what it says was altered"),
    (lambda: alter(3, object_uid=uuid4()), "link 3: what it says was altered"),
    (lambda: alter(3, project_uid=uuid4()), "link 3: what it says was altered"),
    (lambda: alter(3, reason="because"), "link 3: what it says was altered"),
    (lambda: alter(3, before={}), "link 3: what it says was altered"),
    (lambda: alter(3, after=None), "link 3: what it says was altered"),
    (lambda: alter(3, hash="0" * 64), "link 3: what it says was altered"),
    (lambda: alter(4, previous_hash="0" * 64), "link 4: it does not follow the link before it"),
    (lambda: alter(3, tenant_uid=uuid4()), "platform: broken at link 3: this link is missing"),
    (lambda: remove(1), "link 1: this link is missing"),
    (lambda: remove(2), "link 2: this link is missing"),
    (lambda: remove(4, 5), "link 4: the chain should have 5 links ending here"),
    (swap, "link 2: it does not follow the link before it"),
    (put_in, "link 6: the chain ends before this link"),
    (put_in_with_the_head, "link 7: the chain's end was not signed"),
    (put_in_before_the_first, "link 0: this link was put in"),
    (cut_off_with_the_head, "link 4: the chain's end was not signed"),
    (make_anew, "link 6: the chain's end was not signed"),
    (remove_all_but_checkpoints, "link 1: links were cut off: the chain had 1 on 2026-06-01"),
    (remove_the_head, "link 1: the chain ends before this link"),
]


def test_a_chain_that_nobody_touched_is_intact() -> None:
    assert first_broken_link(PLATFORM) is None
    assert verify() == "platform: intact\n"


@pytest.mark.parametrize(("tamper", "words"), TAMPERING, ids=range(len(TAMPERING)))
def test_tampering_is_found_and_the_first_broken_link_named(
    tamper: Callable[[], None], words: str
) -> None:
    with as_database_owner():
        tamper()

    with pytest.raises(CommandError, match=words):
        verify()


def test_one_broken_chain_does_not_hide_another() -> None:
    other = make_tenant("other")
    add_links(3, other.uid)
    with as_database_owner():
        alter(2, reason="because")
        AuditEvent.objects.filter(tenant_uid=other.uid, sequence=3).delete()

    with pytest.raises(CommandError) as caught:
        verify()

    assert "platform: broken at link 2" in str(caught.value)
    assert "other: broken at link 3" in str(caught.value)


def test_one_tenant_is_checked_by_itself() -> None:
    other = make_tenant("other")
    add_links(3, other.uid)
    with as_database_owner():
        alter(2, reason="because")

    assert verify("--tenant", "other") == "other: intact\n"
    assert verify("--tenant", str(other.uid)) == "other: intact\n"
    with pytest.raises(CommandError, match="platform: broken"):
        verify("--tenant", "platform")
    with pytest.raises(CommandError, match='There is no tenant "nowhere"'):
        verify("--tenant", "nowhere")


def test_what_was_signed_elsewhere_shows_that_an_earlier_end_was_put_back(tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.jsonl"
    early = AuditChain.objects.get()
    add_links(3)
    verify("--write-anchor", str(anchor))
    with as_database_owner():
        remove(6, 7, 8)
        early.save()
        AuditCheckpoint.objects.all().delete()

    assert verify() == "platform: intact\n"
    with pytest.raises(CommandError, match="platform: broken at link 6: links were cut off"):
        verify("--anchor", str(anchor))


def test_a_whole_chain_that_is_gone_is_missed_by_its_anchor(tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.jsonl"
    verify("--write-anchor", str(anchor))
    with as_database_owner():
        remove_all_but_checkpoints()
        AuditCheckpoint.objects.all().delete()

    with pytest.raises(CommandError, match=r"platform: broken at link \d: links were cut off"):
        verify("--anchor", str(anchor))


def test_an_anchor_that_somebody_wrote_himself_is_not_believed(tmp_path: Path) -> None:
    anchor = tmp_path / "anchor.jsonl"
    verify("--write-anchor", str(anchor))
    document = json.loads(anchor.read_text())
    anchor.write_text(json.dumps({**document, "length": 4}))

    with pytest.raises(CommandError, match="link 4: the checkpoint was not signed"):
        verify("--anchor", str(anchor))


def test_a_checkpoint_in_the_database_shows_links_made_anew_under_a_stolen_key() -> None:
    verify("--write-anchor", "/dev/null")
    with as_database_owner():
        make_anew()
        chain = AuditChain.objects.get()
        chain.signature = sign_head(chain)
        chain.save()

    with pytest.raises(CommandError, match="link 5: links up to this one were made anew"):
        verify()


def test_a_new_key_is_fine_as_long_as_the_old_one_is_known() -> None:
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="new", SECRET_KEY_FALLBACKS=[old]):
        assert verify() == "platform: intact\n"
    with (
        override_settings(SECRET_KEY="new"),
        pytest.raises(CommandError, match="not signed by this platform"),
    ):
        verify()


def export(path: Path, *arguments: str) -> list[dict[str, Any]]:
    call_command("export_audit", "--output", str(path), *arguments, stderr=StringIO())
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_what_is_exported_can_be_checked_without_the_database(tmp_path: Path) -> None:
    other = make_tenant("other")
    add_links(3, other.uid)
    file = tmp_path / "audit.jsonl"

    lines = export(file)

    assert [line["sequence"] for line in lines] == [1, 2, 3, 4, 5, 1, 2, 3]
    assert list(lines[0]) == [
        "uid", "tenantUid", "sequence", "at", "actor", "address", "action", "projectUid", "kind",
        "objectUid", "objectName", "reason", "before", "after", "previousHash", "hash",
    ]  # fmt: skip
    assert verify("--file", str(file)) == (
        "platform: intact, links 1 to 5\nother: intact, links 1 to 3\n"
    )


def test_an_export_that_was_tampered_with_is_found(tmp_path: Path) -> None:
    file, anchor = tmp_path / "audit.jsonl", tmp_path / "anchor.jsonl"
    verify("--write-anchor", str(anchor))
    lines = export(file)

    def check(changed: list[dict[str, Any]]) -> str:
        file.write_text("".join(json.dumps(line) + "\n" for line in changed))
        with pytest.raises(CommandError) as caught:
            verify("--file", str(file), "--anchor", str(anchor))
        return str(caught.value)

    altered = [*lines[:2], {**lines[2], "actor": "x"}, *lines[3:]]
    assert "link 3: what it says was altered" in check(altered)
    assert "link 2: this link is missing" in check([lines[0], *lines[2:]])
    assert "link 3: it does not follow" in check([*lines[:2], {**lines[3], "sequence": 3}])
    assert "link 5: the file ends before this link, and 5 were signed" in check(lines[:4])
    assert "Line 1: It is not an exported audit event." in check([{"uid": 1}])


def test_an_export_of_some_time_is_a_stretch_of_the_chain(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"

    lines = export(file, "--since", "2026-06-01T12:01:00Z", "--until", "2026-06-01T12:03:00+00:00")

    assert [line["sequence"] for line in lines] == [2, 3, 4]
    assert verify("--file", str(file)) == "platform: intact, links 2 to 4\n"
    assert export(file, "--since", "2027-01-01") == []
    assert export(file, "--until", "2026-01-01") == []
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    with pytest.raises(CommandError, match='"soon" is no time'):
        export(file, "--since", "soon")
