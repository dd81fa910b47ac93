"""Which Warehouses does a push concern?

Source: Kargo ``pkg/webhook/external`` shouldRefresh, and its index of subscribed URLs.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import TypeVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.selection.commits import branch_matches_ref
from promotions.engine.selection.images import ImageStrategy
from promotions.engine.selection.patterns import PathFilter
from promotions.engine.selection.tagnames import TagRules, tag_rules
from promotions.engine.selection.tags import TagStrategy, tag_matches_ref
from promotions.engine.urls import normalise_chart_url, normalise_git_url, normalise_image_url
from promotions.engine.webhooks.decisions import RefreshWarehouses

_Strategy = TypeVar("_Strategy", bound=StrEnum)

_NEWEST_FROM_BRANCH = "NewestFromBranch"
_NORMAL_FORMS: dict[str, Callable[[str], str]] = {
    "git": normalise_git_url,
    "image": normalise_image_url,
    "chart": normalise_chart_url,
}


def subscribed_urls(subscriptions: Iterable[JSONObject]) -> frozenset[str]:
    """Return the normal forms of what a Warehouse subscribes to, to look it up by.

    Args:
        subscriptions: As in its manifest.
    """
    return frozenset(url for it in subscriptions for url in _url_of(it).values())


def is_concerned(subscriptions: Sequence[JSONObject], refresh: RefreshWarehouses) -> bool:
    """Return whether a Warehouse must be refreshed.

    It must if it subscribes to the repository and, if refs, tags or versions are known, one of
    them is what a subscription to that repository waits for. The ref of a push to Git also needs
    a changed file that passes the path filter, if the files are known.

    Args:
        subscriptions: As in its manifest.
        refresh: What was pushed.

    Raises:
        InvalidError: A pattern or constraint of a subscription is malformed.
    """
    wanted = set(refresh.repo_urls)
    candidates = [it for it in subscriptions if wanted.intersection(_url_of(it).values())]
    if not refresh.qualifiers:
        return bool(candidates)
    return any(_accepts(it, refresh) for it in candidates)


def _url_of(subscription: JSONObject) -> dict[str, str]:
    """Return the normal form of a subscription's repository by its type; generic ones have none."""
    return {
        kind: normal_form(as_text(as_object(subscription.get(kind)).get("repoURL")))
        for kind, normal_form in _NORMAL_FORMS.items()
        if subscription.get(kind) is not None
    }


def _accepts(subscription: JSONObject, refresh: RefreshWarehouses) -> bool:
    if subscription.get("git") is not None:
        return _git_accepts(as_object(subscription.get("git")), refresh)
    if subscription.get("image") is not None:
        accepts = _image_tag_filter(as_object(subscription.get("image")))
    else:
        accepts = _chart_version_filter(as_object(subscription.get("chart")))
    return any(map(accepts, refresh.qualifiers))


def _git_accepts(git: JSONObject, refresh: RefreshWarehouses) -> bool:
    paths = PathFilter(_texts(git, "includePaths"), _texts(git, "excludePaths"))
    if not any(map(_ref_filter(git), refresh.qualifiers)):
        return False
    return not paths or not refresh.changed_files or paths.passes(refresh.changed_files)


def _ref_filter(git: JSONObject) -> Callable[[str], bool]:
    strategy = as_text(git.get("commitSelectionStrategy"))
    if strategy in ("", _NEWEST_FROM_BRANCH):
        return partial(branch_matches_ref, branch=as_text(git.get("branch")))
    rules = _checked_rules(git, constraint=as_text(git.get("semverConstraint")))
    return partial(tag_matches_ref, strategy=_strategy(TagStrategy, strategy), rules=rules)


def _image_tag_filter(image: JSONObject) -> Callable[[str], bool]:
    constraint = as_text(image.get("constraint"))
    name = as_text(image.get("imageSelectionStrategy")) or ImageStrategy.SEMVER
    strategy = _strategy(ImageStrategy, name)
    if strategy is ImageStrategy.DIGEST:
        return lambda tag: tag == constraint
    if strategy is not ImageStrategy.SEMVER:
        return _checked_rules(image, constraint="").accepts_name
    rules = _checked_rules(image, constraint=constraint)
    return lambda tag: rules.accepts_name(tag) and rules.accepts_version(tag)


def _chart_version_filter(chart: JSONObject) -> Callable[[str], bool]:
    rules = TagRules(constraint=as_text(chart.get("semverConstraint")))
    rules.check()
    return rules.accepts_version


def _checked_rules(subscription: JSONObject, *, constraint: str) -> TagRules:
    rules = tag_rules(subscription, constraint=constraint)
    rules.check()
    return rules


def _strategy(kind: type[_Strategy], name: str) -> _Strategy:
    if name not in set(kind):
        raise InvalidError(f"{name!r} is not a selection strategy; use one of {', '.join(kind)}.")
    return kind(name)


def _texts(subscription: JSONObject, key: str) -> tuple[str, ...]:
    return tuple(as_text(it) for it in as_list(subscription.get(key)))
