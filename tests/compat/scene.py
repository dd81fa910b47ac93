"""Sets the scene of an example, and plays it on the platform's own reconcilers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group

from common.clock import now
from common.jsontypes import JSONValue, as_object
from promotions.engine.approvals import Action
from promotions.models import Freight, Promotion, Stage, Warehouse
from promotions.services.freight import create_freight
from rbac.actors import controller
from rbac.models import Membership
from tests.compat.hosts import SLACK_TOKEN, TOKEN, Hosts
from tests.factories.domain import make_warehouse
from tests.factories.people import make_viewer
from tests.fakes.github import Repository
from tests.fakes.github_actions import add_workflow
from tests.fakes.jira import TOKEN as JIRA_TOKEN, USER as JIRA_USER
from tests.fakes.oci_registry import Answer
from tests.fakes.scm_server import Request
from tests.functional.domain.people import person, respond
from tests.functional.domain.world import STEP, World
from tests.integration.rendering.repositories import push_chart

MAIN = "example/repo"
CLONE: dict[str, JSONValue] = {
    "uses": "git-clone",
    "as": "given-clone",
    "config": {
        "repoURL": "https://github.com/example/repo.git",
        "checkout": [
            {"branch": "main", "path": "./src"},
            {"branch": "stage/${{ ctx.stage }}", "create": True, "path": "./out"},
        ],
    },
}
COMMIT: tuple[dict[str, JSONValue], ...] = (
    {"uses": "git-commit", "as": "then-commit", "config": {"path": "./out", "message": "Done"}},
    {"uses": "git-push", "as": "then-push", "config": {"path": "./out"}},
)
SHORTHANDS: dict[str, list[JSONValue]] = {"clone": [CLONE], "commit": list(COMMIT)}

Document = dict[str, Any]


@dataclass
class Scene:
    """A project, the servers of the hosts that its templates name, and what is in them.

    Attributes:
        people: Actors by name, made when they first answer.
    """

    world: World
    hosts: Hosts
    people: dict[str, Any] = field(default_factory=dict)

    # ------------------------------------------------------------ before
    def prepare(self, given: Document) -> None:
        """Put everything in its place that an example takes for granted."""
        local: Any = self.hosts.local(given)
        self._fill_repositories(local)
        if "pull" in local:
            self._open_pull(**local["pull"])
        self._publish(local)
        for path, answers in local.get("web", {}).items():
            self.hosts.web.answers[path] = [_answer(it) for it in answers]
        for name, content in local.get("secrets", {}).items():
            self.add_secret(name, content)
        self._connect()
        for document in local.get("objects", []):
            self.world.apply_content(document)
        for project in local.get("jira", []):
            self.hosts.jira.add(**project)

    def _fill_repositories(self, local: Any) -> None:
        for name, files in local.get("repositories", {MAIN: {"README.md": "start\n"}}).items():
            self.add_repository(name, files)
        for name, branches in local.get("branches", {}).items():
            for branch, files in branches.items():
                self.repository(name).origin.commit(files, "Before", branch=branch)
        for name, path in local.get("submodules", {}).items():
            self._add_submodule(name, path)
        for name, workflows in local.get("workflows", {}).items():
            for file, inputs in workflows.items():
                add_workflow(self.repository(name), file, inputs=inputs)

    def add_repository(self, name: str, files: Document) -> Repository:
        """Add a repository with these files on ``main``."""
        owner, _, short = name.partition("/")
        repository = self.hosts.github.add(owner, short)
        repository.git("config", "uploadpack.allowFilter", "true")
        repository.origin.commit(files, "Start here")
        return repository

    def repository(self, name: str = MAIN) -> Repository:
        return self.hosts.github.repositories[name.lower()]

    def add_secret(self, name: str, content: Document, *, kind: str = "generic") -> None:
        """Add a Secret to the project."""
        self.world.apply_content(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": name,
                    "namespace": self.world.project.name,
                    "labels": {"kargo.akuity.io/cred-type": kind},
                },
                "stringData": content,
            }
        )

    def _open_pull(self, *, number: int, source: str, target: str, draft: bool = False) -> None:
        items = self.repository().items
        items[number - 1] = {"number": number - 1, "state": "closed", "labels": []}
        body = {"head": source, "base": target, "title": "Change", "draft": draft}
        self._ask_github("POST", f"/repos/{MAIN}/pulls", body)

    def _connect(self) -> None:
        """Give the project credentials for the hosts, and a channel of each kind."""
        port = self.hosts.faces["github.com"]
        git = {"repoURL": rf"^http://github\.com:{port}/", "repoURLIsRegex": "true"}
        self.add_secret("github", {**git, "username": "octo", "password": TOKEN}, kind="git")
        jira = {"domain": self.hosts.jira_url, "username": JIRA_USER, "password": JIRA_TOKEN}
        for name in ("jira", "jira-credentials"):
            self.add_secret(name, jira)
        self.add_secret("slack-channel", {"apiKey": SLACK_TOKEN})
        self._channel("slack", {"secretRef": {"name": "slack-channel"}}, channelID="C1")
        mail: Any = {"host": "127.0.0.1", "port": self.hosts.mail.port, "useTLS": False}
        mail |= {"from": "kargo@example.com", "to": ["t@example.com"]}
        self._channel("smtp", {}, **mail)

    def _channel(self, name: str, spec: Document, **settings: JSONValue) -> None:
        self.world.apply_content(
            {
                "apiVersion": "ee.kargo.akuity.io/v1alpha1",
                "kind": "MessageChannel",
                "metadata": {"name": name, "namespace": self.world.project.name},
                "spec": {**spec, name: settings},
            }
        )

    def _publish(self, local: Document) -> None:
        directory = self.hosts.charts.directory / local.get("chart_path", "")
        directory.mkdir(exist_ok=True)
        for name, versions in local.get("charts", {}).items():
            replace(self.hosts.charts, directory=directory).publish(name, *versions)
        helm = self.hosts.charts.helm
        for repository, versions in local.get("oci_charts", {}).items():
            path, _, name = f"/{repository}".rpartition("/")
            target = f"{self.hosts.registry.host}{path}"
            folder = self.hosts.charts.directory.parent / "pushed"
            for version in versions:
                push_chart(helm, folder, name, version, target=target)
        for repository, tags in local.get("images", {}).items():
            for tag in tags:
                self.hosts.registry.push_image(repository, tag)
        for repository, tag in local.get("indexes", {}).items():
            digest = self.hosts.registry.push_image(repository, f"{tag}-amd64")
            self.hosts.registry.push_index(repository, tag, {"linux/amd64": digest})
        for repository, content in local.get("artifacts", {}).items():
            layers = [(kind, text.encode()) for kind, text in content["layers"].items()]
            self.hosts.registry.push_artifact(repository, content["tag"], *layers)

    def _add_submodule(self, name: str, path: str) -> None:
        """Put ``<name>-common`` into the repository ``name`` at ``path``."""
        common = self.add_repository(f"{name}-common", {"shared.yaml": "common: true\n"})
        origin = self.repository(name).origin
        url = f"../{common.name}.git"
        listing = f'[submodule "common"]\n\tpath = {path}\n\turl = {url}\n'
        origin.commit({".gitmodules": listing}, "List the submodule")
        entry = f"160000,{common.origin.branch('main')},{path}"
        self.repository(name).git("read-tree", "main")
        self.repository(name).git("update-index", "--add", "--cacheinfo", entry)
        made = self.repository(name).git("write-tree")
        identity = {
            f"GIT_{role}_{part}": "bob@example.com"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        }
        commit = self.repository(name).git(
            "commit-tree", made, "-p", "main", "-m", "Link it", env=identity
        )
        self.repository(name).git("update-ref", "refs/heads/main", commit)

    # ------------------------------------------------------------ the promotion
    def promote(self, template: Document, given: Document) -> Promotion:
        """Apply a Stage with the template, and promote the Freight of the example to it."""
        template = as_dict(self.hosts.local(template))
        given = as_dict(self.hosts.local(given))
        warehouses = given.get("warehouses", {"main": given.get("freight", {})})
        for name in given.get("stages", []):
            self.world.stage(name, warehouses=tuple(warehouses))
        freight = [self.freight(name, content) for name, content in warehouses.items()]
        for held in freight[1:]:
            self.world.promote(self._stage(given, (STEP,), tuple(warehouses)), held)
            self.world.settle()
        stage = self.stage(template, given, warehouses=tuple(warehouses))
        promotion = self.world.promote(stage, freight[0])
        self.settle(promotion, list(given.get("meanwhile", [])))
        return promotion

    def stage(self, template: Document, given: Document, *, warehouses: tuple[str, ...]) -> Stage:
        """Apply the Stage whose promotions run the template between what is given."""
        steps = [*self._steps(given, "before"), *template["steps"], *self._steps(given, "after")]
        variables = [*given.get("vars", []), *template.get("vars", [])]
        if given.get("task"):
            spec = {"vars": variables, "steps": steps}
            self.world.apply("PromotionTask", "example", spec=spec)
            steps, variables = [{"task": {"name": "example"}, "as": "task"}], []
        return self._stage(given, steps, warehouses, vars=variables)

    def _stage(
        self,
        given: Document,
        steps: Sequence[JSONValue],
        warehouses: tuple[str, ...],
        **spec: JSONValue,
    ) -> Stage:
        template = {"spec": {"steps": list(steps), **spec}}
        name = given.get("stage", "test")
        return self.world.stage(name, warehouses=warehouses, promotionTemplate=template)

    def freight(self, warehouse: str, content: Document) -> Freight:
        """Make a Warehouse, and Freight of it with these contents."""
        lists = {
            "commits": content.get("commits", [{"repoURL": f"{self.git_url}", "id": "main"}]),
            "images": content.get("images", []),
            "charts": content.get("charts", []),
        }
        lists["commits"] = [{**it, "id": self._commit(it)} for it in lists["commits"]]
        lists["images"] = [{**it, "digest": self._digest(it)} for it in lists["images"]]
        kinds = {"commits": "git", "images": "image", "charts": "chart"}
        subscriptions = [
            {kinds[name]: {key: it[key] for key in ("repoURL", "name") if key in it}}
            for name, items in lists.items()
            for it in items
        ]
        spec = {"interval": "5m0s", "subscriptions": subscriptions}
        row: Warehouse = make_warehouse(self.world.project, warehouse, spec=spec)
        time = now()
        freight, _ = create_freight(
            row, lists, discovered_at=time, actor=controller("warehouse-controller"), now=time
        )
        return freight

    @property
    def git_url(self) -> str:
        return self.hosts.local_text(f"https://github.com/{MAIN}.git")

    def settle(self, promotion: Promotion, meanwhile: list[Document]) -> None:
        """Reconcile until nothing is due; while the promotion waits, have others act."""
        self.world.settle()
        promotion.refresh_from_db()
        while promotion.phase == "Running" and meanwhile:
            ((what, detail),) = meanwhile.pop(0).items()
            getattr(self, f"_{what}")(promotion, detail)
            self.world.hasten(promotion)
            promotion.refresh_from_db()

    def _steps(self, given: Document, key: str) -> list[JSONValue]:
        listed = [
            SHORTHANDS.get(it, [it]) if isinstance(it, str) else [it] for it in given.get(key, [])
        ]
        return [as_dict(self.hosts.local(step)) for steps in listed for step in steps]

    def _commit(self, item: Document) -> str:
        name = item["repoURL"].partition("github.com")[2].partition("/")[2].removesuffix(".git")
        return self.repository(name).origin.branch(item["id"]) or str(item["id"])

    def _digest(self, item: Document) -> str:
        if "digest" in item:
            return str(item["digest"])
        host, _, path = item["repoURL"].partition("/")
        if ":" in host:
            return self.hosts.registry.digest(path, item["tag"])
        return f"sha256:{'0123456789abcdef' * 4}"

    # ------------------------------------------------------------ what others do meanwhile
    def _wait(self, promotion: Promotion, minutes: int) -> None:
        self.world.ahead += timedelta(minutes=minutes)

    def _merge(self, promotion: Promotion, number: int) -> None:
        self._ask_github("PUT", f"/repos/{MAIN}/pulls/{number}/merge", {})

    def _close(self, promotion: Promotion, number: int) -> None:
        self.repository().items[number]["state"] = "closed"

    def _ready(self, promotion: Promotion, number: int) -> None:
        self.repository().items[number]["draft"] = False

    def _label(self, promotion: Promotion, detail: Document) -> None:
        item = self.repository("myorg/myrepo").items[detail["issue"]]
        item.update({"labels": [{"name": it} for it in detail["labels"]]})
        item.update({"state": detail.get("state", item["state"])})

    def _complete(self, promotion: Promotion, detail: Document) -> None:
        (run,) = self.repository(detail["repository"]).runs.values()
        run.update({"status": "completed", "conclusion": detail["conclusion"]})

    def _status(self, promotion: Promotion, detail: Document) -> None:
        self.hosts.jira.issues[detail["issue"]].status = detail["status"]

    def _answer(self, promotion: Promotion, detail: Document) -> None:
        """Have somebody answer, whose groups and role are given."""
        respond(
            promotion,
            self._person(detail),
            Action(detail["action"]),
            detail.get("message", ""),
            alias=detail["alias"],
            values=detail.get("values"),
        )

    def _person(self, detail: Document) -> Any:
        name = detail["who"]
        if name in self.people:
            return self.people[name]
        user = make_viewer(self.world.project, name)
        for group in detail.get("groups", []):
            user.groups.add(Group.objects.get_or_create(name=group)[0])
        for role in detail.get("roles", []):
            project = self.world.project
            Membership.objects.create(
                user=user, role=role, tenant_uid=project.tenant.uid, project_uid=project.uid
            )
        self.people[name] = person(self.world, lambda *_: user, name)
        return self.people[name]

    def _ask_github(self, method: str, path: str, body: Document) -> None:
        headers = {"authorization": f"Bearer {TOKEN}"}
        reply = self.hosts.github(Request(method, path, (), headers, json.dumps(body).encode()))
        assert reply.status < 300, reply.body


def as_dict(value: JSONValue) -> Any:
    return dict(as_object(value)) if isinstance(value, dict) else value


def _answer(answer: Document) -> Answer:
    kind = answer.get("type", "application/json")
    return Answer(
        status=answer.get("status", 200),
        body=str(answer.get("body", "")).encode(),
        headers={"Content-Type": kind},
    )
