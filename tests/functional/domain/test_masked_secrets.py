"""A promotion that handles secrets works with them, and shows them nowhere."""

import base64
import logging

import orjson
import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from common.clock import now as read_clock
from common.jsontypes import JSONObject
from common.redaction import MASK
from kargo_platform.logs import FactsFormatter, JsonFormatter
from projects.models import Secret
from promotions.engine.runner import HealthCheck, StepContext, StepError, StepResult, StepStatus
from promotions.manifests.promotion import to_manifest
from promotions.models import (
    PromotionPrompt,
    Stage,
    StepExecution,
)
from promotions.ports.credentials import CredentialType, GitHubApp
from promotions.selectors.credentials import DatabaseCredentials
from promotions.services.export import export_tenant
from promotions.services.previews import request_preview
from promotions.services.promotions import abort_promotion
from rbac.models import AuditEvent
from tests.fakes.git_origin import Origin
from tests.functional.domain.conftest import build
from tests.functional.domain.planted import (
    KEY,
    PIN,
    SHARED,
    TOKEN,
    echo,
    leaks,
    promoted,
    secret,
    shows,
)
from tests.functional.domain.world import World


@pytest.fixture
def world(world: World) -> World:
    world.warehouse()
    secret(world, "api", token=TOKEN, pin=PIN, key=KEY)
    secret(world, "all", shared=True, token=SHARED)
    return world


def test_outputs_are_shown_masked_and_used_as_they_are(world: World, origin: Origin) -> None:
    clone: JSONObject = {
        "uses": "git-clone",
        "config": {"repoURL": origin.url, "checkout": [{"branch": "main", "path": "./src"}]},
    }
    write: JSONObject = {
        "uses": "file-write",
        "config": {"path": "./src/token", "contents": "${{ outputs.echo.nested[0].token }}"},
    }
    commit: JSONObject = {
        "uses": "git-commit",
        "config": {
            "path": "./src",
            "message": "Use ${{ outputs.echo.token }} (${{ outputs.echo.pin }})",
        },
    }
    tag: JSONObject = {
        "uses": "git-tag",
        "config": {"path": "./src", "tag": "v1", "message": 'Tag ${{ secret("api").token }}'},
    }
    push: JSONObject = {"uses": "git-push", "config": {"path": "./src"}}
    source = echo(
        token='${{ secret("api").token }}',
        pin='${{ secret("api").pin }}',
        nested=[{"token": '${{ secret("api").token }}'}],
        key='${{ secret("api").key }}',
        header='Basic ${{ toBase64("robot:" + secret("api").token) }}',
        shared='${{ sharedSecret("all").token }}',
        plain="stays",
    )

    promotion = promoted(world, clone, source, write, commit, tag, push)

    assert (promotion.phase, promotion.message) == ("Succeeded", "")
    assert origin.show("token") == TOKEN
    assert origin.subjects()[0] == f"Use {MASK} ({MASK})"
    shown = promotion.state["echo"]
    assert shown["token"] == MASK
    assert shown["pin"] == MASK
    assert shown["nested"] == [{"token": MASK}]
    assert shown["shared"] == MASK
    assert shown["plain"] == "stays"
    assert promotion.encrypted == ""
    assert leaks() == {}


def test_a_later_pass_by_another_worker_has_the_real_values(
    world: World, operator: Settings
) -> None:
    world.steps.script = [StepResult(StepStatus.RUNNING, f"asked with {TOKEN}")]
    waiting: JSONObject = {"uses": "scripted", "as": "wait", "config": {}}
    use: JSONObject = {
        "uses": "scripted",
        "as": "use",
        "config": {"token": "${{ outputs.echo.token }}", "pin": "${{ outputs.echo.pin }}"},
    }
    source = echo(token='${{ secret("api").token }}', pin='${{ secret("api").pin }}')
    promotion = promoted(world, source, waiting, use)
    in_between = leaks()
    message = StepExecution.objects.get(promotion=promotion, alias="wait").message
    Secret.objects.filter(name="api").delete()  # what the run was given, it keeps

    world = build(operator, project=world.project)
    world.hasten(promotion)
    promotion.refresh_from_db()

    assert message == f"asked with {MASK}"
    assert in_between == {}
    assert promotion.phase == "Succeeded"
    (context,) = [it for it in world.steps.contexts if it.alias == "use"]
    assert context.config == {"token": TOKEN, "pin": int(PIN)}
    assert promotion.encrypted == ""
    assert leaks() == {}


