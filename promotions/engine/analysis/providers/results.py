"""What a provider makes of a response."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from promotions.engine.analysis.phases import AnalysisPhase

TEXT = "string"
FLOAT = "float64"
FLOATS = "[]float64"
NO_FLOAT = "*float64"
ANYTHING = "interface {}"
OBJECT = "map[string]interface {}"
OBJECTS = "[]map[string]interface {}"
LIST = "[]interface {}"


@dataclass(frozen=True, slots=True)
class Result:
    """A measured value, before the metric's conditions are asked.

    Attributes:
        value: What conditions see as ``result``.
        go_type: Its Go type, by which conditions are checked; ``ANYTHING`` is that of the value.
        text: The measurement's ``value``.
        metadata: What is kept with the measurement.
        outlives_errors: The text is kept even if the conditions cannot be evaluated.
    """

    value: object
    go_type: str
    text: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    outlives_errors: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How work that takes longer than one request stands.

    Attributes:
        metadata: Where to find the work again.
        resume_at: When to look again; ``None`` unless it is running.
    """

    phase: AnalysisPhase
    message: str = ""
    text: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    resume_at: datetime | None = None
