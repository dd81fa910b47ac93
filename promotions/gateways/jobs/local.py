"""Runs jobs as commands on this host: confined, bounded, without a network, and only if allowed.

The image is ignored. The worker stays with the job until it ends, so a job is over when ``start``
returns; one whose worker was lost is lost with it.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from common.errors import InvalidError, UpstreamError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from promotions.engine.analysis.providers.job import Condition, JobPlan, JobState
from promotions.gateways import process, warden
from promotions.gateways.confinement import Confinement
from promotions.gateways.process import Command, OutputLimitError, ProcessTimeoutError
from promotions.gateways.tool_runs import Isolation
from promotions.ports.jobs import JobReport

_OUTPUT_BYTES = 1024 * 1024
_FILE_BYTES = 64 * 1024 * 1024
_LIBRARIES = (Path("/lib"), Path("/lib64"), Path("/usr/lib"), Path("/usr/lib64"))
_READABLE = (Path("/etc/ld.so.cache"), Path("/usr/share/zoneinfo"))
_SUPPORTED = frozenset({"name", "image", "imagePullPolicy", "command", "args", "env", "resources"})
_DEFAULT_CONTAINER = "main"


class _UnwantedError(UpstreamError):
    """Nobody wants the job any more."""

    code = "job_unwanted"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a job is to run."""

    container: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class LocalJobs:
    """Satisfies :class:`promotions.ports.jobs.JobExecutor`.

    Attributes:
        programs: The only programs that jobs may run, by their absolute paths.
        timeout: The longest that a job may take, whatever it asks for.
        isolation: With ``NONE`` jobs may read what the worker can; with ``REFUSED`` none is run.
    """

    programs: tuple[Path, ...]
    timeout: timedelta
    memory_bytes: int
    isolation: Isolation

    def start(
        self, job: JobPlan, *, is_again: bool, is_unwanted: Callable[[], bool]
    ) -> JobReport | None:
        """Run a job to its end."""
        if is_again:
            raise UpstreamError("the worker that ran the job was lost", retryable=True)
        if self.isolation is Isolation.REFUSED:
            raise InvalidError(
                "this worker cannot confine jobs: its kernel or container has no Landlock (Linux "
                "5.13 or later)"
            )
        wanted = self._read(job)
        home = Path(tempfile.mkdtemp(prefix="kargo-job-")).resolve()
        try:
            return self._run(wanted, home=home, is_unwanted=is_unwanted)
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def look(self, name: str, *, namespace: str) -> JobReport | None:  # noqa: ARG002  as the port
        """Return ``None``: what was started here is over."""
        return None

    def cancel(self, name: str, *, namespace: str) -> None:
        """Do nothing: what was started here is over."""

    def _run(self, wanted: _Wanted, *, home: Path, is_unwanted: Callable[[], bool]) -> JobReport:
        warden.prepare()  # out here, so that it is not confined itself
        confinement = self._confinement(home)
        is_confined = self.isolation is Isolation.CONFINED

        def watch() -> None:
            if is_unwanted():
                raise _UnwantedError("the job was stopped", retryable=False)

        command = Command(
            argv=wanted.argv,
            cwd=home,
            env={"HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8", **wanted.env},
            timeout=wanted.timeout,
            output_bytes=_OUTPUT_BYTES,
            start=confinement.start if is_confined else confinement.start_unconfined,
            watch=watch,
        )
        try:
            done = process.run(command)
        except (ProcessTimeoutError, OutputLimitError) as error:
            return _report(wanted, Condition.FAILED, error.message)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InvalidError(f"{wanted.argv[0]} cannot be run: {reason}") from error
        printed = (done.stdout + done.stderr).decode(errors="replace")
        condition = Condition.FAILED if done.returncode else Condition.COMPLETE
        return _report(wanted, condition, printed)

    def _confinement(self, home: Path) -> Confinement:
        programs = [path.resolve() for path in self.programs if path.exists()]
        libraries = [path for path in _LIBRARIES if path.exists()]
        return Confinement(
            readable=tuple(path for path in (*_READABLE, *libraries) if path.exists()),
            writable=(home,),
            executable=(*programs, *libraries),
            network=False,
            memory_bytes=self.memory_bytes,
            file_bytes=_FILE_BYTES,
            cpu=self.timeout * (os.cpu_count() or 1),
            listable=(home,),
        )

    def _read(self, job: JobPlan) -> _Wanted:
        """Return what a job is to run.

        Raises:
            InvalidError: It asks for what is not done here.
        """
        template = as_object(as_object(job.spec.get("template")).get("spec"))
        containers = [as_object(it) for it in as_list(template.get("containers"))]
        path = "provider.job.spec.template.spec.containers"
        if len(containers) != 1:
            raise InvalidError(f"{path}: must be exactly one where jobs run locally")
        container = containers[0]
        unknown = sorted(container.keys() - _SUPPORTED)
        if unknown:
            raise InvalidError(f"{path}[0].{unknown[0]}: is not supported where jobs run locally")
        parts = (*as_list(container.get("command")), *as_list(container.get("args")))
        argv = tuple(map(as_text, parts))
        return _Wanted(
            container=as_text(container.get("name")) or _DEFAULT_CONTAINER,
            argv=(str(self._program(argv[0] if argv else "", path)), *argv[1:]),
            env=_environment(container, path),
            timeout=self._timeout(job.spec),
        )

    def _program(self, named: str, path: str) -> Path:
        for program in self.programs:
            if named in {str(program), program.name}:
                return program.resolve()
        raise InvalidError(
            f'{path}[0].command: "{named}" is none of the programs that the operator allows jobs '
            "to run"
        )

    def _timeout(self, spec: JSONObject) -> timedelta:
        asked = spec.get("activeDeadlineSeconds")
        if isinstance(asked, int | float) and not isinstance(asked, bool) and asked > 0:
            return min(self.timeout, timedelta(seconds=float(asked)))
        return self.timeout


def _environment(container: JSONObject, path: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for index, it in enumerate(map(as_object, as_list(container.get("env")))):
        if "valueFrom" in it:
            raise InvalidError(
                f"{path}[0].env[{index}].valueFrom: is not supported where jobs run locally; take "
                "the value from an argument"
            )
        name = as_text(it.get("name"))
        if name and "=" not in name:
            values[name] = as_text(it.get("value"))
    return values


def _report(wanted: _Wanted, condition: Condition, printed: str) -> JobReport:
    return JobReport(JobState(conditions=(condition.value,)), {wanted.container: printed})
