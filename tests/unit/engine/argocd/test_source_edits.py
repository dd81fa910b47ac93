from typing import Any

import pytest

from common.errors import InvalidError
from promotions.engine.argocd.desired_revisions import desired_revisions, unchecked_sources
from promotions.engine.argocd.source_edits import edited_sources, require_compatible
from promotions.engine.argocd.updates import SourceUpdate, updates_of
from tests.unit.engine.argocd.documents import GIT, HELM, app


def updates(*sources: dict[str, Any]) -> tuple[SourceUpdate, ...]:
    return updates_of({"sources": list(sources)})


CHART = {"repoURL": HELM, "chart": "web", "targetRevision": "1.0.0"}
CONFIG = {
    "repoURL": GIT,
    "path": "prod",
    "targetRevision": "main",
    "ref": "values",
    "new": {"a": 1},
}


def test_a_target_revision_is_written_only_if_asked_for() -> None:
    seen = app(sources=[CONFIG, CHART])

    edited = edited_sources(
        seen,
        updates(
            {"repoURL": GIT, "desiredRevision": "abc"},
            {
                "repoURL": HELM,
                "chart": "web",
                "desiredRevision": "1.4.0",
                "updateTargetRevision": True,
            },
        ),
    )

    assert edited == (CONFIG, {**CHART, "targetRevision": "1.4.0"})


def test_what_is_not_known_survives_and_what_was_read_stays() -> None:
    parameters: list[dict[str, Any]] = [
        {"name": "image.tag", "value": "1", "forceString": True, "later": {}},
        {"name": "replicas", "value": "2"},
    ]
    before = {**CONFIG, "helm": {"releaseName": "r", "parameters": parameters, "unknown": [1]}}
    seen = app(sources=[before])

    (edited,) = edited_sources(
        seen,
        updates(
            {
                "repoURL": GIT,
                "helm": {
                    "images": [
                        {"key": "new.key", "value": ""},
                        {"key": "image.tag", "value": "2"},
                    ]
                },
            }
        ),
    )

    assert edited == {
        **CONFIG,
        "helm": {
            "releaseName": "r",
            "unknown": [1],
            "parameters": [
                {"name": "image.tag", "value": "2", "forceString": True, "later": {}},
                {"name": "replicas", "value": "2"},
                {"name": "new.key", "value": ""},
            ],
        },
    }
    assert parameters[0]["value"] == "1"


def test_the_images_of_a_kustomization_are_replaced() -> None:
    before = {**CONFIG, "kustomize": {"namePrefix": "x-", "images": ["old:1", "older:2"]}}
    images = [
        {"repoURL": "a", "tag": "1"},
        {"repoURL": "b", "digest": "sha256:00", "newName": "c"},
        {"repoURL": "d", "tag": "2", "newName": "e"},
    ]

    (edited,) = edited_sources(
        app(sources=[before]), updates({"repoURL": GIT, "kustomize": {"images": images}})
    )

    assert edited["kustomize"] == {
        "namePrefix": "x-",
        "images": ["a:1", "b=c@sha256:00", "d=e:2"],
    }


def test_an_image_that_is_set_to_nothing_is_refused() -> None:
    nothing = updates({"repoURL": GIT, "kustomize": {"images": [{"repoURL": "a"}]}})

    with pytest.raises(InvalidError, match='the image "a" needs a tag or a digest'):
        edited_sources(app(), nothing)


@pytest.mark.parametrize(
    "written",
    [
        "https://git.example/cfg",
        "https://GIT.example/cfg.git",
        "https://me@git.example/cfg.git",
        "https://git.example/cfg/",
    ],
)
def test_a_git_source_is_edited_under_any_spelling_but_its_revision_does_not_count(
    written: str,
) -> None:
    seen = app(sources=[CONFIG])
    wanted = updates(
        {"repoURL": written, "desiredRevision": "abc", "kustomize": {"images": [IMAGE]}}
    )

    (edited,) = edited_sources(seen, wanted)

    assert edited["kustomize"] == {"images": ["a:1"]}
    assert desired_revisions(seen.sources, wanted) == ("",)
    assert unchecked_sources(seen.sources, wanted) == ((GIT, written),)


IMAGE = {"repoURL": "a", "tag": "1"}


def test_a_chart_is_edited_only_as_it_is_written() -> None:
    seen = app(sources=[CHART])

    with pytest.raises(InvalidError) as caught:
        edited_sources(seen, updates({"repoURL": HELM + "/", "chart": "web"}))

    assert caught.value.message == (
        'no source of Argo CD Application "web" in namespace "argocd" matched update for source'
        f' with repoURL {HELM}/ and chart "web"'
    )


def test_only_the_first_of_two_alike_is_edited_and_both_are_desired() -> None:
    seen = app(sources=[CONFIG, CONFIG])
    wanted = updates({"repoURL": GIT, "desiredRevision": "abc", "updateTargetRevision": True})

    edited = edited_sources(seen, wanted)

    assert [it["targetRevision"] for it in edited] == ["abc", "main"]
    assert desired_revisions(seen.sources, wanted) == ("abc", "abc")


def test_an_application_without_sources_has_nothing_to_desire() -> None:
    assert desired_revisions(app(sources=[]).sources, updates({"repoURL": GIT})) == ()


def test_several_applications_are_checked_before_any_is_changed() -> None:
    fitting, others = app(), [app(name=f"o{n}", sources=[CHART]) for n in range(5)]
    wanted = updates({"repoURL": GIT})

    with pytest.raises(InvalidError) as caught:
        require_compatible((fitting, *others), wanted)

    assert caught.value.message.startswith(
        "selected Applications must have compatible sources; 5 incompatible. No Applications were"
        " updated: no source of"
    )
    assert caught.value.message.count("no source of") == 3
    assert caught.value.message.endswith("(showing first 3)")
    require_compatible((others[0],), wanted)
    require_compatible((fitting, *others), ())
