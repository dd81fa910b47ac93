"""Asks people on behalf of steps, and takes their answers."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.clock import now as read_clock
from common.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from common.jsontypes import JSONObject, as_object
from common.redaction import mask_json
from promotions import queue
from promotions.engine import approvals
from promotions.engine.approvals import Action, Response, Rule, Verdict
from promotions.engine.forms.schemas import read_schema
from promotions.engine.inputs import actor_name
from promotions.engine.questions import Question, question_from
from promotions.models import Promotion, PromotionPrompt, PromotionResponse, WorkKind
from promotions.ports.origin import StepOrigin
from promotions.selectors.prompts import identity_in, responses_to, waiting_alias
from promotions.services.promotion_progress import touched
from promotions.services.step_stores import promotion_of, stored
from rbac import audit
from rbac.actors import Actor

logger = logging.getLogger(__name__)

_WHOM = frozenset({"approvers", "responders"})
MAX_MESSAGE = 2_000
"""Longest message with an answer, in characters."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says; ``values`` only to submit."""

    action: Action
    message: str = ""
    values: JSONObject | None = None


@dataclass(frozen=True, slots=True)
class DatabaseResponses:
    """:class:`~promotions.ports.responses.Responses` in the database."""

    def ask(self, origin: StepOrigin, *, kind: str, config: JSONObject) -> tuple[Response, ...]:
        """Let people answer, and return what they answered so far, oldest first."""
        with stored():
            promotion = promotion_of(origin)
            if promotion is None:
                return ()
            question: dict[str, Any] = {"kind": kind, "config": _shown(config)}
            prompt, is_new = PromotionPrompt.objects.get_or_create(
                promotion=promotion,
                alias=origin.alias,
                defaults={**question, "asked_at": read_clock()},
            )
            if not is_new and {"kind": prompt.kind, "config": prompt.config} != question:
                PromotionPrompt.objects.filter(pk=prompt.pk).update(**question)
            return responses_to(prompt)


@transaction.atomic
def respond_to_promotion(
    promotion: Promotion, alias: str, answer: Answer, *, actor: Actor, now: datetime
) -> PromotionResponse:
    """Answer what a step of a promotion asks, and have the promotion go on at once.

    Everybody answers once; who approved may still reject, until the step has what it needs.

    Raises:
        NotFoundError: The step has asked nothing.
        ForbiddenError: The step does not ask this person.
        ConflictError: It is decided, or they answered already.
        InvalidError: The answer is none to this question, is too long, or does not fit.
    """
    prompt = _locked(promotion, alias)
    question = question_from(prompt.kind, prompt.config)
    matched = _matched(prompt, question, actor)
    earlier = responses_to(prompt)
    _refuse_decided(prompt, question, earlier)
    _refuse_unfit(question, answer)
    _refuse_again(earlier, answer, actor)
    response = _kept(prompt, answer, matched, actor=actor, now=now)
    # First the work, then the promotion: a pass that is under way locks them in that order too.
    queue.wake(kind=WorkKind.PROMOTION, uid=promotion.uid, at=now)
    touched(promotion)
    _audit(promotion, alias, answer, actor=actor, now=now)
    logger.info("answered", extra={"promotion": promotion.name, "action": answer.action})
    return response


def _shown(config: JSONObject) -> dict[str, Any]:
    """Return what a step asks without secrets; whom it asks stays as it is."""
    return {key: it if key in _WHOM else mask_json(it) for key, it in config.items()}


def _locked(promotion: Promotion, alias: str) -> PromotionPrompt:
    rows = PromotionPrompt.objects.select_for_update(of=("self",)).select_related("promotion")
    prompt = rows.filter(promotion=promotion, alias=alias).first()
    if prompt is None:
        raise NotFoundError(f'The step "{alias}" has not asked anybody anything.')
    prompt.promotion.project = promotion.project
    return prompt


def _matched(prompt: PromotionPrompt, question: Question, actor: Actor) -> tuple[Rule, ...]:
    if actor.user_uid is None:
        raise ForbiddenError("Only people answer; sign in, or use a token of yours.")
    identity = identity_in(prompt.promotion.project, actor)
    if not approvals.may_respond(question.rules, identity):
        asked = " or ".join(map(str, question.rules))
        raise ForbiddenError(f'The step "{prompt.alias}" asks only: {asked}.')
    return approvals.matching(question.rules, identity)


def _refuse_decided(
    prompt: PromotionPrompt, question: Question, earlier: tuple[Response, ...]
) -> None:
    if waiting_alias(prompt.promotion) != prompt.alias:
        raise ConflictError(f'The step "{prompt.alias}" does not wait any more.')
    if question.verdict(earlier) is not Verdict.WAITING:
        raise ConflictError(f'The step "{prompt.alias}" has the answers that it needs.')


def _refuse_unfit(question: Question, answer: Answer) -> None:
    if answer.action not in question.actions:
        asked = " or ".join(question.actions)
        raise InvalidError(f"The step asks to {asked}, not to {answer.action}.")
    if len(answer.message) > MAX_MESSAGE:
        raise InvalidError(f"The message is longer than {MAX_MESSAGE} characters.")
    if "\0" in answer.message:
        raise InvalidError("The message has a NUL character.")
    if answer.action is Action.SUBMIT:
        read_schema(question.schema).check(as_object(answer.values))


def _refuse_again(earlier: tuple[Response, ...], answer: Answer, actor: Actor) -> None:
    if any(it.user_id == str(actor.user_uid) and it.action is answer.action for it in earlier):
        raise ConflictError("You have answered already.")


def _kept(
    prompt: PromotionPrompt,
    answer: Answer,
    matched: tuple[Rule, ...],
    *,
    actor: Actor,
    now: datetime,
) -> PromotionResponse:
    values = dict(as_object(answer.values)) if answer.action is Action.SUBMIT else None
    try:
        with transaction.atomic():
            return PromotionResponse.objects.create(
                prompt=prompt,
                user=actor_name(actor.name),
                user_uid=str(actor.user_uid),
                action=answer.action.value,
                message=answer.message,
                matched=[list(rule.key) for rule in matched],
                values=values,
                at=now,
            )
    except IntegrityError as error:
        raise ConflictError("You have answered already.") from error


def _audit(
    promotion: Promotion, alias: str, answer: Answer, *, actor: Actor, now: datetime
) -> None:
    act = audit.Act(
        action="promotion.respond",
        kind="Promotion",
        tenant_uid=promotion.project.tenant.uid,
        project_uid=promotion.project.uid,
        object_uid=promotion.uid,
        object_name=promotion.name,
        reason=answer.message,
        after={"step": alias, "action": answer.action.value},
    )
    audit.record(act, actor=actor, at=now)
