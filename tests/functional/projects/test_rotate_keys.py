"""Changing the keys of secrets: at once, cut off midway, beside writers; and destroying them."""

import base64
import json
import os
import signal
import warnings
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, connections
from pytest_django import Settings

from common.clock import now as read_clock
from common.errors import ConflictError
from common.jsontypes import JSONObject
from projects.encryption import PLATFORM, decrypt, encrypt
from projects.models import Project, Secret, Tenant, TenantKey
from projects.services import tenant_keys
from projects.services.tenant_keys import renew_data_keys, shred_keys, wrap_keys
from promotions.manifests.kinds import read_manifest
from promotions.services.secrets import save_secret, values_of
from rbac.actors import operator_at_console
from rbac.audit import first_broken_link
from rbac.models import AuditEvent
from tests.factories.domain import make_project, make_tenant

pytestmark = pytest.mark.django_db

ACTOR = operator_at_console("tests")


def key_named(name: str, filler: bytes) -> str:
    return f"{name}:{base64.b64encode(filler * 32).decode()}"


OLD, NEW = key_named("old", b"o"), key_named("new", b"n")


@pytest.fixture(autouse=True)
def keyring(settings: Settings) -> Settings:
    settings.ENCRYPTION_KEYS = [OLD]
    return settings


@pytest.fixture
def project() -> Project:
    return make_project()


def write(project: Project, name: str, value: str) -> Secret:
    content: JSONObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": project.name},
        "stringData": {"key": value},
    }
    manifest: Any = read_manifest(content).manifest
    saved = save_secret(project.tenant, project, manifest, actor=ACTOR, now=read_clock())
    return saved.resource


def value_of(secret: Secret) -> str:
    secret.refresh_from_db()
    return values_of(secret, tenant_uid=secret.tenant.uid)["key"]


def rotate(**options: Any) -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said, **options)
    return said.getvalue()


def as_before_data_keys(secret: Secret, value: str) -> None:
    """Store the text that the platform wrote before tenants had keys."""
    nonce = b"0" * 12
    plain = json.dumps({"key": value}).encode()
    sealed = AESGCM(b"o" * 32).encrypt(nonce, plain, str(secret.uid).encode())
    text = f"v1:old:{base64.b64encode(nonce + sealed).decode()}"
    Secret.objects.filter(pk=secret.pk).update(encrypted=text)


def numbers() -> set[str]:
    texts = Secret.everything.values_list("encrypted", flat=True)
    return {":".join(text.split(":")[:2]) for text in texts}


def test_a_text_of_another_row_or_tenant_does_not_decrypt(project: Project) -> None:
    other = make_project("other", tenant=make_tenant("elsewhere"))
    mine, theirs = write(project, "a", "mine"), write(other, "a", "theirs")

    for bound_to, tenant in ((theirs.uid, project.tenant), (mine.uid, other.tenant)):
        with pytest.raises(ConflictError, match="cannot be decrypted"):
            decrypt(mine.encrypted, tenant_uid=tenant.uid, bound_to=str(bound_to))


def test_a_wrapped_key_of_another_tenant_does_not_unwrap(project: Project) -> None:
    other = make_project("other", tenant=make_tenant("elsewhere"))
    mine = write(project, "a", "mine")
    write(other, "a", "theirs")
    stolen = TenantKey.objects.get(tenant_uid=project.tenant.uid).wrapped
    TenantKey.objects.filter(tenant_uid=other.tenant.uid).update(wrapped=stolen)

    with pytest.raises(ConflictError, match="cannot be unwrapped"):
        decrypt(mine.encrypted, tenant_uid=other.tenant.uid, bound_to=str(mine.uid))


def test_the_same_value_never_gives_the_same_text(project: Project) -> None:
    assert write(project, "a", "same").encrypted != write(project, "b", "same").encrypted


def test_after_wrapping_the_old_key_may_leave_the_keyring(
    project: Project, keyring: Settings
) -> None:
    secret = write(project, "a", "kept")
    platforms = encrypt({"key": "own"}, tenant_uid=None, bound_to="x")

    keyring.ENCRYPTION_KEYS = [NEW, OLD]
    said = rotate()
    keyring.ENCRYPTION_KEYS = [NEW]

    assert "2 data keys are now wrapped under new" in said
    assert "they may leave the keyring" in said
    assert value_of(secret) == "kept"
    assert decrypt(platforms, tenant_uid=None, bound_to="x") == {"key": "own"}


def test_texts_from_before_data_keys_are_read_and_moved(
    project: Project, keyring: Settings
) -> None:
    secret = write(project, "a", "kept")
    as_before_data_keys(secret, "kept from before")
    assert value_of(secret) == "kept from before"

    keyring.ENCRYPTION_KEYS = [NEW, OLD]
    rotate()
    keyring.ENCRYPTION_KEYS = [NEW]

    assert numbers() == {"v2:1"}
    assert value_of(secret) == "kept from before"


def test_new_data_keys_encrypt_everything_and_retire_the_old(project: Project) -> None:
    secrets = [write(project, f"s{index}", f"value-{index}") for index in range(5)]

    rotate(data=True)

    keys = TenantKey.objects.filter(tenant_uid=project.tenant.uid).order_by("number")
    assert [(key.number, key.retired_at is not None) for key in keys] == [(1, True), (2, False)]
    assert numbers() == {"v2:2"}
    assert [value_of(it) for it in secrets] == [f"value-{index}" for index in range(5)]
    assert write(project, "later", "x").encrypted.startswith("v2:2:")


