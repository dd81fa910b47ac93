"""What discovery may ask of repositories of Helm charts."""

from dataclasses import dataclass, field
from typing import Protocol

from promotions.ports.credentials import Credential


@dataclass(frozen=True, slots=True)
class ChartRepository:
    """A chart's repository, and how to get at it.

    Attributes:
        url: ``https://…`` of a repository with an index, or ``oci://…`` of the chart itself.
        name: The chart; empty with ``oci://``.
        credential: ``None`` is anonymous.
        verify_tls: Check the server's certificate.
    """

    url: str
    name: str = ""
    credential: Credential | None = field(default=None, repr=False)
    verify_tls: bool = True


class ChartRepositories(Protocol):
    """Reads chart repositories."""

    def versions(self, repository: ChartRepository) -> tuple[str, ...]:
        """Return all versions of a chart as written there, in no order; empty if it has none.

        Raises:
            InvalidError: The address is malformed.
            NotFoundError: There is no such repository.
            UpstreamError: It refuses, fails, is out of reach or too slow, or sends what is no
                index or a too large one.
        """
        ...
