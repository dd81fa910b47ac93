"""``jira``: works on issues in Jira."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeAlias

from common.errors import InvalidError, PlatformError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.documents.adf import adf_document
from promotions.engine.retry import POLL_FLOOR
from promotions.engine.runner import (
    Effect,
    StepContext,
    StepDefaults,
    StepError,
    StepResult,
    StepStatus,
)
from promotions.ports.control_plane import ControlPlane
from promotions.ports.intents import Intents
from promotions.ports.jira import Jira, JiraIssues, JiraSite
from promotions.ports.metadata import MetadataKind, MetadataStore
from promotions.ports.origin import origin_of
from promotions.steps.support.hosts import is_refusal, names, poll_interval
from promotions.steps.support.jira_schema import OPERATIONS, SCHEMA

DEFAULT_ISSUE_TYPE = "Task"
DEFAULT_ISSUE_ALIAS = "jira-issue-key"

FOUND_WITHIN = timedelta(seconds=30)
"""How long Jira may take until a search finds a new issue."""

_SECRET_KEYS = ("domain", "username", "password")


@dataclass(frozen=True, slots=True)
class JiraStep(StepDefaults):
    """Does one of seven things with an issue; what is made twice is made once.

    An issue or a comment that is made carries a mark of the promotion and the step, for which a
    later attempt looks before it makes another.
    Source: the documentation of Kargo's ``jira`` step.
    """

    jira: Jira
    control_plane: ControlPlane
    metadata: MetadataStore
    intents: Intents

    kind: ClassVar[str] = "jira"
    schema: ClassVar[JSONObject] = SCHEMA
    effect: ClassVar[Effect] = Effect.EFFECTING

    def run(self, context: StepContext) -> StepResult:
        """Do what is configured.

        Raises:
            StepError: Failed and terminal if Jira will not or the issue is not as expected;
                Errored on all that may pass.
        """
        operation, fields = _operation(context.config)
        with _jira_errors():
            issues = self.jira.issues(self._site(context))
            if operation != "createIssue":
                return _ACTIONS[operation](issues, fields, context)
            result = self._created(issues, fields, context)
        if result.output:
            with _jira_errors(output=result.output):
                self._remember(context, fields, result)
        return result

    def would(self, context: StepContext) -> str:
        """Name what would be changed in Jira."""
        operation, fields = _operation(context.config)
        words = _WORDS.get(operation, "")
        return words.format(**{name: as_text(value) for name, value in fields.items()})

    def _site(self, context: StepContext) -> JiraSite:
        config = as_object(context.config["credentials"])
        shared_name = as_text(config.get("sharedSecretName"))
        name = as_text(config.get("secretName")) or shared_name
        secret = self.control_plane.secret(
            tenant_uid=context.tenant_uid,
            project=context.project,
            name=name,
            shared=bool(shared_name),
        )
        missing = [key for key in _SECRET_KEYS if not as_text(secret.get(key))]
        if missing:
            where = "the shared resources" if shared_name else f'Project "{context.project}"'
            raise InvalidError(
                f'Secret "{name}" in {where} is missing or has no {", ".join(missing)}'
            )
        return JiraSite(*(as_text(secret[key]) for key in _SECRET_KEYS))

    def _created(self, issues: JiraIssues, fields: JSONObject, context: StepContext) -> StepResult:
        """Create the issue, unless an earlier attempt did or may have done."""
        if _earlier(context, "key"):
            return StepResult(output={"key": _earlier(context, "key")})
        values, mark = _new_issue(issues, fields), _mark(context)
        intent = self.intents.begin(origin_of(context), now=context.now)
        if intent.outcome is not None:
            return StepResult(output=intent.outcome)
        key = ""
        if intent.begun_at is not None:
            key = issues.find_created(project=as_text(fields["projectKey"]), mark=mark)
            if not key and context.now - intent.begun_at < FOUND_WITHIN:
                message = "looking for the issue that an earlier attempt may have created"
                return StepResult(StepStatus.RUNNING, message, retry_after=POLL_FLOOR)
            self.intents.renew(origin_of(context), now=context.now)
        output: JSONObject = {"key": key or issues.create(values, mark=mark)}
        self.intents.finish(origin_of(context), output, now=context.now)
        return StepResult(output=output)

    def _remember(self, context: StepContext, fields: JSONObject, result: StepResult) -> None:
        """Keep the issue's key in the metadata of the Freight, for later Stages."""
        name = as_text(fields.get("issueAlias")) or DEFAULT_ISSUE_ALIAS
        self.metadata.upsert(
            origin_of(context),
            kind=MetadataKind.FREIGHT,
            name=context.target_freight.name,
            values={name: as_object(result.output).get("key")},
        )


@contextmanager
def _jira_errors(*, output: JSONObject | None = None) -> Iterator[None]:
    """Turn errors into those of the step, which put out what there is already."""
    try:
        yield
    except PlatformError as error:
        is_final = isinstance(error, InvalidError) or is_refusal(error)
        raise StepError(error.message, failed=is_final, terminal=is_final, output=output) from error


def _operation(config: JSONObject) -> tuple[str, JSONObject]:
    operation = next(name for name in OPERATIONS if name in config)
    return operation, as_object(config[operation])


