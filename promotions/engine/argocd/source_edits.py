"""What do an Application's sources become by a promotion?

On the raw documents, so that fields that we do not know survive.
"""

from collections.abc import Sequence

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.source_matching import is_matched
from promotions.engine.argocd.updates import HelmParameter, KustomizeImage, SourceUpdate

SHOWN_FAILURES = 3


def edited_sources(
    application: Application, updates: tuple[SourceUpdate, ...]
) -> tuple[JSONObject, ...]:
    """Return the sources with every update applied, each to the first source that it matches.

    Raises:
        InvalidError: An update matches no source, or sets an image to nothing.
    """
    sources = list(application.sources)
    for update in updates:
        index = _first_match(application, sources, update)
        sources[index] = _edited(sources[index], update)
    return tuple(sources)


def require_compatible(
    applications: tuple[Application, ...], updates: tuple[SourceUpdate, ...]
) -> None:
    """Check that several Applications can all take the updates, before any is written.

    Raises:
        InvalidError: Some cannot; the first few say why.
    """
    if len(applications) < 2 or not updates:  # noqa: PLR2004 # "several"
        return
    failures = [failure for it in applications if (failure := _failure(it, updates))]
    if not failures:
        return
    shown = "; ".join(failures[:SHOWN_FAILURES])
    cut = f" (showing first {SHOWN_FAILURES})" if len(failures) > SHOWN_FAILURES else ""
    raise InvalidError(
        f"selected Applications must have compatible sources; {len(failures)} incompatible."
        f" No Applications were updated: {shown}{cut}"
    )


def _failure(application: Application, updates: tuple[SourceUpdate, ...]) -> str:
    try:
        edited_sources(application, updates)
    except InvalidError as error:
        return error.message
    return ""


def _first_match(application: Application, sources: list[JSONObject], update: SourceUpdate) -> int:
    matches = (index for index, source in enumerate(sources) if is_matched(source, update))
    found = next(matches, None)
    if found is None:
        chart = f' and chart "{update.chart}"' if update.chart else ""
        raise InvalidError(
            f"no source of {application} matched update for source with repoURL"
            f" {update.repository}{chart}"
        )
    return found


def _edited(source: JSONObject, update: SourceUpdate) -> JSONObject:
    edited: dict[str, JSONValue] = dict(source)
    if update.writes_revision and update.desired_revision:
        edited["targetRevision"] = update.desired_revision
    if update.kustomize:
        kustomize = as_object(source.get("kustomize"))
        edited["kustomize"] = {**kustomize, "images": [_written(it) for it in update.kustomize]}
    if update.helm:
        helm = as_object(source.get("helm"))
        parameters = _upserted(as_list(helm.get("parameters")), update.helm)
        edited["helm"] = {**helm, "parameters": parameters}
    return edited


def _written(image: KustomizeImage) -> str:
    name = f"{image.repository}={image.new_name}" if image.new_name else image.repository
    if image.digest:
        return f"{name}@{image.digest}"
    if image.tag:
        return f"{name}:{image.tag}"
    raise InvalidError(f'the image "{image.repository}" needs a tag or a digest')


def _upserted(existing: Sequence[JSONValue], wanted: tuple[HelmParameter, ...]) -> JSONValue:
    parameters = [dict(as_object(it)) for it in existing]
    for parameter in wanted:
        same = [it for it in parameters if as_text(it.get("name")) == parameter.key]
        for found in same[:1]:
            found["value"] = parameter.value
        if not same:
            parameters.append({"name": parameter.key, "value": parameter.value})
    return list(parameters)
