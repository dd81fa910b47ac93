"""Where are helm and kustomize on this host, and of which version?"""

import os
import re
import shutil
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from common.errors import PlatformError
from promotions.gateways.tool_runs import ToolLimits, ToolRun, private_home, run_tool
from promotions.ports.rendering import ToolMissingError

_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)[-+.\w]*")
_KUBECTL_VERSION = re.compile(r"Kustomize Version: (v\S+)")


class ToolName(StrEnum):
    """The programs that render."""

    HELM = "helm"
    KUSTOMIZE = "kustomize"


OLDEST = {ToolName.HELM: (3, 12, 0), ToolName.KUSTOMIZE: (5, 0, 0)}
"""The first versions with every option that is used."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that was found.

    Attributes:
        command: Program and verb that build: ``("/usr/bin/kubectl", "kustomize")``.
        version: Such as ``v3.17.3``.
    """

    name: ToolName
    command: tuple[str, ...]
    version: str

    @property
    def path(self) -> Path:
        """Return where the program is."""
        return Path(self.command[0])

    @property
    def is_too_old(self) -> bool:
        """Return whether options that are used may be missing."""
        match = _VERSION.match(self.version)
        return match is None or tuple(map(int, match.groups())) < OLDEST[self.name]


@dataclass(frozen=True, slots=True)
class ToolPaths:
    """Where the operator says that programs are; empty looks on ``PATH``."""

    helm: str = ""
    kustomize: str = ""
    kubectl: str = ""


@dataclass(slots=True)
class Tools:
    """Finds programs, and remembers versions for as long as a program's file stays the same."""

    paths: ToolPaths
    limits: ToolLimits
    _known: dict[tuple[str, int], Tool] = field(default_factory=dict)

    def helm(self) -> Tool:
        """Return Helm.

        Raises:
            ToolMissingError: There is none, or it does not say its version.
        """
        found = _found(self.paths.helm, "helm")
        if found is None:
            raise _missing(ToolName.HELM, "helm", "KARGO_HELM_PATH", self.paths.helm)
        return self._tool(ToolName.HELM, (found,), ("version", "--template={{.Version}}"))

    def kustomize(self) -> Tool:
        """Return Kustomize: the program of that name, or else the one in kubectl.

        Raises:
            ToolMissingError: There is none, or it does not say its version.
        """
        found = None if self.paths.kubectl else _found(self.paths.kustomize, "kustomize")
        if found is not None:
            return self._tool(ToolName.KUSTOMIZE, (found, "build"), ("version",))
        found = None if self.paths.kustomize else _found(self.paths.kubectl, "kubectl")
        if found is None:
            setting = "KARGO_KUSTOMIZE_PATH or KARGO_KUBECTL_PATH"
            stated = self.paths.kustomize or self.paths.kubectl
            raise _missing(ToolName.KUSTOMIZE, "kustomize or kubectl", setting, stated)
        return self._tool(ToolName.KUSTOMIZE, (found, "kustomize"), ("version", "--client"))

    def _tool(self, name: ToolName, command: tuple[str, ...], question: tuple[str, ...]) -> Tool:
        key = (command[0], Path(command[0]).stat().st_mtime_ns)
        if key not in self._known:
            version = _version(name, (command[0], *question), self.limits)
            self._known[key] = Tool(name, command, version)
        return self._known[key]


def _found(stated: str, program: str) -> str | None:
    """Return the real path of a program, which is what may be run."""
    found = shutil.which(stated or program, path=os.environ.get("PATH", os.defpath))
    return os.path.realpath(found) if found and (Path(found).is_absolute() or not stated) else None


def _version(name: ToolName, argv: tuple[str, ...], limits: ToolLimits) -> str:
    try:
        with private_home() as home:
            printed = run_tool(ToolRun(argv), home=home, limits=limits)
    except ToolMissingError:
        raise
    except PlatformError as error:
        raise ToolMissingError(f"{argv[0]} cannot be run: {error}") from error
    match = _KUBECTL_VERSION.search(printed)
    version = _VERSION.search(match[1] if match else printed)
    if version is None:
        raise ToolMissingError(f"{argv[0]} does not say which version of {name} it is.")
    return version[0]


def _missing(name: ToolName, programs: str, setting: str, stated: str) -> ToolMissingError:
    where = f"{stated} is not a program" if stated else f"{programs} is not on the PATH"
    return ToolMissingError(
        f"{name} was not found on this worker: {where}. Install {programs} on the PATH of the"
        f" workers, or set {setting} to the absolute path of the program."
    )
