"""Tells a person, as it happens, how a change travels: commit, Freight, promotions, steps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter

from promotions.models import Freight, Promotion, StepExecution, Verification, Warehouse

_MARKS = {
    "Succeeded": "✓",
    "Skipped": "-",
    "Running": "…",
    "Failed": "✗",
    "Errored": "✗",
    "Aborted": "■",
}
_SHORT = 7


@dataclass(slots=True)
class Narrator:
    """Reads what has changed since it last looked, and prints one line for each thing.

    Attributes:
        say: Prints a line.
        project: Name of the project.
    """

    say: Callable[[str], None]
    project: str
    _told: set[str] = field(default_factory=set)
    _lines: list[tuple[datetime, str]] = field(default_factory=list)

    def look(self) -> None:
        """Tell everything that is new, in the order in which it happened."""
        self._collect()
        for _, line in sorted(self._lines, key=itemgetter(0)):
            self.say(line)
        self._lines.clear()

    def is_waiting(self) -> bool:
        """Return whether any promotion has yet to end."""
        rows = Promotion.objects.filter(project__name=self.project, finished_at__isnull=True)
        return rows.exists()

    def _collect(self) -> None:
        self._tell_warehouses()
        for freight in Freight.objects.filter(project__name=self.project).order_by("pk"):
            self._tell_freight(freight)
        rows = Promotion.objects.filter(project__name=self.project).order_by("name")
        for promotion in rows.select_related("stage", "freight"):
            self._tell_promotion(promotion)
        for verification in Verification.objects.select_related("collection__stage"):
            stage = verification.collection.stage.name
            words = f"verified ({verification.phase.lower()})"
            self._tell(f"verification {verification.uid}", verification.started_at, stage, words)

    def _tell_warehouses(self) -> None:
        for warehouse in Warehouse.objects.filter(project__name=self.project):
            for condition in warehouse.conditions:
                if condition["type"] == "Healthy" and condition["status"] == "False":
                    key = f"{warehouse.name} {condition['message']}"
                    self._tell(key, warehouse.updated_at, warehouse.name, condition["message"])
            for result in (warehouse.discovered or {}).get("git", []):
                commit = result["commits"][0] if result["commits"] else None
                if commit:
                    words = f"discovered {commit['id'][:_SHORT]} “{commit['subject']}”"
                    key = f"{warehouse.name} {commit['id']}"
                    at = warehouse.discovered_at or warehouse.updated_at
                    self._tell(key, at, warehouse.name, words)

    def _tell_freight(self, freight: Freight) -> None:
        versions = ", ".join(row.version[:_SHORT] for row in freight.artifacts.all())
        words = f"Freight {freight.alias} ({versions}) created"
        self._tell(f"freight {freight.name}", freight.created_at, "freight", words)

    def _tell_promotion(self, promotion: Promotion) -> None:
        stage = promotion.stage.name
        if f"promotion {promotion.name} {promotion.phase}" in self._told and promotion.is_terminal:
            return
        if promotion.started_at:
            words = f"promoting {promotion.freight.alias}"
            self._tell(f"promotion {promotion.name}", promotion.started_at, stage, words)
        steps = StepExecution.objects.filter(promotion=promotion).order_by("index")
        for step in steps:
            self._tell_step(promotion, step)
        if promotion.is_terminal and promotion.finished_at:
            began = promotion.started_at or promotion.created_at
            took = (promotion.finished_at - began).total_seconds()
            reason = f": {promotion.message}" if promotion.message else ""
            words = f"{promotion.phase.lower()} in {took:.2f} s{reason}"
            key = f"promotion {promotion.name} {promotion.phase}"
            self._tell(key, promotion.finished_at, stage, words)

    def _tell_step(self, promotion: Promotion, step: StepExecution) -> None:
        if step.status not in _MARKS or step.status == "Running":
            return
        took = ""
        if step.started_at and step.finished_at:
            took = f"{(step.finished_at - step.started_at).total_seconds() * 1000:6.0f} ms"
        reason = f"  {step.message}" if step.message else ""
        alias = step.alias.partition("::")[2] or step.alias
        words = f"  {_MARKS[step.status]} {alias:<15} {step.kind:<20} {took}{reason}"
        at = step.finished_at or promotion.updated_at
        key = f"step {promotion.name} {step.index} {step.status} {step.message}"
        self._tell(key, at, promotion.stage.name, words)

    def _tell(self, key: str, at: datetime, who: str, words: str) -> None:
        if key in self._told:
            return
        self._told.add(key)
        self._lines.append((at, f"{at.strftime('%H:%M:%S.%f')[:-3]}  {who:<8} {words}"))
