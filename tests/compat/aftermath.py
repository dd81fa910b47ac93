"""What an example left behind, in the shape in which ``then`` tells what it should have."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

from promotions.models import Freight, Promotion, Stage
from rbac.models import AuditEvent
from tests.compat.scene import MAIN, Document, Scene
from tests.fakes.github import Repository
from tests.functional.domain.world import steps_of


def found(scene: Scene, promotion: Promotion, then: Document) -> Document:
    """Return, for each thing that ``then`` tells, how it is."""
    whole = {"phase": "Succeeded", **then}
    return {key: _LOOKS[key](scene, promotion, whole) for key in whole if key in _LOOKS}


def _branches(look: Callable[[Repository, str, Any], Any], key: str) -> Callable[..., Any]:
    def each(scene: Scene, _: Promotion, then: Document) -> Document:
        repository = scene.repository(then.get("repository", MAIN))
        return {branch: look(repository, branch, wanted) for branch, wanted in then[key].items()}

    return each


def _files(repository: Repository, branch: str, wanted: Document) -> Document:
    return {path: _text(repository, f"{branch}:{path}") for path in wanted}


def _text(repository: Repository, name: str) -> str | None:
    try:
        return repository.git("show", name)
    except subprocess.CalledProcessError:
        return None


def _log(repository: Repository, branch: str, wanted: list[str]) -> list[str]:
    return repository.git("log", f"-{len(wanted)}", "--format=%s", branch).splitlines()


def _message(repository: Repository, branch: str, _: str) -> str:
    return repository.git("log", "-1", "--format=%B", branch)


def _author(repository: Repository, branch: str, _: str) -> str:
    return repository.git("log", "-1", "--format=%an <%ae>", branch)


def _parents(repository: Repository, branch: str, _: int) -> int:
    return len(repository.git("log", "-1", "--format=%P", branch).split())


def _items(key: str) -> Callable[..., Any]:
    def look(scene: Scene, _: Promotion, then: Document) -> Document:
        return {
            name: {number: _labelled(item) for number, item in scene.repository(name).items.items()}
            for name in then[key]
        }

    return look


def _labelled(item: Document) -> Document:
    return {**item, "labels": [label["name"] for label in item["labels"]]}


def _comments(scene: Scene, _: Promotion, then: Document) -> Document:
    return {
        name: [it["body"] for it in scene.repository(name).comments.values()]
        for name in then["comments"]
    }


def _jira(scene: Scene, _: Promotion, then: Document) -> Document:
    return {
        key: {**issue.fields, "status": issue.status, "comments": list(issue.comments)}
        for key, issue in scene.hosts.jira.issues.items()
    }


def _mails(scene: Scene, _: Promotion, then: Document) -> list[Document]:
    return [
        {
            "to": list(mail.recipients),
            "subject": str(mail.message["Subject"]),
            "type": mail.message.get_content_type(),
            "body": mail.message.get_content().strip(),
        }
        for mail in scene.hosts.mail.mails
    ]


def _audit(_: Scene, promotion: Promotion, then: Document) -> list[Document]:
    events = AuditEvent.objects.filter(kind="RecordedEvent").order_by("sequence")
    return [{"action": it.action, "actor": it.actor, "reason": it.reason} for it in events]


def _metadata(_: Scene, promotion: Promotion, then: Document) -> Document:
    promoted = Freight.objects.get(pk=promotion.freight_id)
    rows: Document = {
        "Stage": {it.name: it.metadata for it in Stage.objects.all()},
        "Freight": {"": promoted.metadata},
    }
    return rows


def _annotations(scene: Scene, _: Promotion, then: Document) -> Document:
    registry = scene.hosts.registry
    return {
        name: registry.document(*name.split(":")).get("annotations") for name in then["annotations"]
    }


def _tags(scene: Scene, _: Promotion, then: Document) -> Document:
    """Return the tags that are there of those that should be."""
    registry = scene.hosts.registry
    return {
        name: [tag for tag in tags if registry.digest(name, tag)]
        for name, tags in then["tags"].items()
    }


_LOOKS: dict[str, Callable[[Scene, Promotion, Document], Any]] = {
    "phase": lambda _scene, promotion, _then: promotion.phase,
    "message": lambda _scene, promotion, _then: promotion.message,
    "outputs": lambda _scene, promotion, _then: promotion.state,
    "steps": lambda _scene, promotion, _then: dict(steps_of(promotion)),
    "files": _branches(_files, "files"),
    "log": _branches(_log, "log"),
    "messages": _branches(_message, "messages"),
    "authors": _branches(_author, "authors"),
    "parents": _branches(_parents, "parents"),
    "pulls": _items("pulls"),
    "issues": _items("issues"),
    "comments": _comments,
    "jira": _jira,
    "slack": lambda scene, _promotion, _then: scene.hosts.slack.messages,
    "mails": _mails,
    "audit": _audit,
    "metadata": _metadata,
    "alias": lambda _scene, promotion, _then: Freight.objects.get(pk=promotion.freight_id).alias,
    "web": lambda scene, _promotion, _then: [
        {"path": it.path, "authorization": it.headers.get("authorization")}
        for it in scene.hosts.web.asked
    ],
    "annotations": _annotations,
    "tags": _tags,
}


def shown(promotion: Promotion) -> str:
    """Return the promotion for a person who wonders why it went as it did."""
    state = json.dumps(promotion.state, indent=1)
    return f"{promotion.phase}: {promotion.message}\n{steps_of(promotion)}\n{state}"
