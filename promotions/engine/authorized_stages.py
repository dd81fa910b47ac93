"""Which Stages an Argo CD Application lets touch it.

Source: Kargo annotation ``kargo.akuity.io/authorized-stage`` on Applications.
"""

from typing import NamedTuple

from common.errors import InvalidError


class AuthorizedStage(NamedTuple):
    """A Stage by project and name."""

    project: str
    stage: str


def parse_authorized_stages(annotation: str) -> tuple[AuthorizedStage, ...]:
    """Read a comma-separated list of ``<project>:<stage>``; empty entries are passed over.

    Raises:
        InvalidError: It names no Stage, has a wildcard, or an entry is malformed.
    """
    if "*" in annotation:
        raise InvalidError(f'"{annotation}" has a wildcard; name every Stage.')
    entries = [entry.strip() for entry in annotation.split(",")]
    stages = tuple(_parse_entry(entry) for entry in entries if entry)
    if not stages:
        raise InvalidError("The Application authorizes no Stage; write <project>:<stage>.")
    return stages


def _parse_entry(entry: str) -> AuthorizedStage:
    project, _, stage = (part.strip() for part in entry.partition(":"))
    if not project or not stage or ":" in stage:
        raise InvalidError(f'"{entry}" is not a Stage; write <project>:<stage>.')
    return AuthorizedStage(project, stage)
