"""What the ``jira`` step may ask of a Jira site.

Errors are those of ``promotions.ports.scm``: ``ScmNotFoundError`` and ``ScmRefusedError`` when Jira
will not, ``ScmUnavailableError`` and ``ScmLimitError`` when it may later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from common.jsontypes import JSONObject


@dataclass(frozen=True, slots=True)
class JiraSite:
    """Where a site is, and how to be let in.

    Attributes:
        domain: A host, or an address such as ``https://example.atlassian.net``.
        username: Usually an e-mail address.
        password: An API token, or a password.
    """

    domain: str
    username: str
    password: str = field(repr=False)


class JiraIssues(Protocol):
    """The issues of one site, by their keys, such as ``EXT-123``."""

    def create(self, fields: JSONObject, *, mark: str) -> str:
        """Create an issue and return its key; ``mark`` is kept with it where nobody sees it."""
        ...

    def find_created(self, *, project: str, mark: str) -> str:
        """Return the key of the issue that was created with a mark, or nothing.

        Jira finds a new issue only some seconds after it was created.
        """
        ...

    def edit(
        self,
        key: str,
        *,
        fields: JSONObject,
        add_labels: Sequence[str] = (),
        remove_labels: Sequence[str] = (),
    ) -> None:
        """Set fields and change labels."""
        ...

    def status(self, key: str) -> str:
        """Return the name of an issue's status."""
        ...

    def move(self, key: str, *, status: str) -> bool:
        """Make the transition that leads to a status, and return whether there is one."""
        ...

    def delete(self, key: str, *, with_subtasks: bool) -> None:
        """Delete an issue; one that is not there is no error."""
        ...

    def search(
        self, jql: str, *, fields: Sequence[str], expands: Sequence[str], most: int
    ) -> Sequence[JSONObject]:
        """Return the issues that a query finds, at most so many, as Jira shows them."""
        ...

    def comment(self, key: str, *, body: JSONObject, mark: str) -> str:
        """Comment on an issue and return the comment's id; ``mark`` is kept with it."""
        ...

    def find_comment(self, key: str, *, mark: str) -> str:
        """Return the id of the comment that was made with a mark, or nothing."""
        ...

    def delete_comment(self, key: str, comment: str) -> None:
        """Delete a comment; one that is not there is no error."""
        ...

    def account(self, email: str) -> str:
        """Return the id of the account with an e-mail address, or nothing."""
        ...


class Jira(Protocol):
    """Opens sites."""

    def issues(self, site: JiraSite) -> JiraIssues:
        """Return the issues of a site; nothing is sent yet.

        Raises:
            InvalidError: Its domain is no address, or is one that gets no credentials.
        """
        ...
