"""What a delivery to a generic receiver comes to: its actions say themselves when and for what.

Source: Kargo ``pkg/webhook/external`` genericWebhookReceiver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.webhook_requests import (
    WebhookRequest,
    request_environment,
    request_matches,
)
from promotions.engine.webhooks.decisions import Reply
from promotions.engine.webhooks.generic_targets import (
    Target,
    TargetCriterion,
    parse_criterion,
    select_targets,
)
from promotions.engine.webhooks.payloads import parse_untyped_json

_NOT_MATCHED = "Request did not match whenExpression"
_MATCHING_ERROR = "Error evaluating whenExpression"
_SELECTION_ERROR = "Error evaluating targetSelectionCriteria"
_EMPTY_SELECTORS: JSONObject = {"labelSelector": {}, "indexSelector": {}}


class Result(StrEnum):
    """How one action went."""

    NOT_APPLICABLE = "NotApplicable"
    SUCCESS = "Success"
    PARTIAL_SUCCESS = "PartialSuccess"
    FAILURE = "Failure"
    ERROR = "Error"


_BAD_RESULTS = frozenset({Result.PARTIAL_SUCCESS, Result.FAILURE, Result.ERROR})


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """What one action asks for.

    Attributes:
        action: As in the manifest.
        is_matched: Whether its ``whenExpression`` holds.
        criteria: What to refresh is what satisfies any of them; none if it does not apply.
        summary: Why it does not apply or cannot be decided; else empty.
        result: Known already if it does not apply or cannot be decided.
        problem: What is wrong with the manifest if it cannot be decided, for its owner alone.
    """

    action: JSONObject
    is_matched: bool
    criteria: tuple[TargetCriterion, ...] = ()
    summary: str = ""
    result: Result | None = None
    problem: str = ""

    def select(self, targets: Sequence[Target]) -> list[Target]:
        """Return the targets to refresh, by namespace and name, each once."""
        return select_targets(targets, criteria=self.criteria)


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """An action's plan, and whether each of the targets it selected could be refreshed."""

    plan: ActionPlan
    refreshed: tuple[tuple[Target, bool], ...] = ()


def read_request(
    body: bytes, *, headers: Mapping[str, Sequence[str]], query: Mapping[str, Sequence[str]]
) -> WebhookRequest:
    """Return the request as expressions see it.

    Args:
        body: JSON, or empty.
        headers: Values in order, by name in any case.
        query: Values in order, by name.

    Raises:
        RefusedError: The body is neither JSON nor empty.
    """
    return WebhookRequest(headers, query, parse_untyped_json(body) if body else None)


def plan_actions(
    request: WebhookRequest, *, actions: Sequence[JSONObject], path: str
) -> list[ActionPlan]:
    """Return what each action asks for; one that cannot be decided stops no other.

    Args:
        request: What was sent.
        actions: The receiver's, as in its manifest.
        path: Where they stand in the manifest.
    """
    return [_plan(action, request, path=f"{path}[{index}]") for index, action in enumerate(actions)]


def reply_to(outcomes: Sequence[ActionOutcome]) -> Reply:
    """Return the answer that lists how every action went."""
    results = [(outcome, _result(outcome)) for outcome in outcomes]
    is_bad = any(result in _BAD_RESULTS for _, result in results)
    status = HTTPStatus.INTERNAL_SERVER_ERROR if is_bad else HTTPStatus.OK
    return Reply(status, {"results": [_shown(outcome, result) for outcome, result in results]})


def _plan(action: JSONObject, request: WebhookRequest, *, path: str) -> ActionPlan:
    parameters = as_object(action.get("parameters"))
    environment = request_environment(
        request, parameters={name: as_text(it) for name, it in parameters.items()}
    )
    condition = as_text(action.get("whenExpression"))
    try:
        is_matched = request_matches(condition, environment, path=f"{path}.whenExpression")
    except InvalidError as error:
        return _undecided(action, error, _MATCHING_ERROR, is_matched=False)
    if not is_matched:
        result = Result.NOT_APPLICABLE
        return ActionPlan(action, is_matched=False, summary=_NOT_MATCHED, result=result)
    entries = as_list(action.get("targetSelectionCriteria"))
    where = f"{path}.targetSelectionCriteria"
    try:
        criteria = tuple(
            parse_criterion(as_object(it), environment=environment, path=f"{where}[{index}]")
            for index, it in enumerate(entries)
        )
    except InvalidError as error:
        return _undecided(action, error, _SELECTION_ERROR, is_matched=True)
    return ActionPlan(action, is_matched=True, criteria=criteria)


def _undecided(
    action: JSONObject, error: InvalidError, summary: str, *, is_matched: bool
) -> ActionPlan:
    return ActionPlan(
        action,
        is_matched=is_matched,
        summary=summary,
        result=Result.ERROR,
        problem=error.message,
    )


def _result(outcome: ActionOutcome) -> Result:
    if outcome.plan.result is not None:
        return outcome.plan.result
    successes = [succeeded for _, succeeded in outcome.refreshed]
    if all(successes):
        return Result.SUCCESS
    return Result.PARTIAL_SUCCESS if any(successes) else Result.FAILURE


def _shown(outcome: ActionOutcome, result: Result) -> JSONObject:
    plan = outcome.plan
    criteria: list[JSONValue] = [
        {**_EMPTY_SELECTORS, **as_object(it)}
        for it in as_list(plan.action.get("targetSelectionCriteria"))
    ]
    shown: dict[str, JSONValue] = {
        **plan.action,
        "targetSelectionCriteria": criteria,
        "matchedWhenExpression": plan.is_matched,
    }
    if outcome.refreshed:
        shown["selectedTargets"] = [
            {"namespace": target.namespace, "name": target.name, "success": succeeded}
            for target, succeeded in outcome.refreshed
        ]
    done, total = sum(succeeded for _, succeeded in outcome.refreshed), len(outcome.refreshed)
    summary = plan.summary or f"Refreshed {done} of {total} selected resources"
    return {**shown, "result": result, "summary": summary}