def _new_issue(issues: JiraIssues, fields: JSONObject) -> JSONObject:
    values: dict[str, JSONValue] = {
        **_issue_fields(issues, fields),
        "project": {"key": fields["projectKey"]},
    }
    values.setdefault("issuetype", {"name": DEFAULT_ISSUE_TYPE})
    labels = list(names(fields.get("labels")))
    if labels:
        values["labels"] = labels
    return values


def _update(issues: JiraIssues, fields: JSONObject, _context: StepContext) -> StepResult:
    key, status = as_text(fields["issueKey"]), as_text(fields.get("status"))
    issues.edit(
        key,
        fields=_issue_fields(issues, fields),
        add_labels=names(fields.get("addLabels")),
        remove_labels=names(fields.get("removeLabels")),
    )
    if status and not _is_in(issues, key, status) and not issues.move(key, status=status):
        raise _failed(f'no transition of issue {key} leads to the status "{status}" now')
    return StepResult()


def _delete(issues: JiraIssues, fields: JSONObject, _context: StepContext) -> StepResult:
    with_subtasks = fields.get("deleteSubtasks") is True
    issues.delete(as_text(fields["issueKey"]), with_subtasks=with_subtasks)
    return StepResult()


def _search(issues: JiraIssues, fields: JSONObject, _context: StepContext) -> StepResult:
    found = issues.search(
        as_text(fields["jql"]),
        fields=_listed_names(fields.get("fields")),
        expands=_listed_names(fields.get("expands")),
        most=2,
    )
    if not found:
        raise _failed("the query found no issue")
    if len(found) > 1 and fields.get("expectMultiple") is not True:
        raise _failed("the query found more than one issue, and expectMultiple is not set")
    return StepResult(output={"issue": found[0], "key": found[0].get("key")})


def _comment(issues: JiraIssues, fields: JSONObject, context: StepContext) -> StepResult:
    key, mark = as_text(fields["issueKey"]), _mark(context)
    comment = _earlier(context, "commentID") or issues.find_comment(key, mark=mark)
    if not comment:
        body = as_object(fields.get("adfBody")) or adf_document(as_text(fields.get("body")))
        comment = issues.comment(key, body=body, mark=mark)
    return StepResult(output={"commentID": comment})


def _delete_comment(issues: JiraIssues, fields: JSONObject, _context: StepContext) -> StepResult:
    issues.delete_comment(as_text(fields["issueKey"]), str(fields["commentID"]))
    return StepResult()


def _wait(issues: JiraIssues, fields: JSONObject, _context: StepContext) -> StepResult:
    interval = poll_interval(fields)
    key, expected = as_text(fields["issueKey"]), as_text(fields["expectedStatus"])
    if _is_in(issues, key, expected):
        return StepResult()
    return StepResult(
        status=StepStatus.RUNNING,
        message=f'waiting for issue {key} to be in the status "{expected}"',
        retry_after=interval,
    )


_Action: TypeAlias = Callable[[JiraIssues, JSONObject, StepContext], StepResult]
_ACTIONS: Mapping[str, _Action] = {
    "updateIssue": _update,
    "deleteIssue": _delete,
    "searchIssue": _search,
    "commentOnIssue": _comment,
    "deleteComment": _delete_comment,
    "waitForStatus": _wait,
}
_WORDS = {
    "createIssue": "create an issue in Jira's project {projectKey}",
    "updateIssue": "update Jira's issue {issueKey}",
    "deleteIssue": "delete Jira's issue {issueKey}",
    "commentOnIssue": "comment on Jira's issue {issueKey}",
    "deleteComment": "delete a comment on Jira's issue {issueKey}",
}


def _issue_fields(issues: JiraIssues, fields: JSONObject) -> dict[str, JSONValue]:
    """Return what to set, as Jira names it; what is empty is left out."""
    values: dict[str, JSONValue] = dict(as_object(fields.get("customFields")))
    description = as_text(fields.get("description"))
    document = as_object(fields.get("adfDescription"))
    issue_type, email = as_text(fields.get("issueType")), as_text(fields.get("assigneeEmail"))
    if fields.get("summary"):
        values["summary"] = fields["summary"]
    if document or description:
        values["description"] = document or adf_document(description)
    if issue_type:
        values["issuetype"] = {"name": issue_type}
    if email:
        values["assignee"] = {"accountId": _account(issues, email)}
    return values


def _account(issues: JiraIssues, email: str) -> str:
    account = issues.account(email)
    if not account:
        raise _failed(f'Jira has no account with the e-mail address "{email}", or hides it')
    return account


def _is_in(issues: JiraIssues, key: str, status: str) -> bool:
    return issues.status(key).casefold() == status.casefold()


def _listed_names(items: JSONValue) -> tuple[str, ...]:
    """Return a list of names, of which one may be written as ``{name: null}``."""
    found = (next(iter(as_object(item)), "") or as_text(item) for item in as_list(items))
    return tuple(name for name in found if name)


def _earlier(context: StepContext, name: str) -> str:
    """Return what an earlier attempt of this step put out."""
    return as_text(as_object(context.state.get(context.alias)).get(name))


def _mark(context: StepContext) -> str:
    return f"{context.promotion_uid}/{context.alias}"


def _failed(message: str) -> StepError:
    return StepError(message, failed=True, terminal=True)
