"""`kargo promote`, `approve` and `update freight` with a real worker and real repositories."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat.cli.command_line import Kargo
from tests.compat.cli.live import Site
from tests.compat.cli.promoting import PROJECT, Line, standing, until
from tests.compat.cli.session import OldSession, Session

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def line(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with standing(site, tmp_path_factory.mktemp("origins")) as found:
        yield found


@pytest.fixture(scope="module")
def freight(line: Line) -> dict[str, Any]:
    """Freight that is held by ``dev`` and verified there."""
    found = line.freight()[0]
    name: str = found["metadata"]["name"]
    (made,) = line.kargo.run(f"promote --freight {name} --stage dev").objects
    line.finished(made["metadata"]["name"])
    return line.verified(name, "dev")


def _promoted(line: Line, command: str) -> dict[str, Any]:
    outcome = line.kargo.run(f"promote {command}")
    (made,) = outcome.objects
    assert outcome.lines == [
        f"promotion.kargo.akuity.io/{made['metadata']['name']} promotion created"
    ]
    assert outcome.exit_code == 0
    found: dict[str, Any] = made
    return found


def test_freight_goes_to_a_stage_by_its_name(line: Line, freight: dict[str, Any]) -> None:
    name, commit = freight["metadata"]["name"], freight["commits"][0]["id"]
    line.settle()
    line.configuration.commit({"release.yaml": "dev: none\nqa: none\n"}, "Back to nothing")

    made = _promoted(line, f"--freight {name} --stage dev")

    assert made["metadata"]["name"].startswith("dev.")
    assert made["metadata"]["name"].endswith(f".{name[:7]}")
    assert (made["spec"]["stage"], made["spec"]["freight"]) == ("dev", name)
    assert [it["uses"] for it in made["spec"]["steps"]][-1] == "git-push"
    done = line.finished(made["metadata"]["name"])
    assert done["status"]["phase"] == "Succeeded"
    assert line.configuration.show("release.yaml") == f"dev: {commit}\nqa: none"
    assert line.configuration.subjects()[0] == "To dev"


def test_freight_goes_to_a_stage_by_its_alias(line: Line, freight: dict[str, Any]) -> None:
    made = _promoted(line, f"--freight-alias {freight['alias']} --stage dev")

    assert made["spec"]["freight"] == freight["metadata"]["name"]
    assert line.finished(made["metadata"]["name"])["status"]["phase"] == "Succeeded"


def test_the_newest_freight_goes_to_a_stage_by_its_warehouse(line: Line) -> None:
    newest = line.freight()[-1]["metadata"]["name"]

    made = _promoted(line, "--warehouse main --stage dev")

    assert made["spec"]["freight"] == newest
    assert "origin" not in made["spec"]
    assert line.finished(made["metadata"]["name"])["status"]["phase"] == "Succeeded"


def test_what_is_sent_to_promote(line: Line, freight: dict[str, Any]) -> None:
    name, alias = freight["metadata"]["name"], freight["alias"]
    post = f"POST /v1beta1/projects/{PROJECT}/stages/dev/promotions"
    sent = line.kargo.requests

    assert sent(f"promote --freight {name} --stage dev") == [
        f'{post} {{"freight":"{name}","freightAlias":"","origin":""}}'
    ]
    assert sent(f"promote --freight-alias {alias} --stage dev") == [
        f'{post} {{"freight":"","freightAlias":"{alias}","origin":""}}'
    ]
    assert sent("promote --warehouse main --stage dev") == [
        f'{post} {{"freight":"","freightAlias":"","origin":"Warehouse/main"}}'
    ]
    assert sent(f"promote --freight {name} --downstream-from dev") == [
        f'{post}/downstream {{"freight":"{name}","freightAlias":""}}'
    ]


def test_freight_goes_to_all_stages_downstream_but_those_without_steps(
    line: Line, freight: dict[str, Any]
) -> None:
    outcome = line.kargo.run(f"promote --freight-alias {freight['alias']} --downstream-from dev")

    assert outcome.errors == []
    assert [it["spec"]["stage"] for it in outcome.objects] == ["qa"]
    (made,) = outcome.objects
    assert outcome.lines == [
        f"promotion.kargo.akuity.io/{made['metadata']['name']} promotion created"
    ]
    assert line.finished(made["metadata"]["name"])["status"]["phase"] == "Succeeded"


def test_what_cannot_be_made_downstream_is_told_beside_what_was_made(
    line: Line, freight: dict[str, Any]
) -> None:
    name = freight["metadata"]["name"]
    line.verified(name, "fork")
    body = {"freight": name, "freightAlias": ""}

    outcome = line.kargo.run(f"promote --freight {name} --downstream-from fork")
    again = line.kargo.session.ask("PromoteDownstream", project=PROJECT, stage="fork", body=body)

    assert [it["spec"]["stage"] for it in outcome.objects] == ["whole"]
    assert outcome.exit_code == 0, "207 is a success"
    assert again.status == 207
    assert b"nowhere" in again.body
    assert again.body.count(b'"errors"') == 1


REFUSED = [
    ("--freight {name} --stage nowhere", 404, 'stages.kargo.akuity.io "nowhere" not found'),
    ("--freight nothing --stage dev", 404, 'freights.kargo.akuity.io "nothing" not found'),
    ("--freight {alias} --stage dev", 404, "not found"),
    ("--freight-alias {name} --stage dev", 404, "not found"),
    ("--freight-alias no-alias --stage dev", 404, "not found"),
    ("--warehouse other --stage dev", 422, "spec.origin"),
    ("--freight {name} --stage later", 400, "is not available to Stage"),
    ("--freight {name} --stage gate", 422, "defines no promotion steps"),
    ("--freight {name} --downstream-from nowhere", 404, "not found"),
    ("--freight {name} --downstream-from qa", 404, "not found"),
    ("--freight {name} --downstream-from asking", 400, "is not available to Stage"),
    ("--freight-alias no-alias --downstream-from dev", 404, "not found"),
    ("--name nothing --abort", 404, 'promotions.kargo.akuity.io "nothing" not found'),
]


@pytest.mark.parametrize(("command", "status", "words"), REFUSED, ids=[it[0] for it in REFUSED])
def test_a_promotion_is_refused_in_words(
    line: Line, freight: dict[str, Any], command: str, status: int, words: str
) -> None:
    given = {"name": freight["metadata"]["name"], "alias": freight["alias"]}

    outcome = line.kargo.run(f"promote {command.format(**given)}")

    (error,) = outcome.errors
    assert error.startswith(f"{status} ")
    assert words in error.replace('\\"', '"')
    assert outcome.lines == []


def test_a_promotion_is_aborted_by_its_name_and_stays_so(line: Line) -> None:
    name = line.freight()[0]["metadata"]["name"]
    (made,) = line.kargo.run(f"promote --freight {name} --stage asking").objects
    promotion = made["metadata"]["name"]
    until(
        lambda: line.ask("GetPromotion", promotion=promotion),
        lambda it: it.get("status", {}).get("phase") == "Running",
    )

    first = line.kargo.run(f"promote --name {promotion} --abort")
    done = line.finished(promotion)
    again = line.kargo.run(f"promote --name {promotion} --abort")

    assert (first.lines, first.exit_code) == ([], 0)
    assert (again.lines, again.exit_code) == ([], 0)
    assert done["status"]["phase"] == "Aborted"
    assert line.ask("GetPromotion", promotion=promotion)["status"]["phase"] == "Aborted"


def test_freight_is_approved_by_name_or_alias_as_often_as_one_likes(
    line: Line, freight: dict[str, Any]
) -> None:
    name, alias = freight["metadata"]["name"], freight["alias"]
    base = f"POST /v1beta1/projects/{PROJECT}/freight"

    assert line.kargo.requests(f"approve --freight {name} --stage qa") == [
        f"{base}/{name}/approve?stage=qa"
    ]
    once = line.ask("GetFreight", freight_name_or_alias=name)["status"]["approvedFor"]
    assert line.kargo.requests(f"approve --freight-alias {alias} --stage qa") == [
        f"{base}/{alias}/approve?stage=qa"
    ]
    assert line.ask("GetFreight", freight_name_or_alias=name)["status"]["approvedFor"] == once
    assert list(once["qa"]) == ["approvedAt"]


def test_an_approval_is_refused_in_words(line: Line, freight: dict[str, Any]) -> None:
    name = freight["metadata"]["name"]

    for command, words in (
        (f"approve --freight {name} --stage nowhere", 'stages.kargo.akuity.io "nowhere" not found'),
        ("approve --freight nothing --stage qa", 'freights.kargo.akuity.io "nothing" not found'),
    ):
        (error,) = line.kargo.run(command).errors
        assert error.startswith("404 Not Found: ")
        assert words in error.replace('\\"', '"')


def test_an_alias_is_changed_by_name_and_by_the_old_one(line: Line) -> None:
    line.application.commit({"version": "2\n"}, "Change it")
    found = line.reconciled()[-1]
    name, old = found["metadata"]["name"], found["alias"]
    base = f"PATCH /v1beta1/projects/{PROJECT}/freight"

    assert line.kargo.requests(f"update freight --name {name} --new-alias frozen-fox") == [
        f"{base}/{name}/alias?newAlias=frozen-fox"
    ]
    assert line.kargo.requests("update freight --old-alias frozen-fox --new-alias icy-ibex") == [
        f"{base}/frozen-fox/alias?newAlias=icy-ibex"
    ]

    now = line.ask("GetFreight", freight_name_or_alias="icy-ibex")
    assert (now["metadata"]["name"], now["alias"]) == (name, "icy-ibex")
    assert now["metadata"]["labels"]["kargo.akuity.io/alias"] == "icy-ibex"
    gone = line.kargo.run(f"update freight --old-alias {old} --new-alias other")
    taken = line.kargo.run(f"update freight --name {name} --new-alias {line.freight()[0]['alias']}")
    assert gone.errors[0].startswith("404 ")
    assert "not found" in gone.errors[0]
    assert taken.errors[0].startswith("409 ")


def test_freight_in_use_stays_and_other_freight_goes(line: Line, freight: dict[str, Any]) -> None:
    held = freight["metadata"]["name"]
    line.application.commit({"version": "3\n"}, "Change it again")
    spare = line.reconciled()[-1]["metadata"]["name"]

    outcome = line.kargo.run(f"delete freight --name {spare} --name {held} --alias no-alias")

    assert outcome.lines == [f"freight.kargo.akuity.io/{spare} deleted"]
    assert [it.partition(" ")[0] for it in outcome.errors] == ["403", "404"]
    assert outcome.exit_code == 1


@pytest.mark.parametrize("command", ["create", "apply"])
@pytest.mark.parametrize("way", ["freight: {}", "origin: {{kind: Warehouse, name: main}}"])
def test_a_promotion_in_a_file_is_named_by_the_server(
    line: Line, tmp_path: Path, command: str, way: str
) -> None:
    newest = line.freight()[-1]["metadata"]["name"]
    head = "apiVersion: kargo.akuity.io/v1alpha1\nkind: Promotion\n"
    spec = way.format(newest)
    text = f"{head}metadata: {{name: mine, namespace: line}}\nspec: {{stage: dev, {spec}}}\n"
    (tmp_path / "promotion.yaml").write_text(text)

    outcome = line.kargo.run(f"{command} -f {tmp_path / 'promotion.yaml'}")

    assert outcome.errors == []
    (made,) = outcome.objects
    name = made["metadata"]["name"]
    assert name.startswith("dev.")
    assert outcome.lines == [f"promotion.kargo.akuity.io/{name} created"]
    assert made["spec"]["freight"] == newest
    assert line.finished(name)["status"]["phase"] == "Succeeded"


def test_a_promoter_promotes_and_approves_and_no_more(
    site: Site, line: Line, freight: dict[str, Any]
) -> None:
    made = line.kargo.run("create token promoter --role kargo-promoter")
    token = made.lines[-1].removeprefix("Token: ")
    promoter = Kargo(Session(site.address, token), PROJECT)
    name = freight["metadata"]["name"]

    promoted = promoter.run(f"promote --freight {name} --stage dev")
    approved = promoter.run(f"approve --freight {name} --stage qa")
    promotion = promoted.objects[0]["metadata"]["name"]
    refused = [
        promoter.run(command)
        for command in (
            f"promote --name {promotion} --abort",
            "delete stage dev",
            f"update freight --name {name} --new-alias theirs",
            "create role theirs",
        )
    ]

    assert promoted.errors == approved.errors == []
    assert all(it.errors[0].startswith("403 Forbidden: ") for it in refused)
    line.finished(promotion)


def test_who_may_not_promote_is_told_so_before_anything_about_freight(
    site: Site, line: Line
) -> None:
    made = line.kargo.run("create token viewer --role kargo-viewer")
    token = made.lines[-1].removeprefix("Token: ")
    viewer = Kargo(Session(site.address, token), PROJECT)

    for command in ("--freight nothing --stage dev", "--warehouse other --stage dev"):
        (error,) = viewer.run(f"promote {command}").errors
        assert error.startswith("403 Forbidden: ")
        assert 'stages.kargo.akuity.io "dev" is forbidden: promote' in error.replace('\\"', '"')


def test_an_older_command_line_promotes_as_well(
    site: Site, line: Line, freight: dict[str, Any]
) -> None:
    old = Kargo(OldSession(site.address, site.tokens["admin"]), PROJECT)

    outcome = old.run(f"promote --freight {freight['metadata']['name']} --stage dev")

    assert outcome.errors == []
    assert len(outcome.lines) == 1
    assert line.finished(outcome.objects[0]["metadata"]["name"])["status"]["phase"] == "Succeeded"
