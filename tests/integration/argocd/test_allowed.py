"""A control plane for some namespaces serves no others, over either transport."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from promotions.ports.argocd import (
    Accepted,
    AppRef,
    ArgoCDForbiddenError,
    Selection,
    Transport,
    WatchKind,
)
from tests.fakes.argocd import Settings, application
from tests.integration.argocd.worlds import World, wanted, world

ELSEWHERE = AppRef("team", "web", "default")


@contextmanager
def _allowing(transport: Transport, *namespaces: str) -> Iterator[World]:
    apps = [application("web", namespace=it) for it in ("argocd", "team", "other")]
    settings = Settings(namespaces=("team", "other"))
    with world(transport, apps=apps, settings=settings) as here:
        here.access = replace(here.access, allowed_namespaces=namespaces)
        yield here


def test_another_namespace_is_refused_in_words_and_without_asking(transport: Transport) -> None:
    with _allowing(transport, "argocd", "other") as here:
        before = here.requests()
        with pytest.raises(ArgoCDForbiddenError) as caught:
            here.plane.get(ELSEWHERE)

        assert here.requests() == before
    assert caught.value.code == "argocd_namespace_not_allowed"
    assert caught.value.message == (
        'The control plane "Argo CD" is not for Applications in namespace "team", but for those in'
        " argocd, other. Name one of these namespaces, or have its administrator add this one to"
        " allowedNamespaces."
    )


def test_nothing_at_all_is_done_in_another_namespace(transport: Transport) -> None:
    with _allowing(transport, "team") as here:
        app = here.plane.get(ELSEWHERE)
        here.access = replace(here.access, allowed_namespaces=("other",))
        plane = here.plane

        with pytest.raises(ArgoCDForbiddenError):
            plane.initiate(app, wanted())
        with pytest.raises(ArgoCDForbiddenError):
            plane.terminate(app)
        with pytest.raises(ArgoCDForbiddenError):
            plane.sync_windows(app)
        with pytest.raises(ArgoCDForbiddenError):
            plane.refresh(ELSEWHERE, hard=True)
        with pytest.raises(ArgoCDForbiddenError):
            plane.list(Selection(namespace="team"))
        with pytest.raises(ArgoCDForbiddenError), plane.watch(Selection(namespace="team")):
            pass
    assert here.site.record.writes == []


def test_the_namespace_of_those_that_name_none_is_one_like_any_other(transport: Transport) -> None:
    with _allowing(transport, "team") as here:
        with pytest.raises(ArgoCDForbiddenError, match='in namespace "argocd"'):
            here.plane.get(AppRef("", "web"))
        assert isinstance(here.plane.initiate(here.plane.get(ELSEWHERE), wanted()), Accepted)


@pytest.mark.parametrize(
    ("allowed", "seen"),
    [((), ["argocd", "other", "team"]), (("team",), ["team"]), (("argocd", "x"), ["argocd"])],
)
def test_no_more_is_listed_than_is_allowed(
    transport: Transport, allowed: tuple[str, ...], seen: list[str]
) -> None:
    with _allowing(transport, *allowed) as here:
        assert [it.namespace for it in here.plane.list(Selection()).items] == seen


@pytest.mark.parametrize("allowed", [("team",), ("argocd", "team")])
def test_no_more_is_watched_than_is_allowed(transport: Transport, allowed: tuple[str, ...]) -> None:
    with _allowing(transport, *allowed) as here:
        version = here.plane.list(Selection()).resource_version
        with here.plane.watch(Selection(), resource_version=version) as events:
            for namespace in ("other", "team"):
                status = {"status": {"sync": {"status": "Synced"}}}
                here.site.set("web", status, namespace=namespace)
            event = next(it for it in events if it.kind is WatchKind.MODIFIED)

    assert event.application is not None
    assert event.application.namespace == "team"
