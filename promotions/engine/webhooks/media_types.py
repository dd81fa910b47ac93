"""Which repositories does a pushed artefact's media type point to: of images, charts, or either?

Source: Kargo ``pkg/webhook/external`` getNormalizedImageRepoURLs.
"""

from promotions.engine.urls import normalise_chart_url, normalise_image_url

_CHART_PREFIX = "application/vnd.cncf.helm"

# An OCI image manifest is missing on purpose: a chart has one too.
_IMAGES = frozenset(
    {
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.index.v1+json",
    }
)


def artifact_repo_urls(repo_url: str, *, media_type: str) -> list[str]:
    """Return the normal forms under which a subscription may know the repository: one or two."""
    if media_type.startswith(_CHART_PREFIX):
        return [normalise_chart_url(repo_url)]
    if media_type in _IMAGES:
        return [normalise_image_url(repo_url)]
    return image_or_chart_urls(repo_url)


def image_or_chart_urls(repo_url: str) -> list[str]:
    """Return both normal forms, or the one that they have in common."""
    return list(dict.fromkeys((normalise_image_url(repo_url), normalise_chart_url(repo_url))))
