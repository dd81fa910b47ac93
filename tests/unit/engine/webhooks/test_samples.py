"""Every sample, and what it comes to: one row for each event that a receiver knows."""

import pytest

from promotions.engine.webhooks.decisions import (
    PONG,
    Decision,
    RefreshPromotions,
    RefreshWarehouses,
)
from tests.unit.engine.webhooks.samples import SAMPLES, decide_sample

_FILES = ("a.txt", "b.txt", "c.txt")
_HEADS = ("refs/heads/trunk",)

_EXPECTED: dict[str, Decision] = {
    "github ping": PONG,
    "github push": RefreshWarehouses(
        ("https://github.com/acme/shop", "ssh://git@github.com/acme/shop"),
        _HEADS,
        (*_FILES, "d.txt"),
    ),
    "github package": RefreshWarehouses(("ghcr.io/acme/shop",), ("1.4.0",)),
    "github registry package": RefreshWarehouses(("ghcr.io/acme/shop",), ("1.4.0",)),
    "github pull request": RefreshPromotions("https://github.com/acme/shop/pull/7"),
    "gitlab push": RefreshWarehouses(
        ("https://gitlab.example.com/acme/shop", "ssh://git@gitlab.example.com/acme/shop"),
        _HEADS,
        _FILES,
    ),
    "gitlab tag push": RefreshWarehouses(
        ("https://gitlab.example.com/acme/shop",), ("refs/tags/1.4.0",)
    ),
    "gitlab merge request": RefreshPromotions("https://gitlab.example.com/acme/7"),
    "gitea push": RefreshWarehouses(("https://gitea.example.com/acme/shop",), _HEADS, _FILES),
    "gitea pull request": RefreshPromotions("https://gitea.example.com/acme/7"),
    "bitbucket cloud push": RefreshWarehouses(("https://bitbucket.org/acme/shop",), _HEADS),
    "bitbucket server push": RefreshWarehouses(
        ("https://bb.example.com/scm/acme/shop", "ssh://git@bb.example.com:7999/acme/shop"),
        ("refs/heads/trunk", "refs/tags/1.4.0"),
    ),
    "bitbucket cloud pull request": RefreshPromotions("https://bitbucket.org/acme/shop/7"),
    "bitbucket server pull request": RefreshPromotions("https://bb.example.com/acme/shop/7"),
    "azure registry push": RefreshWarehouses(("acme.azurecr.io/shop/api",), ("1.4.0",)),
    "azure registry ping": PONG,
    "azure devops push": RefreshWarehouses(("https://dev.azure.com/acme/shop/_git/shop",), _HEADS),
    "azure devops pull request": RefreshPromotions("https://dev.azure.com/acme/shop/_git/Shop/7"),
    "artifactory push": RefreshWarehouses(("acme.jfrog.io/docker-local/shop/api",), ("1.4.0",)),
    "harbor push": RefreshWarehouses(("harbor.example.com/shop/api",), ("1.4.0", "latest")),
    "dockerhub push": RefreshWarehouses(("acme/shop",), ("1.4.0",)),
    "quay push": RefreshWarehouses(("quay.io/acme/shop",), ("1.4.0", "latest")),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_event_comes_to_what_it_says(name: str) -> None:
    assert decide_sample(SAMPLES[name]) == _EXPECTED[name]
