import base64
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from common.errors import InvalidError
from promotions.gateways.github.access import GitHubSettings
from promotions.gateways.github.tokens import AppTokens
from promotions.ports.credentials import GitHubApp
from promotions.ports.scm import (
    ScmAuthenticationError,
    ScmNotFoundError,
    ScmRefusedError,
    ScmUnavailableError,
)
from tests.fakes.github_apps import new_key
from tests.fakes.github_site import LOOPBACK, GitHubSite
from tests.fakes.scm_server import Fault, Reply

PRIVATE, PUBLIC = new_key()
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Minter:
    """Obtains tokens from a site, with clocks and pauses of the test's own."""

    site: GitHubSite
    ours: Clock = field(default_factory=Clock)
    theirs: Clock = field(default_factory=Clock)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site.github.apps["Iv1.app"] = PUBLIC
        self.site.github.installations[7] = ("Iv1.app", ("Config", "Other"))
        self.site.github.clock = self.theirs
        settings = GitHubSettings(LOOPBACK, sleep=self.pauses.append)
        self.tokens = AppTokens(settings, clock=self.ours)
        self.app = GitHubApp(
            id="Iv1.app", installation_id=7, private_key=PRIVATE, owner="tenant/secret"
        )

    def token(self, **changes: str) -> str:
        app = replace(self.app, **changes)  # type: ignore[arg-type] # only texts are changed
        return self.tokens.token(app, repo_url=self.site.url)

    @property
    def minted(self) -> int:
        return len(self.site.server.sent("POST", "/access_tokens"))


@pytest.fixture
def minter(site: GitHubSite) -> Minter:
    return Minter(site)


def test_a_token_is_for_the_one_repository(minter: Minter) -> None:
    minter.site.github.add("octo", "other", has_git=False)

    token = minter.token()

    assert minter.site.github.tokens[token].repositories == {"config"}
    (request,) = minter.site.server.sent("POST")
    assert request.body == {"repositories": ["config"]}
    assert minter.site.gateway.commits(minter.site.access(token)).default_branch() == "main"


def test_a_token_is_kept_until_five_minutes_before_it_expires(minter: Minter) -> None:
    first = minter.token()
    minter.ours.now += timedelta(minutes=54)
    again = minter.token()
    minter.ours.now += timedelta(minutes=2)
    minter.theirs.now = minter.ours.now
    later = minter.token()

    assert first == again != later
    assert minter.minted == 2


def test_a_token_that_is_about_to_expire_is_not_kept(minter: Minter) -> None:
    minter.theirs.now = NOW
    soon = (NOW + timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    reply = Reply(201, {"token": "ghs_short", "expires_at": soon})
    minter.site.server.fail(*[Fault("POST", "", after=reply)] * 2)

    assert minter.token() == minter.token() == "ghs_short"
    assert minter.minted == 2


def test_a_token_without_an_expiry_is_kept_for_forty_minutes(minter: Minter) -> None:
    minter.site.server.fail(Fault("POST", "", after=Reply(201, {"token": "ghs_x"})))
    minter.token()
    minter.ours.now += timedelta(minutes=39)

    assert minter.token() == "ghs_x"
    minter.ours.now += timedelta(minutes=2)
    minter.theirs.now = minter.ours.now
    assert minter.token() != "ghs_x"


@pytest.mark.parametrize(
    "changes",
    [{"owner": "other/secret"}, {"private_key": base64.b64encode(PRIVATE.encode()).decode()}],
)
def test_another_tenant_secret_or_key_never_gets_a_token_that_is_kept(
    minter: Minter, changes: dict[str, str]
) -> None:
    assert minter.token() != minter.token(**changes)
    assert minter.minted == 2


@pytest.mark.parametrize("skew", [timedelta(minutes=-20), timedelta(hours=3)])
def test_a_wrong_clock_of_ours_is_made_up_for(minter: Minter, skew: timedelta) -> None:
    minter.ours.now = NOW + skew

    assert minter.token() in minter.site.github.tokens
    assert minter.minted == 2


def test_a_slow_clock_does_not_keep_a_token_longer_than_it_lives(minter: Minter) -> None:
    minter.ours.now = NOW - timedelta(minutes=20)
    first = minter.token()
    minter.ours.now += timedelta(minutes=56)
    minter.theirs.now += timedelta(minutes=56)

    assert minter.token() != first


def test_a_token_that_github_does_not_know_yet_is_waited_for(minter: Minter) -> None:
    refused = Fault("GET", "/repos/", before=Reply(401, {"message": "Bad credentials"}))
    minter.site.server.fail(refused, refused)

    minter.token()

    assert minter.pauses == [3.0, 10.0]


def test_a_token_that_stays_unknown_is_used_all_the_same(minter: Minter) -> None:
    refused = Fault("GET", "/repos/", before=Reply(401, {"message": "Bad credentials"}))
    minter.site.server.fail(*[refused] * 4)

    assert minter.token()
    assert minter.pauses == [3.0, 10.0, 30.0]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"id": "Iv1.other"}, ScmAuthenticationError),
        ({"private_key": new_key()[0]}, ScmAuthenticationError),
    ],
)
def test_an_app_that_github_does_not_know_is_refused_without_its_key_in_words(
    minter: Minter, changes: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        minter.token(**changes)

    assert "PRIVATE KEY" not in repr(caught.value) + repr(minter.app)


def test_a_foreign_installation_and_a_repository_outside_it_are_refused(minter: Minter) -> None:
    minter.site.github.installations[8] = ("Iv1.else", ("Config",))
    with pytest.raises(ScmNotFoundError):
        minter.tokens.token(replace(minter.app, installation_id=8), repo_url=minter.site.url)
    minter.site.github.installations[7] = ("Iv1.app", ("Other",))
    with pytest.raises(ScmRefusedError, match="not accessible"):
        minter.token()


def test_an_answer_without_a_token_is_an_error(minter: Minter) -> None:
    minter.site.server.fail(Fault("POST", "", after=Reply(201, {})))

    with pytest.raises(ScmUnavailableError, match="no installation token"):
        minter.token()


def _elliptic() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("not a key!", "cannot be read"),
        (PRIVATE[:300], "cannot be read"),
        (base64.b64encode(PRIVATE.encode()).decode()[:-5], "probable corrupt base64"),
        (base64.b64encode(b"hello").decode(), "cannot be read"),
        (_elliptic(), "not an RSA key"),
    ],
)
def test_a_key_that_cannot_be_read_is_the_user_s_mistake(
    minter: Minter, key: str, words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        minter.token(private_key=key)
    assert minter.minted == 0


def test_an_address_that_is_no_repository_is_the_user_s_mistake(minter: Minter) -> None:
    with pytest.raises(InvalidError, match="owner/repository"):
        minter.tokens.token(minter.app, repo_url=f"{minter.site.server.url}/a/b/c")
