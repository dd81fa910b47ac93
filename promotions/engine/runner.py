"""The contract between the engine and a promotion step.

A step is an object with the attributes of :class:`StepRunner`. What it needs from outside (Git,
credentials, the control plane) it takes in its constructor, from ``promotions.wiring``; what the
promotion gives it arrives in a :class:`StepContext`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from common.jsontypes import JSONObject
from promotions.engine.freight import FreightCollection, FreightOrigin, FreightReference


class StepStatus(StrEnum):
    """How a step stands, in Kargo's words."""

    SUCCEEDED = "Succeeded"
    SKIPPED = "Skipped"
    RUNNING = "Running"
    ABORTED = "Aborted"
    FAILED = "Failed"
    ERRORED = "Errored"


class Effect(StrEnum):
    """How far outside its work directory a step reaches."""

    PURE = "pure"
    READING = "reading"
    EFFECTING = "effecting"


@dataclass(frozen=True, slots=True)
class FreightRequest:
    """One origin that a Stage asks Freight from."""

    origin: FreightOrigin
    direct: bool = False
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepContext:
    """What one invocation of a step may know.

    Attributes:
        workdir: Absolute path of the promotion's private directory.
        alias: The step's alias, ``<task>::<alias>`` inside a task.
        config: The step's configuration with every expression evaluated.
        state: Outputs so far, by alias; the step's own earlier output is under its own alias.
        actor: Who asked for the promotion; empty unless a person did.
        now: When this invocation began.
        started_at: When its first invocation began; ``None`` if this may be the first.
        shard: The promotion's, which says which Argo CD it addresses; empty is the default one.
    """

    workdir: str
    alias: str
    config: JSONObject
    tenant_uid: str
    project: str
    stage: str
    promotion: str
    promotion_uid: str
    target_freight: FreightReference
    now: datetime
    state: JSONObject = field(default_factory=dict)
    target_freight_alias: str = ""
    freight: FreightCollection = field(default_factory=dict)
    freight_requests: tuple[FreightRequest, ...] = ()
    actor: str = ""
    rollback: bool = False
    ui_base_url: str = ""
    project_uid: str = ""
    shard: str = ""
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A check that goes on after the promotion: a kind, and its input."""

    uses: str
    config: JSONObject


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one invocation of a step came to, when it did not raise.

    Attributes:
        status: Succeeded, Skipped or Running.
        output: Plain JSON; ``None`` keeps what an earlier invocation put out.
        retry_after: How soon a Running step would like to be asked again.
    """

    status: StepStatus = StepStatus.SUCCEEDED
    message: str = ""
    output: JSONObject | None = None
    health_check: HealthCheck | None = None
    retry_after: timedelta | None = None


class StepError(Exception):
    """A step did not do its work.

    Attributes:
        failed: The step reports Failed (the world said no) rather than Errored.
        terminal: Trying again cannot help; the error threshold does not apply.
        output: What the failed attempt still puts out, if anything.
    """

    def __init__(
        self,
        message: str,
        *,
        failed: bool = False,
        terminal: bool = False,
        output: JSONObject | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.failed = failed
        self.terminal = terminal
        self.output = output


@runtime_checkable
class StepRunner(Protocol):
    """One kind of promotion step.

    Attributes:
        kind: The value of ``uses``, such as ``git-clone``.
        schema: JSON Schema (2020-12) of its configuration.
        effect: How far it reaches.
        propagates_output: Its output is also merged under the alias of the task it is in.
        default_timeout: Applies when the step sets no ``retry.timeout``; ``None`` is no limit.
        default_error_threshold: Applies when the step sets no ``retry.errorThreshold``.
    """

    @property
    def kind(self) -> str:
        """Return the value of ``uses``."""
        ...

    @property
    def schema(self) -> JSONObject:
        """Return the JSON Schema of the configuration."""
        ...

    @property
    def effect(self) -> Effect:
        """Return how far the step reaches."""
        ...

    @property
    def propagates_output(self) -> bool:
        """Return whether its output is also the task's."""
        ...

    @property
    def default_timeout(self) -> timedelta | None:
        """Return how long it may take unless told."""
        ...

    @property
    def default_error_threshold(self) -> int:
        """Return how often it may fail unless told."""
        ...

    def run(self, context: StepContext) -> StepResult:
        """Do the work, or raise :class:`StepError`."""
        ...


class StepDefaults:
    """What nearly every kind of step says of itself; one that differs sets its own."""

    __slots__ = ()

    propagates_output: ClassVar[bool] = False
    default_timeout: ClassVar[timedelta | None] = None
    default_error_threshold: ClassVar[int] = 1


@runtime_checkable
class EffectingRunner(Protocol):
    """What a step whose effect is ``EFFECTING`` must also have: words for a preview."""

    def would(self, context: StepContext) -> str:
        """Say what running now would do to the outside, such as ``push main to https://…``.

        Empty if with this configuration it would do nothing there, so that a preview may run it.
        It may read, inside and outside, but changes nothing.
        """
        ...


StepState = Mapping[str, JSONObject | None]
"""Outputs by step alias."""
