"""``git-clone``: checks out one or more revisions of a repository into the work directory."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.runner import Effect, StepContext, StepDefaults, StepError, StepResult
from promotions.ports.control_plane import ControlPlane
from promotions.ports.credentials import CredentialStore
from promotions.ports.git import GitRepositories
from promotions.ports.workspaces import Checkout, CloneRequest, Workspaces
from promotions.steps.support.git import (
    AUTHOR_SCHEMA,
    author_in,
    git_errors,
    joined,
    remote_for,
    waits_for_hosts,
)

_REFS = ("branch", "commit", "tag")
_UNSET: JSONObject = {"enum": [None, ""]}


def _only(wanted: str) -> JSONObject:
    """Return the rule that of branch, commit and tag only ``wanted`` is set."""
    others = {name: _UNSET for name in _REFS if name != wanted}
    return {"required": [wanted], "properties": {wanted: {"minLength": 1}, **others}}


_CHECKOUT: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "minLength": 1, "description": "Where to put the files."},
        "branch": {"type": "string", "description": "The branch; default: the default branch."},
        "commit": {"type": "string", "description": "A commit id, instead of a branch."},
        "tag": {"type": "string", "description": "A tag, instead of a branch."},
        "create": {
            "type": "boolean",
            "description": "Make the branch, empty and without history, if there is none.",
        },
        "as": {"type": "string", "description": "Key in the output; default: the path."},
        "sparse": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "minLength": 1},
            "description": "Check out only these directories, from the repository's root.",
        },
    },
    "oneOf": [{"properties": dict.fromkeys(_REFS, _UNSET)}, *(_only(it) for it in _REFS)],
}

SCHEMA: JSONObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "GitCloneConfig",
    "type": "object",
    "additionalProperties": False,
    "required": ["repoURL", "checkout"],
    "properties": {
        "repoURL": {"type": "string", "minLength": 1, "description": "The repository to clone."},
        "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
        "recurseSubmodules": {
            "type": "boolean",
            "description": "Check out submodules too, with the same credentials.",
        },
        "blobless": {
            "type": "boolean",
            "description": "Accepted; a clone here copies no file contents in any case.",
        },
        "author": AUTHOR_SCHEMA,
        "checkout": {"type": "array", "minItems": 1, "items": _CHECKOUT},
    },
}


@dataclass(frozen=True, slots=True)
class GitClone(StepDefaults):
    """Makes the work trees that later steps edit, commit and push.

    Called again, it replaces what it made before.

    Source: Kargo's ``git-clone`` step.
    """

    workspaces: Workspaces
    credentials: CredentialStore
    control_plane: ControlPlane
    repositories: GitRepositories

    kind: ClassVar[str] = "git-clone"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    @waits_for_hosts
    def run(self, context: StepContext) -> StepResult:
        """Clone, and put out the commit of each checkout by alias or path.

        Raises:
            StepError: Failed and terminal for what only another configuration can mend.
        """
        checkouts = [as_object(item) for item in as_list(context.config.get("checkout"))]
        names = _output_names(checkouts)
        request = self._request(context, checkouts)
        with git_errors(context):
            commits = self.workspaces.clone(request)
        return StepResult(output={"commits": dict(zip(names, commits, strict=True))})

    def would(self, context: StepContext) -> str:
        """Name the branches that would be created; cloning itself changes nothing outside."""
        request = self._request(
            context, [as_object(item) for item in as_list(context.config.get("checkout"))]
        )
        wanted = [checkout.branch for checkout in request.checkouts if checkout.create]
        if not wanted:
            return ""
        with git_errors(context):
            listing = self.repositories.list_refs(request.remote)
        absent = [branch for branch in wanted if branch and not listing.branch(branch)]
        return f"create {', '.join(absent)} in {request.remote.url}" if absent else ""

    def _request(self, context: StepContext, checkouts: Sequence[JSONObject]) -> CloneRequest:
        config = context.config
        author = author_in(config.get("author"))
        return CloneRequest(
            remote=remote_for(
                as_text(config.get("repoURL")),
                context,
                credentials=self.credentials,
                insecure=config.get("insecureSkipTLSVerify") is True,
            ),
            workdir=context.workdir,
            owner=context.alias,
            checkouts=tuple(_checkout(item, context) for item in checkouts),
            identity=author or self.control_plane.git_identity(tenant_uid=context.tenant_uid),
            recurse_submodules=config.get("recurseSubmodules") is True,
        )


def _checkout(item: JSONObject, context: StepContext) -> Checkout:
    sparse: Sequence[JSONValue] = as_list(item.get("sparse"))
    return Checkout(
        path=joined(context, item.get("path")),
        branch=as_text(item.get("branch")),
        commit=as_text(item.get("commit")),
        tag=as_text(item.get("tag")),
        create=item.get("create") is True,
        sparse=tuple(as_text(folder) for folder in sparse),
    )


def _output_names(checkouts: Sequence[JSONObject]) -> list[str]:
    names: list[str] = []
    aliases: set[str] = set()
    for index, item in enumerate(checkouts):
        alias = as_text(item.get("as"))
        if alias and alias in aliases:
            raise StepError(
                f'duplicate checkout alias "{alias}" at checkout[{index}]',
                failed=True,
                terminal=True,
            )
        aliases.add(alias)
        names.append(alias or as_text(item.get("path")))
    return names
