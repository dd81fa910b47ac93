"""Ways to try an act: through the REST API, by a manifest, on a page, in the admin."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.messages import get_messages
from django.db.models import Model
from django.urls import resolve, reverse

from rbac.models import AuditEvent, User
from tests.functional.access.grounds import World
from tests.functional.access.people import Who

API, PAGES = "/t/acme/v1beta1", "/t/acme"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: ``done``, ``forbidden``, ``missing`` or ``refused``, and what was said."""

    outcome: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """A way to try an act.

    Attributes:
        leads_to: A method and an address, a view of the portal, or an action of the admin.
        knock: Tries it; ``None`` if somebody is not even let in where the door is.
    """

    leads_to: str
    knock: Callable[[World, Who], Answer | None]


def rest(method: str, path: str, body: Any = None, *, base: str = f"{API}/projects/demo") -> Door:
    """Return the door of a REST operation; ``$names`` in path and body are filled in."""

    def knock(world: World, who: Who) -> Answer:
        client = world.callers.programs[who]
        data = _filled(json.dumps(body), world) if body is not None else None
        send = getattr(client, method)
        given = {"data": data, "content_type": "application/json"} if data is not None else {}
        return _api_answer(send(_filled(base + path, world), **given))

    return Door(f"{method} {path}", knock)


def manifest(method: str, kind: str, name: str, **parts: Any) -> Door:
    """Return the door of a manifest, sent to ``/resources``."""
    group = parts.pop("group", "kargo.akuity.io/v1alpha1")
    metadata = {"name": name, **({} if kind == "Project" else {"namespace": "demo"})}
    body = {"apiVersion": group, "kind": kind, "metadata": metadata, **parts}
    return rest(method, "/resources" + ("?upsert=true" if method == "put" else ""), body, base=API)


def page(path: str, **form: str) -> Door:
    """Return the door of a form of the portal."""

    def knock(world: World, who: Who) -> Answer:
        filled = {key: _filled(value, world) for key, value in form.items()}
        client = world.callers.pages[who]
        client.cookies.pop("messages", None)  # what was said to the one before
        answer = client.post(_filled(PAGES + path, world), filled)
        if answer.status_code in _REFUSALS:
            return Answer(_REFUSALS[answer.status_code])
        said = list(get_messages(answer.wsgi_request))
        wrong = [str(it) for it in said if it.level_tag == "error"]
        return Answer("refused", " ".join(wrong)) if wrong else Answer("done")

    return Door(resolve(path.replace("$", "")).view_name, knock)


def in_admin(model: type[Model], action: str, row: str, **chosen: Callable[[World], Any]) -> Door:
    """Return the door of an action of the admin, for those who are let in there.

    Args:
        model: Whose list it is.
        action: Its name.
        row: The name of what it is done to.
        chosen: What else the form says, by what finds it.
    """
    page_name = f"admin:{model._meta.app_label}_{model._meta.model_name}"

    def knock(world: World, who: Who) -> Answer | None:
        User.objects.update(is_staff=True)  # who may do what, not who has an account for it
        client = world.callers.pages[who]
        client.cookies.pop("messages", None)
        if client.get(reverse("admin:index")).status_code != HTTPStatus.OK:
            return None
        found = model._default_manager.get(name=_filled(row, world))
        if client.get(reverse(f"{page_name}_change", args=[found.pk])).status_code != HTTPStatus.OK:
            return Answer("missing")
        before = AuditEvent.objects.count()
        form = {name: str(find(world)) for name, find in chosen.items()}
        sent = {"action": action, ACTION_CHECKBOX_NAME: str(found.pk), **form}
        answer = client.post(reverse(f"{page_name}_changelist"), sent)
        said = list(get_messages(answer.wsgi_request))
        if wrong := [str(it) for it in said if it.level_tag == "error"]:
            return Answer("refused", " ".join(wrong))
        return Answer("done" if AuditEvent.objects.count() > before else "forbidden")

    return Door(f"{model.__name__}.{action}", knock)


_REFUSALS = {403: "forbidden", 404: "missing"}


def _api_answer(answer: Any) -> Answer:
    if answer.status_code < 400:
        return Answer("done")
    words = answer.json().get("error", "")
    return Answer(_REFUSALS.get(answer.status_code, "refused"), words)


def _filled(text: str, world: World) -> str:
    for name, value in world.grounds.names.items():
        text = text.replace(f"${name}", value)
    return text
