"""Which programs does this host have for promotions, and how are they kept apart from it?"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolStatus:
    """One program.

    Attributes:
        path: Where it is; empty if it was not found.
        version: Such as ``v3.17.3``.
        problem: What is wrong, and what to do about it; empty if nothing is.
    """

    name: str
    needed_for: str
    path: str = ""
    version: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ToolReport:
    """All programs, and how helm and kustomize are confined.

    Attributes:
        files: How they are kept from files that are not the promotion's, in words.
        network: How they are kept from the network, in words.
        is_confined: Whether files are out of their reach.
    """

    tools: tuple[ToolStatus, ...]
    files: str
    network: str
    is_confined: bool
