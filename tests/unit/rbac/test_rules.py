"""Rules as Kargo stores them: taken apart, made explicit, merged and sorted."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from common.errors import InvalidError
from rbac.rules import (
    ALL_VERBS,
    KARGO,
    MAX_RULES,
    MAX_VERBS,
    PROMOTE,
    RESOURCES,
    Rule,
    group_of,
    normalise,
    plural_of,
    read_rules,
)

ALL = tuple(sorted(ALL_VERBS))
ALL_OF_STAGES = tuple(sorted((*ALL_VERBS, PROMOTE)))


def rule(
    resources: str, verbs: str, *, groups: tuple[str, ...] = (), names: tuple[str, ...] = ()
) -> Rule:
    return Rule(groups, tuple(resources.split()), tuple(verbs.split()), names)


@pytest.mark.parametrize(
    ("given_rules", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param(
            [rule("serviceaccounts secrets", "get", groups=("",))],
            [
                rule("secrets", "get", groups=("",)),
                rule("serviceaccounts", "get", groups=("",)),
            ],
            id="several resources",
        ),
        pytest.param(
            [rule("serviceaccounts", "get", groups=("",), names=("foo", "bar"))],
            [
                rule("serviceaccounts", "get", groups=("",), names=("bar",)),
                rule("serviceaccounts", "get", groups=("",), names=("foo",)),
            ],
            id="several names",
        ),
        pytest.param(
            [rule("secrets", "list get")],
            [rule("secrets", "get list", groups=("",))],
            id="verbs are sorted",
        ),
        pytest.param(
            [rule("secrets", "get get")],
            [rule("secrets", "get", groups=("",))],
            id="verbs once",
        ),
        pytest.param(
            [rule("secrets", "*")],
            [Rule(("",), ("secrets",), ALL)],
            id="wildcard verb",
        ),
        pytest.param(
            [rule("stages", "*")],
            [Rule((KARGO,), ("stages",), ALL_OF_STAGES)],
            id="wildcard verb of stages",
        ),
        pytest.param(
            [rule("stages secrets", "get")],
            [rule("secrets", "get", groups=("",)), rule("stages", "get", groups=(KARGO,))],
            id="groups left out are those of the resources",
        ),
        pytest.param(
            [rule("stages", "get", groups=(KARGO,))],
            [rule("stages", "get", groups=(KARGO,))],
            id="groups are kept",
        ),
        pytest.param(
            [rule("stages", "get", groups=("foo", "bar"))],
            [rule("stages", "get", groups=("bar",)), rule("stages", "get", groups=("foo",))],
            id="several groups",
        ),
        pytest.param(
            [rule("freights/status", "patch")],
            [rule("freights/status", "patch", groups=(KARGO,))],
            id="a part of a resource",
        ),
        pytest.param(
            [rule("secrets analysisruns stages roles", "get")],
            [
                rule("analysisruns", "get", groups=("argoproj.io",)),
                rule("secrets", "get", groups=("",)),
                rule("stages", "get", groups=(KARGO,)),
                rule("roles", "get", groups=("rbac.authorization.k8s.io",)),
            ],
            id="the core group is sorted as core",
        ),
        pytest.param(
            [
                rule("serviceaccounts stages", "*", groups=("",)),
                rule("stages", "*", groups=(KARGO,)),
                rule("stages", "get", groups=(KARGO,)),
                rule("warehouses", "get list", groups=(KARGO,), names=("foo", "bar")),
            ],
            [
                Rule(("",), ("serviceaccounts",), ALL),
                Rule(("",), ("stages",), ALL_OF_STAGES),
                Rule((KARGO,), ("stages",), ALL_OF_STAGES),
                rule("warehouses", "get list", groups=(KARGO,), names=("bar",)),
                rule("warehouses", "get list", groups=(KARGO,), names=("foo",)),
            ],
            id="kitchen sink",
        ),
    ],
)
def test_rules_are_normalised_as_kargo_does(given_rules: list[Rule], expected: list[Rule]) -> None:
    assert normalise(given_rules) == tuple(expected)


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("fake-resource", "is not a kind that the platform knows"),
        ("stage", 'did you mean "stages"?'),
        ("Stage", 'did you mean "stages"?'),
        ("freight", 'did you mean "freights"?'),
        ("promotion", 'did you mean "promotions"?'),
        ("stagess", 'did you mean "stages"?'),
        ("*", "known are"),
        ("", "known are"),
        ("freights/statu", 'did you mean "freights/status"?'),
    ],
)
def test_kinds_are_plural_and_known(resource: str, words: str) -> None:
    with pytest.raises(InvalidError, match=r"rules\[0\].resources") as raised:
        normalise([Rule((), (resource,), ("get",))])

    assert words in raised.value.message


def test_what_is_said_twice_takes_no_longer() -> None:
    twice = Rule((KARGO,) * 5000, ("stages",) * 5000, ("get",), ("a",) * 5000)

    assert normalise([twice]) == (Rule((KARGO,), ("stages",), ("get",), ("a",)),)


def test_too_much_is_refused() -> None:
    names = tuple(map(str, range(MAX_RULES + 1)))
    verbs = tuple(map(str, range(MAX_VERBS + 1)))

    with pytest.raises(InvalidError, match="no more than 1000 single rules"):
        normalise([Rule((), ("stages",), ("get",), names)])
    with pytest.raises(InvalidError, match="no more than 100"):
        normalise([Rule((), ("stages",), verbs)])


@pytest.mark.parametrize(
    ("name", "plural"),
    [("stage", "stages"), ("stages", "stages"), ("Stage", "stages"), ("freight", "freights")],
)
def test_a_grant_may_name_a_kind_in_the_singular(name: str, plural: str) -> None:
    assert plural_of(name) == plural


def test_a_grant_must_name_a_kind() -> None:
    with pytest.raises(InvalidError, match=r'did you mean "warehouses"'):
        plural_of("warehose")


def test_every_kind_has_its_group() -> None:
    assert group_of("stages") == KARGO
    assert group_of("secrets") == ""
    assert group_of("analysisruns") == "argoproj.io"
    assert group_of("rolebindings") == "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "must be a list of rules"),
        ("stages", "must be a list of rules"),
        (["stages"], r"rules\[0\]: must be an object"),
        ([{"resources": "stages", "verbs": ["get"]}], "must be a list of strings"),
        ([{"resources": [1], "verbs": ["get"]}], "must be a list of strings"),
        ([{"resources": [], "verbs": ["get"]}], "resources: is required"),
        ([{"resources": ["stages"], "verbs": []}], "verbs: is required"),
    ],
)
def test_rules_of_another_shape_are_refused(value: object, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        read_rules(value)  # type: ignore[arg-type] # that is the point


def test_rules_are_written_as_they_are_read() -> None:
    stored = (
        Rule((KARGO,), ("stages",), ("get",), ("uat",)),
        Rule(("",), ("secrets",), ("get", "list")),
    )

    assert read_rules([it.to_json() for it in stored]) == stored
    assert read_rules(None) == ()


words = st.sampled_from(["a", "b", "c"])
some_rules = st.lists(
    st.builds(
        Rule,
        st.lists(st.sampled_from(["", KARGO, "foo"]), max_size=2).map(tuple),
        st.lists(st.sampled_from(sorted(RESOURCES)), min_size=1, max_size=3).map(tuple),
        st.lists(st.sampled_from(["*", PROMOTE, "custom", *ALL_VERBS]), min_size=1, max_size=4).map(
            tuple
        ),
        st.lists(words, max_size=2).map(tuple),
    ),
    max_size=6,
)


@given(some_rules)
def test_normalising_twice_changes_nothing(rules: list[Rule]) -> None:
    once = normalise(rules)

    assert normalise(once) == once


@given(some_rules, st.randoms())
def test_the_order_of_rules_does_not_matter(rules: list[Rule], random: Random) -> None:
    shuffled = [
        Rule(
            tuple(random.sample(it.groups, len(it.groups))),
            tuple(random.sample(it.resources, len(it.resources))),
            tuple(random.sample(it.verbs, len(it.verbs))),
            tuple(random.sample(it.names, len(it.names))),
        )
        for it in rules
    ]
    random.shuffle(shuffled)

    assert normalise(shuffled) == normalise(rules)


@given(some_rules)
def test_a_normalised_rule_is_about_one_thing(rules: list[Rule]) -> None:
    for it in normalise(rules):
        assert (len(it.groups), len(it.resources)) == (1, 1)
        assert len(it.names) <= 1
        assert list(it.verbs) == sorted(set(it.verbs))
        assert "*" not in it.verbs


@given(some_rules, st.sampled_from(sorted(RESOURCES)), st.sampled_from(ALL_VERBS), words)
def test_normalising_keeps_what_is_allowed(
    rules: list[Rule], resource: str, verb: str, name: str
) -> None:
    resolved = [it if it.groups else Rule((group_of(resource),), *_rest(it)) for it in rules]
    question = {"group": group_of(resource), "resource": resource, "name": name}

    before = any(it.allows(verb, **question) for it in resolved)

    assert any(it.allows(verb, **question) for it in normalise(rules)) is before


def _rest(rule: Rule) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return rule.resources, rule.verbs, rule.names
