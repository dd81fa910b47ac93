"""What does a kustomization refer to, and which charts does it want?

Source: kustomize ``api/types`` (Kustomization, HelmChart, HelmChartArgs) and
``api/internal/{target,git}``.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from common.errors import InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.documents.manifests import split_documents
from promotions.engine.documents.yaml_values import load_document

DEFAULT_CHART_HOME = "charts"

_GENERATOR = "HelmChartInflationGenerator"
_REMOTE = re.compile(r"[^/]*://|git::|(?:[^/@]+@)[^/:]+:|github\.com[/:]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WantedChart:
    """A chart that kustomize renders.

    Attributes:
        version: A version or a range of them; empty for the newest.
        repository: Where to get it if it is not there; empty for a chart that must be there.
        home: The directory of charts, relative to the kustomization's.
        devel: The newest may be a pre-release.
    """

    name: str
    version: str
    repository: str
    home: str
    devel: bool = False


@dataclass(frozen=True, slots=True)
class Kustomization:
    """What a kustomization file names; paths are relative to its directory.

    Attributes:
        resources: Files, directories and remote places; components are among them.
        generators: The same, or the text of a generator itself.
    """

    resources: tuple[str, ...]
    generators: tuple[str, ...]
    charts: tuple[WantedChart, ...]


def read_kustomization(text: str) -> Kustomization:
    """Return what the text of a kustomization file names; what makes no sense is left out.

    Raises:
        InvalidError: It is not YAML.
    """
    document = as_object(load_document(text))
    older = [as_object(it) for it in as_list(document.get("helmChartInflationGenerator"))]
    home = _home(document, older)
    charts = [_chart(as_object(it), home=home) for it in as_list(document.get("helmCharts"))]
    charts += [_older_chart(it, home=home) for it in older]
    return Kustomization(
        resources=tuple(_texts(document, ("resources", "bases", "components"))),
        generators=tuple(_texts(document, ("generators",))),
        charts=tuple(charts),
    )


def generator_charts(text: str) -> tuple[WantedChart, ...]:
    """Return the charts of the generators in a text of several documents.

    Raises:
        InvalidError: It is not YAML.
    """
    documents = (as_object(load_document(it)) for it in split_documents(text))
    return tuple(
        _chart(it, home=as_text(it.get("chartHome")))
        for it in documents
        if it.get("kind") == _GENERATOR
    )


def is_inline(generator: str) -> bool:
    """Return whether an entry of ``generators`` is the text of one, and not a path."""
    if ":" not in generator:
        return False
    try:
        return bool(as_object(load_document(generator)))
    except InvalidError:
        return False


def is_remote(path: str) -> bool:
    """Return whether kustomize would look for a path that is not there on another host."""
    return _REMOTE.match(path) is not None


def _home(document: JSONObject, older: Iterable[JSONObject]) -> str:
    if document.get("helmGlobals") is not None:
        return as_text(as_object(document["helmGlobals"]).get("chartHome"))
    stated = [as_text(it.get("chartHome")) for it in older]
    return next((it for it in reversed(stated) if it), "")


def _chart(stated: JSONObject, *, home: str) -> WantedChart:
    return WantedChart(
        name=as_text(stated.get("name")),
        version=as_text(stated.get("version")),
        repository=as_text(stated.get("repo")),
        home=home or DEFAULT_CHART_HOME,
        devel=stated.get("devel") is True,
    )


def _older_chart(stated: JSONObject, *, home: str) -> WantedChart:
    return WantedChart(
        name=as_text(stated.get("chartName")),
        version=as_text(stated.get("chartVersion")),
        repository=as_text(stated.get("chartRepoUrl")),
        home=home or DEFAULT_CHART_HOME,
    )


def _texts(document: JSONObject, fields: Iterable[str]) -> Iterator[str]:
    for name in fields:
        yield from filter(None, map(as_text, as_list(document.get(name))))
