"""Says in ``manage.py check --deploy`` whether the tools that steps need are there."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.core.checks import CheckMessage, Info, Tags, Warning as CheckWarning, register
from django.utils.module_loading import import_string

from promotions.ports.tools import ToolReport, ToolStatus

FOUND, MISSING, UNCONFINED = "kargo.I001", "kargo.W001", "kargo.W002"
_REPORT = "promotions.wiring.tool_report"
"""Imported when it is asked for: this module is loaded with every command."""


@register(Tags.compatibility, deploy=True)
def check_tools(app_configs: Sequence[AppConfig] | None, **_: object) -> list[CheckMessage]:
    """Return the version of each tool, or a warning about it, and one if they are not confined."""
    del app_configs
    report: ToolReport = import_string(_REPORT)()
    messages = [_message(tool) for tool in report.tools]
    if not report.is_confined:
        messages.append(
            CheckWarning(
                "Helm and Kustomize cannot be confined on this host.",
                hint=report.files,
                id=UNCONFINED,
            )
        )
    return messages


def _message(tool: ToolStatus) -> CheckMessage:
    if tool.problem:
        return CheckWarning(
            f"{tool.name} is needed for {tool.needed_for}.", hint=tool.problem, id=MISSING
        )
    return Info(f"{tool.name} {tool.version} is at {tool.path}.", id=FOUND)
