"""What the GitHub steps share: their configuration, their errors, and the mark that they leave."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue, as_text
from common.redaction import redact
from promotions.engine.runner import StepContext, StepError
from promotions.ports.credentials import CredentialStore, CredentialType
from promotions.ports.github import Issue
from promotions.ports.scm import RepositoryAccess
from promotions.steps.support.hosts import is_refusal
from promotions.steps.support.workdir import sanitise

MOST_ASSIGNEES = 10
"""GitHub takes no more; Kargo ignores the others."""

NAMES_SCHEMA: JSONObject = {"type": "array", "items": {"type": "string", "minLength": 1}}
NUMBER_SCHEMA: JSONObject = {"type": "integer", "minimum": 1}
TEXT_SCHEMA: JSONObject = {"type": "string", "minLength": 1}


def github_schema(
    title: str,
    properties: Mapping[str, JSONValue],
    *,
    required: Sequence[str] = (),
    alternatives: JSONObject | None = None,
) -> JSONObject:
    """Return the schema of a step that works on one repository at GitHub.

    Args:
        title: Of the schema.
        properties: Those besides ``repoURL`` and ``insecureSkipTLSVerify``.
        required: Which of them must be there.
        alternatives: Further keywords, such as ``anyOf``.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": ["repoURL", *required],
        "properties": {
            "repoURL": {**TEXT_SCHEMA, "description": "The repository at GitHub."},
            "insecureSkipTLSVerify": {"type": "boolean", "description": "Accept any certificate."},
            **properties,
        },
        **(alternatives or {}),
    }


@contextmanager
def github_errors(context: StepContext) -> Iterator[None]:
    """Turn what GitHub's ports raise into step errors.

    What GitHub refuses is Failed and terminal; what may pass is Errored and may be tried again.
    """
    try:
        yield
    except PlatformError as error:
        message = sanitise(error.message, context.workdir)
        if isinstance(error, InvalidError) or is_refusal(error):
            raise StepError(message, failed=True, terminal=True) from error
        raise StepError(message) from error


def access_to(context: StepContext, *, credentials: CredentialStore) -> RepositoryAccess:
    """Return the configured repository with the project's Git credentials for it."""
    url = as_text(context.config.get("repoURL"))
    return RepositoryAccess(
        url=url,
        credential=credentials.find(
            tenant_uid=context.tenant_uid,
            project=context.project,
            kind=CredentialType.GIT,
            repo_url=url,
        ),
        insecure_skip_tls_verify=context.config.get("insecureSkipTLSVerify") is True,
    )


def shown_url(context: StepContext) -> str:
    """Return the repository's address as it may be shown to anybody."""
    return redact(as_text(context.config.get("repoURL")))


def mark_of(context: StepContext) -> str:
    """Return what tells a text that this step wrote from all others; readers do not see it."""
    name = f"{context.promotion}/{context.alias}".replace(">", "").replace("--", "-")
    return f"<!-- {name} -->"


def marked(text: str, context: StepContext) -> str:
    """Return a text in Markdown with the step's mark at its end."""
    return f"{text}\n\n{mark_of(context)}" if text else mark_of(context)


def number(value: JSONValue) -> int:
    """Return a whole number, or 0 if the value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def issue_document(issue: Issue) -> JSONObject:
    """Return an issue as outputs and expressions see it."""
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "labels": list(issue.labels),
        "assignees": list(issue.assignees),
        "url": issue.url,
    }
