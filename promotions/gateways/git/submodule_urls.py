"""Where is a submodule, and with which credentials may it be read?

``.gitmodules`` is written by whoever can write to the repository, so it is only believed as far
as it cannot do harm: see each error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from promotions.gateways.git.access import endpoint_of
from promotions.gateways.git.validation import check_url, is_local
from promotions.ports.git import RefusedURLError, Remote

_WITH_HOST = re.compile(r"([a-z][a-z0-9+.-]*://[^/]*)(/.*)?", re.IGNORECASE | re.DOTALL)
_SCP = re.compile(r"([^/:]+:)(.*)", re.DOTALL)
_RELATIVE = ("./", "../")
_COMMAND = "!"
_SKIPPED = "none"


@dataclass(frozen=True, slots=True)
class Declared:
    """A submodule as ``.gitmodules`` has it."""

    name: str
    path: str
    url: str
    update: str

    @property
    def is_skipped(self) -> bool:
        """Whether it asks not to be checked out."""
        return self.update == _SKIPPED


def declared_in(listing: str) -> Mapping[str, Declared]:
    """Return the submodules by path, from what ``git config -z --list`` printed."""
    found: dict[str, dict[str, str]] = {}
    for entry in listing.split("\0"):
        key, _, value = entry.partition("\n")
        section, _, rest = key.partition(".")
        name, _, field = rest.rpartition(".")
        if section == "submodule" and name:
            found.setdefault(name, {})[field] = value
    declared = (
        Declared(
            name=name,
            path=fields.get("path", ""),
            url=fields.get("url", ""),
            update=fields.get("update", ""),
        )
        for name, fields in found.items()
    )
    return {submodule.path.rstrip("/"): submodule for submodule in declared}


def remote_of(submodule: Declared, *, parent: Remote, allow_local: bool) -> Remote:
    """Return the remote of a submodule of ``parent``.

    Credentials, and leave to skip the check of certificates, go along only to the parent's own
    scheme, host and port.

    Raises:
        RefusedURLError: ``.gitmodules`` asks for something that is not allowed.
    """
    if ".." in re.split(r"[/\\]", submodule.name) or submodule.name.startswith("-"):
        raise RefusedURLError(f'The submodule has an unsafe name, "{submodule.name[:100]}".')
    if submodule.update.startswith(_COMMAND):
        raise RefusedURLError("The submodule asks for a command to be run, which is not done.")
    if not submodule.url:
        raise RefusedURLError("The submodule has no url in .gitmodules.")
    wanted = submodule.url
    if wanted.startswith(_RELATIVE) or wanted in {".", ".."}:
        wanted = _joined(parent.url, wanted)
    url = check_url(wanted, allow_local=allow_local and is_local(parent.url))
    if endpoint_of(url) == endpoint_of(parent.url):
        return replace(parent, url=url)
    return Remote(url=url, tenant_uid=parent.tenant_uid)


def _joined(base: str, relative: str) -> str:
    """Return the URL that ``relative`` means below ``base``, on the same host.

    Source: git-submodule(1), "add": relative to the superproject's remote.
    """
    match = _WITH_HOST.fullmatch(base) or _SCP.fullmatch(base)
    host, path = (match[1], match[2] or "") if match else ("", base)
    parts = [part for part in path.split("/") if part]
    for step in relative.split("/"):
        if step == "..":
            if not parts:
                raise RefusedURLError(f'The submodule\'s url "{relative[:200]}" leaves the host.')
            parts.pop()
        elif step not in {"", "."}:
            parts.append(step)
    if not parts:
        raise RefusedURLError(f'The submodule\'s url "{relative[:200]}" names no repository.')
    return host + ("" if host.endswith(":") else "/") + "/".join(parts)
