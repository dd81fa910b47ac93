import base64
from pathlib import Path

import pytest

from projects.encryption import decrypt
from projects.models import Change, Secret
from promotions.manifests.secret import REDACTED, to_manifest
from rbac.models import AuditEvent
from tests.integration.manifests.support import PROJECT, apply, apply_well, changed, only, problems

pytestmark = pytest.mark.django_db

SECRET = """
apiVersion: v1
kind: Secret
metadata:
  name: repo
  namespace: demo
  labels: {kargo.akuity.io/cred-type: git}
stringData: {repoURL: "https://github.com/example/app.git", username: bob, password: hunter2}
"""


def stored() -> dict[str, str]:
    secret = Secret.objects.get()
    return decrypt(secret.encrypted, tenant_uid=secret.tenant.uid, bound_to=str(secret.uid))


def test_values_are_encrypted_and_what_look_ups_need_is_not() -> None:
    apply_well(PROJECT, SECRET)

    secret = Secret.objects.get()
    assert stored()["password"] == "hunter2"
    assert "hunter2" not in secret.encrypted
    assert secret.credential_type == "git"
    assert secret.repo_url == "https://github.com/example/app.git"
    assert secret.keys == ["password", "repoURL", "username"]


def test_data_is_base64_and_string_data_wins() -> None:
    encoded = base64.b64encode(b"from data").decode()

    apply_well(
        PROJECT,
        changed(SECRET, data={"extra": encoded, "username": encoded}),
    )

    assert stored()["extra"] == "from data"
    assert stored()["username"] == "bob"


def test_what_is_not_base64_is_refused_without_being_quoted() -> None:
    report = apply(PROJECT, changed(SECRET, data={"token": "hunter2!"}))

    assert problems(report) == [
        "data.token: must be the base64 of UTF-8 text; plain text belongs in stringData"
    ]


def test_a_value_of_the_wrong_type_is_refused_without_being_quoted() -> None:
    report = apply(PROJECT, changed(SECRET, stringData__password=12345))

    assert problems(report) == ["stringData.password: must be text, not the number"]


def test_the_manifest_shows_the_url_and_no_other_value() -> None:
    apply_well(PROJECT, SECRET)

    manifest = to_manifest(Secret.objects.get())

    assert manifest["stringData"] == {
        "repoURL": "https://github.com/example/app.git",
        "username": REDACTED,
        "password": REDACTED,
    }
    assert "data" not in manifest


def test_a_redacted_value_keeps_what_is_stored_and_others_change() -> None:
    apply_well(PROJECT, SECRET)

    apply_well(changed(SECRET, stringData={"username": "eve", "password": REDACTED}))

    assert stored() == {"username": "eve", "password": "hunter2"}


def test_a_redacted_secret_changes_nothing() -> None:
    apply_well(PROJECT, SECRET)
    before = Change.objects.count()

    report = apply_well(changed(SECRET, stringData__password=REDACTED))

    assert only(report).action.value == "unchanged"
    assert Change.objects.count() == before


def test_a_redacted_value_with_nothing_stored_is_refused() -> None:
    report = apply(PROJECT, changed(SECRET, stringData__password=REDACTED))

    assert problems(report) == [
        "stringData.password: is redacted and nothing is stored for it; write the value itself"
    ]


def test_no_value_reaches_the_audit() -> None:
    apply_well(PROJECT, SECRET)
    apply_well(changed(SECRET, stringData__password="hunter3"))

    texts = [f"{it.before}{it.after}" for it in AuditEvent.objects.all()]

    assert "hunter" not in "".join(texts)


def test_the_last_applied_annotation_is_not_stored() -> None:
    key = "kubectl.kubernetes.io/last-applied-configuration"

    apply_well(PROJECT, changed(SECRET, metadata__annotations={key: "hunter2"}))

    assert Secret.objects.get().annotations == {}


def test_shared_secrets_belong_to_no_project(tmp_path: Path) -> None:
    apply_well(changed(SECRET, metadata__namespace="kargo-shared-resources"))

    assert Secret.objects.get().project is None
