"""What the Git steps share: their errors, their author and their remote."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from typing import TypeVar

from common.errors import ConflictError, InvalidError, UpstreamError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.runner import StepContext, StepError, StepResult, StepStatus
from promotions.ports.control_plane import GitIdentity
from promotions.ports.credentials import CredentialStore, CredentialType
from promotions.ports.git import HostPausedError, IntegrationError, Remote
from promotions.steps.support.workdir import sanitise, secure_join

_Step = TypeVar("_Step")
_Run = Callable[[_Step, StepContext], StepResult]

AUTHOR_SCHEMA: JSONObject = {
    "type": "object",
    "description": "Who commits; the platform's own identity if it is missing.",
    "additionalProperties": False,
    "required": ["name", "email"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "email": {"type": "string", "format": "email"},
        "signingKey": {
            "type": "string",
            "description": "Armoured GPG private key; its user id must equal name and email.",
        },
    },
}


class HostWaitError(StepError):
    """A Git host is left alone for now; :func:`waits_for_hosts` makes it a step that waits."""

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


def waits_for_hosts(run: _Run[_Step]) -> _Run[_Step]:
    """Have a step whose Git host is left alone for now be Running until it may be asked again.

    A busy host is no error of the promotion's.
    """

    @wraps(run)
    def patient(step: _Step, context: StepContext) -> StepResult:
        try:
            return run(step, context)
        except HostWaitError as error:
            return StepResult(
                status=StepStatus.RUNNING,
                message=error.message,
                retry_after=max(error.until - context.now, timedelta(0)),
            )

    return patient


@contextmanager
def git_errors(context: StepContext) -> Iterator[None]:
    """Turn what Git's port raises into step errors.

    What a person must change is Failed and terminal; all else is Errored and may be tried again.
    """
    try:
        yield
    except (InvalidError, IntegrationError) as error:
        message = sanitise(error.message, context.workdir)
        raise StepError(message, failed=True, terminal=True) from error
    except HostPausedError as error:
        message = sanitise(error.message, context.workdir)
        raise HostWaitError(message, until=error.until) from error
    except (UpstreamError, ConflictError) as error:
        raise StepError(sanitise(error.message, context.workdir)) from error
    except OSError as error:
        raise StepError(f"this host's storage failed: {error.strerror}") from error


def author_in(value: JSONValue) -> GitIdentity | None:
    """Return the author in a step's configuration, or ``None`` if there is none."""
    author = as_object(value)
    if not author:
        return None
    return GitIdentity(
        name=as_text(author.get("name")),
        email=as_text(author.get("email")),
        signing_key=as_text(author.get("signingKey")),
    )


def remote_for(
    repo_url: str, context: StepContext, *, credentials: CredentialStore, insecure: bool = False
) -> Remote:
    """Return the remote at ``repo_url`` with the credentials that this project has for it."""
    credential = credentials.find(
        tenant_uid=context.tenant_uid,
        project=context.project,
        kind=CredentialType.GIT,
        repo_url=repo_url,
    )
    return Remote(
        url=repo_url,
        credential=credential,
        insecure_skip_tls_verify=insecure,
        tenant_uid=context.tenant_uid,
        credential_name=credential.name if credential else "",
    )


def joined(context: StepContext, path: JSONValue) -> str:
    """Return the absolute path that ``path`` means in the work directory.

    Raises:
        StepError: Its symbolic links form a loop, or it cannot be a path.
    """
    try:
        return secure_join(context.workdir, as_text(path))
    except (OSError, ValueError) as error:
        message = sanitise(f'"{as_text(path)}" is not a usable path: {error}', context.workdir)
        raise StepError(message, failed=True, terminal=True) from error
