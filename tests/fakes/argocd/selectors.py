"""Whether labels match a selector as it is written in a query: ``a=b,c!=d,e in (f,g),h,!i``."""

import re
from collections.abc import Mapping


class SelectorError(ValueError):
    """The selector cannot be understood."""


_SET = re.compile(r"^\s*([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)\s*$")
_PAIR = re.compile(r"^\s*([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)\s*$")
_BARE = re.compile(r"^\s*(!?)\s*([\w./-]+)\s*$")


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Answer whether labels match; an empty selector matches all.

    Raises:
        SelectorError: It cannot be understood.
    """
    terms = re.split(r",(?![^(]*\))", selector) if selector.strip() else []
    return all(_holds(term, labels) for term in terms)


def _holds(term: str, labels: Mapping[str, str]) -> bool:
    if found := _SET.match(term):
        key, operator, values = found.groups()
        is_in = labels.get(key) in {value.strip() for value in values.split(",")}
        return is_in if operator == "in" else not is_in
    if found := _PAIR.match(term):
        key, operator, value = found.groups()
        return (labels.get(key) == value) is (operator != "!=")
    if found := _BARE.match(term):
        negation, key = found.groups()
        return (key in labels) is not bool(negation)
    raise SelectorError(f"unable to parse requirement: {term}")
