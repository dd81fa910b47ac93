"""Describes one operation: from its view class, its address and the table."""

import inspect
import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema

from kargo_platform.openapi.components import reference_to
from kargo_platform.openapi.table import Described, described
from rbac.authorizer import PUBLIC, SIGNED_IN
from rbac.rest.views import GuardedView

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_VARIABLE = re.compile(r"\{(\w+)\}")
_JSON = "application/json"
_MANIFESTS = ("text/plain", "application/yaml", _JSON)


class OperationSchema(AutoSchema):
    """What drf-spectacular asks for each operation; no serializers are guessed."""

    view: GuardedView  # type: ignore[override] # the routes have no others

    def get_operation_id(self) -> str:
        """Return ``listStages`` for ``ListStages``."""
        name = type(self.view).__name__
        return f"{name[0].lower()}{name[1:]}"

    def get_summary(self) -> str:
        """Return ``List stages`` for ``ListStages``."""
        words = _CAPITAL.split(type(self.view).__name__)
        return " ".join([words[0], *map(str.lower, words[1:])])

    def get_description(self) -> str:  # type: ignore[override] # as drf-spectacular overrides it
        """Return the text of the class, and the right that is asked for."""
        text = inspect.cleandoc(type(self.view).__doc__ or "").replace("``", "`")
        return "\n\n".join(filter(None, (text, self._right())))

    def get_tags(self) -> list[str]:
        """Return what the address is about: its first collection, after the project's."""
        parts = [it for it in self.path.split("/") if it and not it.startswith("{")]
        about = [it for it in parts if it not in {"api", "v1", "v1beta1", "system", "shared"}]
        return [about[1] if len(about) > 1 and about[0] == "projects" else about[0]]

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return that a bearer token is needed, but for what is public."""
        return [] if self.view.access_verb == PUBLIC else [{"bearer": []}]

    def _right(self) -> str:
        verb = self.view.access_verb
        if verb == PUBLIC:
            return "Open to everybody."
        if verb == SIGNED_IN:
            return "Open to whoever is signed in; what they see depends on their rights."
        return f"Asks for the right to `{verb}` `{self.view.access_resource}`."

    def _described(self) -> Described:
        return described(type(self.view).__name__, method=self.method)

    def _get_parameters(self) -> list[dict[str, Any]]:
        path = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _VARIABLE.findall(self.path)
        ]
        query = [
            {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
            for name, text in self._described().query.items()
        ]
        return [*path, *query]

    def _get_request_body(self, direction: str = "request") -> dict[str, Any] | None:
        del direction
        body = self._described().body
        if not body:
            return None
        media = _MANIFESTS if body == "Manifests" else (_JSON,)
        content = {it: {"schema": reference_to(self.registry, body)} for it in media}
        return {"content": content, "required": True}

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        del direction
        told = self._described()
        answers: dict[str, Any] = {
            str(status): {"description": HTTPStatus(status).phrase, **self._content(told, status)}
            for status in told.statuses
        }
        error = {"content": {_JSON: {"schema": reference_to(self.registry, "Error")}}}
        refusals = [400, 404] if not self.get_auth() else [400, 401, 403, 404]
        for status in (*refusals, *told.refusals):
            answers[str(status)] = {"description": HTTPStatus(status).phrase, **error}
        return answers

    def _content(self, told: Described, status: int) -> dict[str, Any]:
        if not told.answer or status == HTTPStatus.NO_CONTENT:
            return {}
        content = {_JSON: {"schema": reference_to(self.registry, told.answer)}}
        if "watch" in told.query:
            content["text/event-stream"] = {"schema": reference_to(self.registry, "WatchEvents")}
        return {"content": content}
