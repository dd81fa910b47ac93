"""Runs the cases of the webhook receivers."""

from collections.abc import Callable, Sequence
from typing import Any

from common.errors import PlatformError
from promotions.engine.webhooks.decisions import RefreshPromotions, RefreshWarehouses, Reply
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.media_types import artifact_repo_urls
from promotions.engine.webhooks.receiver_paths import receiver_address
from promotions.engine.webhooks.receivers import decide
from tests.conformance.cases import Outcome, same
from tests.conformance.vectors import Case


def run(case: Case) -> Outcome:
    expect = case["expect"]
    try:
        got = _RUNNERS.get(case["feature"], _decision)(case)
    except PlatformError as error:
        return Outcome.of_error(expect, error)
    return Outcome(same(expect, got), expect, got)


def _decision(case: Case) -> object:
    delivery = Delivery(
        headers=case["headers"],
        body=case["body"].encode(),
        secret={key: value.encode() for key, value in case["secret"].items()},
        virtual_repo_name=case.get("virtual_repo_name") or "",
    )
    match decide(case["provider"], delivery):
        case Reply(status, body):
            return {"status": status, "response": dict(body)}
        case RefreshPromotions(url):
            return {"status": 200, "refresh": {"kind": "promotions", "pr_url": url}}
        case RefreshWarehouses() as refresh:
            return {"status": 200, "refresh": {"kind": "warehouses", **_lists(refresh)}}


def _lists(refresh: RefreshWarehouses) -> dict[str, Any]:
    """Leave out what is empty."""
    lists: dict[str, Sequence[str]] = {
        "repo_urls": refresh.repo_urls,
        "changed_files": refresh.changed_files,
        "qualifiers": refresh.qualifiers,
    }
    return {key: list(items) for key, items in lists.items() if items}


def _receiver_path(case: Case) -> object:
    address = receiver_address(
        case["base_url"],
        kind=case["receiver_type"],
        project=case["project"],
        name=case["receiver_name"],
        secret_values=[value.encode() for value in case["secret_values"]],
    )
    return {"path": address.path, "url": address.url}


def _media_type(case: Case) -> object:
    return artifact_repo_urls(case["repo_url"], media_type=case["media_type"])


_RUNNERS: dict[str, Callable[[Case], object]] = {
    "webhook/media-types": _media_type,
    "webhook/receiver-path": _receiver_path,
}