def test_errors_and_messages_are_masked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.steps.script = [
        StepError(f"refused: {TOKEN}", output={"said": TOKEN}),
        RuntimeError(f"broke on {KEY}"),
    ]
    refused: JSONObject = {
        "uses": "scripted",
        "as": "refused",
        "continueOnError": True,
        "config": {"x": '${{ secret("api").token }}'},
    }
    panics: JSONObject = {
        "uses": "scripted",
        "as": "panics",
        "if": "${{ always() }}",
        "continueOnError": True,
        "config": {},
    }
    wrong: JSONObject = {
        "uses": "git-clone",
        "as": "wrong",
        "if": "${{ always() }}",
        "continueOnError": True,
        "config": {"repoURL": '${{ secret("api").token }}', "checkout": []},
    }
    fails: JSONObject = {
        "uses": "fail",
        "if": "${{ always() }}",
        "config": {"message": 'no way with ${{ secret("api").token }}'},
    }

    promotion = promoted(world, refused, panics, wrong, fails)

    assert promotion.phase == "Failed"
    assert promotion.message.endswith(f"no way with {MASK}")
    assert promotion.state["refused"] == {"said": MASK}
    assert leaks() == {}
    assert "broke on" in caplog.text


def test_log_lines_written_in_a_pass_are_masked(world: World) -> None:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend(it.format(record) for it in (FactsFormatter(), JsonFormatter()))

    handler = Kept()
    logging.getLogger("promotions").addHandler(handler)
    world.steps.script = [RuntimeError(f"broke on {TOKEN}")]
    step: JSONObject = {"uses": "scripted", "config": {"x": '${{ secret("api").token }}'}}
    try:
        promoted(world, step)
    finally:
        logging.getLogger("promotions").removeHandler(handler)

    told = [line for line in lines if "broke on" in line]
    assert len(told) == 2
    assert [line for line in lines if shows(line)] == []


def test_the_input_of_health_checks_is_masked(world: World) -> None:
    check = HealthCheck("argocd-update", {"token": TOKEN})
    world.steps.script = [StepResult(health_check=check)]
    step: JSONObject = {"uses": "scripted", "config": {"x": '${{ secret("api").token }}'}}

    promotion = promoted(world, step)

    assert promotion.health_checks == [{"uses": "argocd-update", "config": {"token": MASK}}]
    assert leaks() == {}


def test_what_people_are_asked_and_what_is_noted_on_objects_is_masked(world: World) -> None:
    metadata: JSONObject = {
        "uses": "set-metadata",
        "config": {
            "updates": [
                {
                    "kind": "Stage",
                    "name": "test",
                    "values": {"token": '${{ secret("api").token }}', "url": "ssh://git@host/x"},
                }
            ]
        },
    }
    audit: JSONObject = {
        "uses": "record-audit-event",
        "config": {
            "type": "deploy.done",
            "message": 'with ${{ secret("api").token }}',
            "data": {"pin": '${{ quote(secret("api").pin) }}'},
        },
    }
    ask: JSONObject = {
        "uses": "get-user-input",
        "as": "ask",
        "config": {
            "display": 'Is ${{ secret("api").token }} fine?',
            "responders": [{"claim": "role", "value": "kargo-admin"}],
            "schema": {"type": "object", "properties": {"yes": {"type": "boolean"}}},
        },
    }

    promotion = promoted(world, metadata, audit, ask)

    assert promotion.phase == "Running", promotion.message
    stage = Stage.objects.get(name="test")
    assert stage.metadata == {"token": MASK, "url": "ssh://git@host/x"}
    assert AuditEvent.objects.get(action="deploy.done").reason == f"with {MASK}"
    prompt = PromotionPrompt.objects.get()
    assert prompt.config["display"] == f"Is {MASK} fine?"
    assert leaks() == {}


