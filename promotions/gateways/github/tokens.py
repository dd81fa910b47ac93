"""Obtains installation tokens of GitHub Apps, each for one repository, and keeps them a while.

Source: GitHub REST documentation, "GitHub Apps: Create an installation access token for an app";
Kargo ``pkg/credentials/github``.
"""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from common.clock import now as read_clock
from common.jsontypes import as_object, as_text
from promotions.engine.scm.providers import GitProvider
from promotions.engine.scm.repositories import Repository, parse_repository
from promotions.gateways.github.access import GitHubSettings, github_api
from promotions.gateways.github.app_jwt import private_key, signed_jwt
from promotions.gateways.json_answers import Answer
from promotions.ports.credentials import GitHubApp
from promotions.ports.scm import ScmAuthenticationError, ScmError, ScmUnavailableError

logger = logging.getLogger(__name__)

_CREATED = 201
_UNAUTHORISED = 401
_MARGIN = timedelta(minutes=5)
_USUAL_KEEPING = timedelta(minutes=40)
_LONGEST_LIFE = timedelta(hours=1)
_TOLERATED_SKEW = timedelta(seconds=30)
_MOST_KEPT = 2000
# GitHub's own replicas may not know a new token at once.
_PAUSES_UNTIL_USABLE = (3.0, 10.0, 30.0)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    keep_until: datetime


@dataclass(frozen=True, slots=True)
class AppTokens:
    """:class:`~promotions.ports.credentials.InstallationTokens` from GitHub's API.

    Tokens are kept in this process only, until five minutes before they expire.
    """

    settings: GitHubSettings
    clock: Callable[[], datetime] = read_clock
    _kept: OrderedDict[str, _Token] = field(default_factory=OrderedDict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def token(self, app: GitHubApp, *, repo_url: str) -> str:
        """Return a token for one repository that is valid for some minutes more.

        Raises:
            InvalidError: The private key or the address cannot be read.
            ScmError: GitHub did not give one.
        """
        repository = parse_repository(repo_url, provider=GitProvider.GITHUB)
        key = _key(app, repository)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self.clock() < kept.keep_until:
            return kept.text
        token = self._obtained(app, repository)
        self._wait_until_usable(token.text, repository)
        if self.clock() < token.keep_until:
            self._keep(key, token)
        return token.text

    def _keep(self, key: str, token: _Token) -> None:
        with self._lock:
            self._kept[key] = token
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)

    def _obtained(self, app: GitHubApp, repository: Repository) -> _Token:
        answer = self._answer(app, repository, now=self.clock())
        body = as_object(answer.body)
        text = as_text(body.get("token"))
        if not text:
            raise ScmUnavailableError(
                "GitHub's answer has no installation token in it.", retryable=True
            )
        now = self.clock()
        expires_at = _time(as_text(body.get("expires_at")))
        if expires_at is None:
            return _Token(text, now + _USUAL_KEEPING)
        # Ours may be slow: no token is kept for longer than they live, whatever the clocks say.
        return _Token(text, min(expires_at, now + _LONGEST_LIFE) - _MARGIN)

    def _answer(self, app: GitHubApp, repository: Repository, *, now: datetime) -> Answer:
        """Ask for a token; once more by GitHub's clock if ours is so wrong that it refuses."""
        answer = self._asked(app, repository, now=now, accept=(_CREATED, _UNAUTHORISED))
        if answer.status == _CREATED:
            return answer
        theirs = _http_date(answer.header("Date"))
        if theirs is None or abs(theirs - now) <= _TOLERATED_SKEW:
            theirs = now
        return self._asked(app, repository, now=theirs, accept=(_CREATED,))

    def _asked(
        self, app: GitHubApp, repository: Repository, *, now: datetime, accept: tuple[int, ...]
    ) -> Answer:
        jwt = signed_jwt(app.id, private_key(app.private_key), now=now)
        api = github_api(repository, self.settings, token=jwt)
        return api.call(
            "POST",
            f"/app/installations/{app.installation_id}/access_tokens",
            body={"repositories": [repository.name]},
            accept=accept,
        )

    def _wait_until_usable(self, token: str, repository: Repository) -> None:
        """Return when GitHub accepts the token, or has had long enough to."""
        for pause in _PAUSES_UNTIL_USABLE:
            if self._is_usable(token, repository):
                return
            self.settings.sleep(pause)
        if not self._is_usable(token, repository):
            logger.warning("a new installation token is still refused; using it nevertheless")

    def _is_usable(self, token: str, repository: Repository) -> bool:
        api = github_api(repository, self.settings, token=token)
        path = f"/repos/{quote(repository.owner, safe='')}/{quote(repository.name, safe='')}"
        try:
            api.call("GET", path)
        except ScmAuthenticationError:
            return False
        except ScmError:
            # That is trouble of another kind, which whoever uses the token will hear of.
            return True
        return True


def _key(app: GitHubApp, repository: Repository) -> str:
    """Return what a token is kept under, from which nothing can be read back."""
    parts = (
        app.owner,
        app.id,
        str(app.installation_id),
        app.private_key,
        repository.scheme,
        repository.host,
        repository.owner,
        repository.name,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo is not None else None
