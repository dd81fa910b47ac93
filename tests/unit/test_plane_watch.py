"""Listening to one Argo CD: when it is listed again, and what is told when it is not to be had."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from promotions.engine.argocd.addressed import AddressedApp
from promotions.engine.argocd.application import Application
from promotions.ports.argocd import (
    Applications,
    ArgoCDBusyError,
    ArgoCDError,
    ArgoCDUnauthorizedError,
    ArgoCDUnavailableError,
    Selection,
    WatchEvent,
)
from promotions.reconcilers.plane_watch import LONGEST_PAUSE, PlaneWatch
from tests.unit.engine.argocd.documents import app

GONE = ArgoCDUnavailableError("it does not answer", retryable=True)
REFUSED = ArgoCDUnauthorizedError("the token is refused", status=401)
WEB = AddressedApp("argocd", "web")


@dataclass
class Scripted:
    """Lists what it is told to, or fails; its streams end at once, well or badly."""

    lists: list[ArgoCDError | tuple[Application, ...]]
    ends: ArgoCDError | None = None
    look: Callable[[], object] = lambda: None

    def list(self, _selection: Selection) -> Applications:
        found = self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]
        if isinstance(found, ArgoCDError):
            raise found
        return Applications(found, "7")

    @contextmanager
    def watch(
        self, _selection: Selection, *, resource_version: str
    ) -> Iterator[Iterator[WatchEvent]]:
        assert resource_version == "7"
        self.look()
        if self.ends is not None:
            raise self.ends
        yield iter(())


class Rounds(Event):
    """Counts how long it is waited for, lets no time pass, and is set after so many rounds."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        if len(self.waited) == self.count:
            self.set()
        return self.is_set()


@dataclass
class Heard:
    """What a watch told."""

    news: list[set[AddressedApp]] = field(default_factory=list)
    standings: int = 0

    def tell(self, news: Any) -> None:
        if found := set(news):
            self.news.append(found)

    def tell_standing(self) -> None:
        self.standings += 1


def listened(
    argocd: Scripted, *, rounds: int, relist_every: timedelta = timedelta(minutes=5)
) -> tuple[Heard, Sequence[float]]:
    """Listen for some rounds, and return what was told and the pauses in between."""
    heard, stop = Heard(), Rounds(rounds)
    PlaneWatch(
        argocd,  # type: ignore[arg-type] # lists and streams are all that is asked of it
        heard.tell,
        heard.tell_standing,
        stop,
        relist_every,
    ).run()
    return heard, stop.waited


def test_streams_that_end_at_once_are_begun_anew_ever_more_rarely() -> None:
    _, pauses = listened(Scripted([(app(),)]), rounds=7)

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert timedelta(seconds=30) == LONGEST_PAUSE


def test_a_stream_that_breaks_after_a_while_is_begun_anew_at_once_each_time() -> None:
    argocd = Scripted([(app(),)], ends=GONE)

    _, pauses = listened(argocd, rounds=3)
    argocd.ends = None
    _, lasting = listened(argocd, rounds=3, relist_every=timedelta(0))

    assert pauses == [1, 2, 4]
    assert lasting == [1, 1, 1]


def test_argo_cd_is_left_alone_for_as_long_as_it_asks() -> None:
    busy = ArgoCDBusyError("later", retryable=True, retry_after=timedelta(seconds=90))

    _, pauses = listened(Scripted([busy]), rounds=2)

    assert pauses == [90, 90]


def test_one_that_is_lost_is_news_of_all_its_applications_once_and_so_is_its_return() -> None:
    lists: list[ArgoCDError | tuple[Application, ...]] = [(app(),), *[GONE] * 5, (app(),)]

    heard, _ = listened(Scripted(lists), rounds=len(lists) + 2)

    assert heard.news == [{WEB}, {WEB}, {WEB}]
    assert heard.standings == 2


def test_one_that_misses_a_list_or_two_is_not_lost() -> None:
    heard, _ = listened(Scripted([(app(),), GONE, GONE, (app(),)]), rounds=6)

    assert (heard.news, heard.standings) == ([{WEB}], 0)


def test_one_that_refuses_us_is_lost_at_once() -> None:
    heard, _ = listened(Scripted([(app(),), REFUSED, REFUSED]), rounds=4)

    assert (heard.news, heard.standings) == ([{WEB}, {WEB}], 1)


@pytest.mark.slow
def test_of_ten_thousand_applications_none_is_kept_while_it_listens() -> None:
    kept: list[int] = []
    before = _applications_alive()
    many = Scripted([tuple(app(name=f"app-{number}") for number in range(10_000)), ()])
    many.look = lambda: kept.append(_applications_alive())

    heard, _ = listened(many, rounds=1)

    assert len(heard.news[0]) == 10_000
    assert kept == [before]


def _applications_alive() -> int:
    gc.collect()
    return sum(isinstance(it, Application) for it in gc.get_objects())
