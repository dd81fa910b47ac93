"""May a file that was named after a manifest be written into a directory?"""

from promotions.engine import gopath


def is_plain_file_name(name: str) -> bool:
    """Return whether ``name`` stays in the directory: one component, and not ``.`` or ``..``.

    A resource's kind and name come from a chart or an overlay, so they may say anything.

    Source: Kargo ``helm-template`` and ``kustomize-build``, names of generated files.
    """
    is_special = name in {"", ".", ".."}
    return not is_special and not set(name) & {"/", "\\"} and gopath.clean(name) == name