def test_every_batch_is_reached(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_keys, "BATCH", 2)
    for index in range(7):
        write(project, f"s{index}", f"value-{index}")

    done = renew_data_keys(actor=ACTOR, now=read_clock(), tell=str)

    assert done.encrypted == 7
    assert numbers() == {"v2:2"}


def test_what_is_written_meanwhile_is_not_overwritten(project: Project) -> None:
    secret = write(project, "a", "old value")
    write(project, "b", "other")
    seen: list[str] = []

    def between(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith('UPDATE "projects_secret"') and not seen:
            seen.append(sql)  # the row has been read, and is not written back yet
            write(project, "a", "new value")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(between):
        renew_data_keys(actor=ACTOR, now=read_clock(), tell=str)

    assert seen
    assert value_of(secret) == "new value"


def test_rotating_is_audited_in_the_chain_of_each_tenant(project: Project) -> None:
    write(project, "a", "never-in-the-audit")

    rotate(data=True)

    event = AuditEvent.objects.get(tenant_uid=project.tenant.uid, action="keys.renew")
    assert event.after is not None
    assert event.after["encrypted"] == 1
    assert AuditEvent.objects.filter(tenant_uid=PLATFORM, action="keys.wrap").exists()
    assert first_broken_link(project.tenant.uid) is None


def test_a_secret_that_cannot_be_read_is_named_and_the_rest_goes_on(project: Project) -> None:
    broken, whole = write(project, "a", "x"), write(project, "b", "whole")
    Secret.objects.filter(pk=broken.pk).update(encrypted=whole.encrypted)

    with pytest.raises(CommandError, match=str(broken.uid)):
        rotate(data=True)

    assert value_of(whole) == "whole"
    assert TenantKey.objects.filter(retired_at__isnull=False).count() == 0


def test_without_the_old_key_it_is_said_what_is_missing(
    project: Project, keyring: Settings
) -> None:
    write(project, "a", "x")
    keyring.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(CommandError, match='"old", which KARGO_ENCRYPTION_KEYS lacks'):
        rotate()


def test_a_keyring_that_is_none_is_refused(project: Project, keyring: Settings) -> None:
    keyring.ENCRYPTION_KEYS = ["old:c2hvcnQ="]

    with pytest.raises(ImproperlyConfigured, match="base64 of 32 bytes"):
        write(project, "a", "x")


def test_shredded_keys_leave_nothing_to_read(project: Project) -> None:
    secret = write(project, "a", "gone")
    other = write(make_project("other", tenant=make_tenant("elsewhere")), "a", "stays")

    assert shred_keys(project.tenant) == 1

    with pytest.raises(ConflictError, match="data key 1, which is gone"):
        value_of(secret)
    assert value_of(other) == "stays"
    assert not TenantKey.objects.filter(tenant_uid=project.tenant.uid).exists()


class _DiesAt:
    """Kills this process before the statement of that number that begins so."""

    def __init__(self, sql: str, count: int) -> None:
        self._sql, self._left = sql, count

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,  # noqa: FBT001 - Django passes it so
        context: Any,
    ) -> Any:
        if sql.startswith(self._sql):
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def killed_at(sql: str, count: int) -> None:
    """Run ``rotate_keys --data`` in a process that is killed midway."""
    connections.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests' threads stay here
        pid = os.fork()
    if pid == 0:
        try:
            connection.execute_wrappers.append(_DiesAt(sql, count))
            rotate(data=True)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ('UPDATE "projects_secret"', 1),
        ('UPDATE "projects_secret"', 4),
        ('UPDATE "projects_tenantkey"', 1),
        ('UPDATE "projects_tenantkey"', 2),
        ('INSERT INTO "projects_tenantkey"', 1),
    ],
)
def test_a_rotation_that_was_killed_is_finished_by_the_next(
    keyring: Settings, sql: str, count: int
) -> None:
    project = make_project()
    secrets = [write(project, f"s{index}", f"value-{index}") for index in range(6)]
    keyring.ENCRYPTION_KEYS = [NEW, OLD]

    killed_at(sql, count)
    in_between = [value_of(it) for it in secrets]
    rotate(data=True)
    keyring.ENCRYPTION_KEYS = [NEW]

    expected = [f"value-{index}" for index in range(6)]
    assert in_between == expected
    assert [value_of(it) for it in secrets] == expected
    assert numbers() == {"v2:2"}
    keys = TenantKey.objects.filter(tenant_uid=project.tenant.uid).order_by("number")
    assert [(it.number, it.retired_at is not None) for it in keys] == [(1, True), (2, False)]


@pytest.mark.django_db(transaction=True)
def test_a_tenants_first_key_is_made_once(keyring: Settings) -> None:
    tenant = Tenant.objects.create(name="busy")

    texts = [encrypt({"a": "b"}, tenant_uid=tenant.uid, bound_to=str(it)) for it in range(3)]

    assert {text.split(":")[1] for text in texts} == {"1"}
    assert wrap_keys(actor=ACTOR, now=read_clock(), tell=str).wrapped == 0
