"""What somebody may give away, against asking for every single permission."""

from itertools import product
from uuid import UUID

from hypothesis import given, strategies as st

from rbac.actors import Actor, ActorKind, Grant
from rbac.authorizer import Scope, first_not_held, holds
from rbac.rules import ALL_VERBS, KARGO, PROMOTE, Rule

TENANT, PROJECT, OTHER = (UUID(int=it) for it in (1, 2, 3))
PLACES = (
    Scope(TENANT),
    Scope(TENANT, PROJECT),
    Scope(TENANT, OTHER),
    Scope(TENANT, namespace="kargo"),
    Scope(OTHER),
)

_groups = st.sampled_from(["", KARGO])
_resources = st.sampled_from(["stages", "secrets", "freights/status"])
_verbs = st.sampled_from(["*", "get", PROMOTE, "update"])
_names = st.sampled_from(["uat", "prod"])


def some(one: st.SearchStrategy[str], *, least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(one, min_size=least, max_size=2, unique=True).map(tuple)


given_rules = st.lists(
    st.builds(Rule, some(_groups), some(_resources), some(_verbs), some(_names, least=0)),
    max_size=3,
)
held_rules = st.lists(
    st.builds(
        Rule,
        some(_groups | st.just("*")),
        some(_resources | st.just("*")),
        some(_verbs | st.sampled_from(ALL_VERBS)),
        some(_names, least=0),
    ),
    max_size=3,
)
grants = st.lists(
    st.builds(
        lambda at, rules: Grant("r", at.tenant_uid, at.project_uid, at.namespace, tuple(rules)),
        st.sampled_from(PLACES),
        held_rules,
    ),
    max_size=3,
)


def holds_each(actor: Actor, rules: list[Rule], at: Scope) -> bool:
    """Ask for every permission in the rules, one after the other."""
    return all(
        holds(actor, verb=verb, group=group, resource=resource, name=name, at=at)
        for rule in rules
        for group, resource, name in product(rule.groups, rule.resources, rule.names or ("",))
        for given in rule.verbs
        for verb in _each(given, resource)
    )


def _each(verb: str, resource: str) -> tuple[str, ...]:
    if verb != "*":
        return (verb,)
    return (*ALL_VERBS, *((PROMOTE,) if resource == "stages" else ()))


@given(grants, given_rules, st.sampled_from(PLACES))
def test_somebody_may_give_exactly_what_they_hold(
    held: list[Grant], rules: list[Rule], at: Scope
) -> None:
    actor = Actor(ActorKind.USER, "email:a@b", tuple(held))

    assert (first_not_held(actor, rules, at=at) == "") is holds_each(actor, rules, at)


@given(grants, given_rules, held_rules, st.sampled_from(PLACES))
def test_giving_more_is_never_easier(
    held: list[Grant], rules: list[Rule], more: list[Rule], at: Scope
) -> None:
    actor = Actor(ActorKind.USER, "email:a@b", tuple(held))

    if first_not_held(actor, rules, at=at):
        assert first_not_held(actor, [*rules, *more], at=at)


@given(given_rules)
def test_what_somebody_was_given_they_may_give_on(rules: list[Rule]) -> None:
    at = Scope(TENANT, PROJECT)
    grant = Grant("r", TENANT, PROJECT, rules=tuple(rules))
    actor = Actor(ActorKind.USER, "email:a@b", (grant,))

    assert first_not_held(actor, rules, at=at) == ""


@given(held_rules)
def test_no_rules_let_anybody_give_in_another_project(rules: list[Rule]) -> None:
    grant = Grant("r", TENANT, PROJECT, rules=tuple(rules))
    actor = Actor(ActorKind.USER, "email:a@b", (grant,))
    asked = Rule((KARGO,), ("stages",), ("get",))

    assert first_not_held(actor, [asked], at=Scope(TENANT, OTHER))
    assert first_not_held(actor, [asked], at=Scope(TENANT))
