"""What a step asks people, as its row shows it: who may answer, who did, and the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.errors import FieldProblem, InvalidError
from promotions.engine.approvals import (
    Identity,
    Response,
    Rule,
    Verdict,
    approvals,
    may_respond,
    unmet,
)
from promotions.engine.forms.fields import Field, fields_of
from promotions.engine.forms.schemas import read_schema
from promotions.engine.questions import Question, question_from
from promotions.models import Promotion, PromotionPrompt
from promotions.selectors.prompts import identity_in, prompts_of, responses_to, waiting_alias
from rbac.actors import Actor

_ANYBODY = "whoever can see this promotion"


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that was refused: what was written, and what is wrong with it."""

    alias: str
    posted: Mapping[str, Sequence[str]]
    message: str
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field, what stands in it, and what is wrong with that."""

    field: Field
    texts: tuple[str, ...] = ()
    problem: str = ""

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""


@dataclass(frozen=True, slots=True)
class PromptView:
    """A step's question; ``asked`` says who may answer, ``needed`` what is still missing.

    ``refusal`` says what this person may not do now; empty if they may answer anything.
    """

    alias: str
    question: Question
    asked: str
    needed: str
    is_waiting: bool
    responses: tuple[Response, ...]
    may_answer: bool = False
    may_approve: bool = False
    refusal: str = ""
    fields: tuple[FieldView, ...] = ()
    trouble: str = ""
    message: str = ""


def prompt_views(
    promotion: Promotion, actor: Actor, *, draft: Draft | None = None
) -> dict[str, PromptView]:
    """Return what a promotion's steps ask, by alias, as one person sees it."""
    prompts = prompts_of(promotion)
    if not prompts:
        return {}
    waiting = waiting_alias(promotion)
    identity = identity_in(promotion.project, actor) if waiting in prompts else Identity()
    return {
        alias: _view(
            prompt,
            actor,
            identity,
            is_current=alias == waiting,
            draft=draft if draft is not None and draft.alias == alias else None,
        )
        for alias, prompt in prompts.items()
    }


def _view(
    prompt: PromotionPrompt,
    actor: Actor,
    identity: Identity,
    *,
    is_current: bool,
    draft: Draft | None,
) -> PromptView:
    question = question_from(prompt.kind, prompt.config)
    responses = responses_to(prompt)
    is_waiting = is_current and question.verdict(responses) is Verdict.WAITING
    is_asked = actor.user_uid is not None and may_respond(question.rules, identity)
    has_answered = any(it.user_id == str(actor.user_uid) for it in responses)
    return PromptView(
        alias=prompt.alias,
        question=question,
        asked=_asked(question.rules),
        needed=_needed(question, responses) if is_waiting else "",
        is_waiting=is_waiting,
        responses=responses,
        may_answer=is_asked,
        may_approve=is_asked and not has_answered,
        refusal=_refusal(is_asked=is_asked, has_answered=has_answered),
        fields=_fields(question, draft) if is_waiting and is_asked else (),
        trouble=draft.message if draft else "",
        message=next(iter(draft.posted.get("message", ())), "") if draft else "",
    )


def _asked(rules: Sequence[Rule]) -> str:
    named = (f"{rule}{' (required)' if rule.required else ''}" for rule in rules)
    return " or ".join(named) or _ANYBODY


def _needed(question: Question, responses: Sequence[Response]) -> str:
    if question.is_form:
        return "One answer is needed."
    missing = " and ".join(map(str, unmet(responses, question.rules)))
    counted = f"{approvals(responses)} of {question.min_approvals} have approved."
    return f"{counted} Somebody with {missing} must approve." if missing else counted


def _refusal(*, is_asked: bool, has_answered: bool) -> str:
    if not is_asked:
        return "You may look, but this step asks others."
    return "You have approved. You may still reject." if has_answered else ""


def _fields(question: Question, draft: Draft | None) -> tuple[FieldView, ...]:
    if not question.is_form:
        return ()
    try:
        fields = fields_of(read_schema(question.schema).document)
    except InvalidError:
        return ()
    if draft is None:
        return tuple(FieldView(field, field.initial) for field in fields)
    wrong = {it.path.partition(".")[0]: it.reason for it in draft.problems}
    missing = {f"{field.name} is required": field.name for field in fields}
    wrong |= {missing[it.reason]: it.reason for it in draft.problems if it.reason in missing}
    return tuple(
        FieldView(field, tuple(draft.posted.get(field.key, ())), wrong.get(field.name, ""))
        for field in fields
    )