class NoTokens:
    """Nobody asks for a token of a GitHub App."""

    def token(self, app: GitHubApp, *, repo_url: str) -> str:
        raise AssertionError(app, repo_url)


def test_credentials_that_a_step_used_are_masked_but_for_the_username(world: World) -> None:
    url = "https://git.example.com/app"
    world.apply_content(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "git",
                "namespace": world.project.name,
                "labels": {"kargo.akuity.io/cred-type": "git"},
            },
            "stringData": {"repoURL": url, "username": "robot", "password": TOKEN},
        }
    )

    def used(context: StepContext) -> None:
        found = DatabaseCredentials(NoTokens()).find(
            tenant_uid=context.tenant_uid,
            project=context.project,
            kind=CredentialType.GIT,
            repo_url=url,
        )
        assert found is not None
        assert found.password == TOKEN

    world.steps.during = used
    basic = base64.b64encode(f"robot:{TOKEN}".encode()).decode()
    world.steps.script = [StepResult(message=f"robot said {TOKEN}", output={"header": basic})]

    promotion = promoted(world, {"uses": "scripted", "as": "call", "config": {}})

    message = StepExecution.objects.get(promotion=promotion).message
    assert message == f"robot said {MASK}"
    assert MASK in promotion.state["call"]["header"]
    assert leaks() == {}


def test_aborting_elsewhere_shows_nothing(world: World) -> None:
    world.steps.script = [StepResult(StepStatus.RUNNING, "waiting", output={"x": TOKEN})]
    step: JSONObject = {"uses": "scripted", "config": {"x": '${{ secret("api").token }}'}}
    promotion = promoted(world, step)
    assert promotion.phase == "Running"
    assert promotion.encrypted

    abort_promotion(promotion, actor=world.alice, reason="enough", now=read_clock())

    promotion.refresh_from_db()
    assert (promotion.phase, promotion.encrypted) == ("Aborted", "")
    assert leaks() == {}


def test_a_preview_shows_neither_outputs_nor_differences_with_secrets(
    world: World, origin: Origin
) -> None:
    clone: JSONObject = {
        "uses": "git-clone",
        "config": {"repoURL": origin.url, "checkout": [{"branch": "main", "path": "./src"}]},
    }
    write: JSONObject = {
        "uses": "file-write",
        "config": {"path": "./src/token", "contents": 'key: ${{ secret("api").token }}\n'},
    }
    commit: JSONObject = {
        "uses": "git-commit",
        "config": {"path": "./src", "message": 'Use ${{ secret("api").token }}'},
    }
    call: JSONObject = {
        "uses": "http",
        "config": {"method": "POST", "url": 'https://x.example/${{ secret("api").token }}'},
    }
    stage = world.stage("test", clone, write, commit, call)

    preview = request_preview(stage, world.freight("a"), actor=world.alice, now=read_clock())
    world.settle()
    preview.refresh_from_db()

    assert preview.problem == ""
    assert MASK in orjson.dumps(preview.result).decode()
    assert leaks() == {}


def test_nobody_is_shown_a_value_by_api_portal_admin_or_export(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    fails: JSONObject = {"uses": "fail", "config": {"message": 'no ${{ secret("api").token }}'}}
    promotion = promoted(world, echo(token='${{ secret("api").token }}'), fails)
    root = get_user_model().objects.create_superuser("root", "root@example.com", "x")
    browser = Client()
    browser.force_login(root)
    row = Secret.objects.get(name="api")

    pages = [
        f"/projects/demo/promotions/{promotion.name}",
        f"/admin/promotions/promotion/{promotion.pk}/change/",
        f"/admin/projects/secret/{row.pk}/change/",
        "/admin/rbac/auditevent/",
    ]
    for page in pages:
        response = browser.get(page, follow=True)
        assert response.status_code == 200, page
        assert shows(response.content.decode()) == [], page
    document = orjson.dumps(to_manifest(promotion)).decode()
    call_command("export", promotions=True)
    exported = orjson.dumps(export_tenant(world.project.tenant, with_promotions=True)).decode()

    assert MASK in document
    for text in (document, exported, capsys.readouterr().out):
        assert shows(text) == []
