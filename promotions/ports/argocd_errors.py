"""What may go wrong between an Argo CD and us?

::

    InvalidError                        a name or an address cannot be so
    ArgoCDError (AnsweredError)         Argo CD did not do it; see ``retryable``, ``retry_after``
    ├── ArgoCDUnauthorizedError         401: the token is missing, expired or revoked
    ├── ArgoCDForbiddenError            403: the account lacks a right (or the thing is hidden)
    ├── ArgoCDNotFoundError             404: it is not there
    ├── ArgoCDRefusedError              another 4xx: it will not, in its own words
    ├── ArgoCDExpiredError              410: a watch or a list must begin anew with a list
    ├── ArgoCDBusyError                 429, or our own limits for it; retryable
    └── ArgoCDUnavailableError          no answer, 5xx, nonsense, or the circuit is open; retryable
"""

from promotions.ports.answered_errors import AnsweredError


class ArgoCDError(AnsweredError):
    """Argo CD did not do what was asked."""

    code = "argocd"


class ArgoCDUnauthorizedError(ArgoCDError):
    """The token is missing, malformed, expired or revoked."""

    code = "argocd_unauthorized"


class ArgoCDForbiddenError(ArgoCDError):
    """The account lacks a right, or Argo CD hides that the thing does not exist."""

    code = "argocd_forbidden"


class ArgoCDNotFoundError(ArgoCDError):
    """It is not there."""

    code = "argocd_not_found"


class ArgoCDRefusedError(ArgoCDError):
    """Argo CD understood and will not."""

    code = "argocd_refused"


class ArgoCDExpiredError(ArgoCDError):
    """The resource version is too old to go on from: list, then watch from there."""

    code = "argocd_expired"


class ArgoCDBusyError(ArgoCDError):
    """It is asked too often, as it says or as our limits for it say; nothing was done."""

    code = "argocd_busy"


class ArgoCDUnavailableError(ArgoCDError):
    """It did not answer, failed, made no sense, or is left alone for a while after failures."""

    code = "argocd_unavailable"
