"""Step kinds of packages: the example of the documentation, really built and installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "word-count-step"
RUN = """
import django; django.setup()
from datetime import UTC, datetime
from promotions import wiring
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.runner import StepContext
runner = wiring.step_registry().find("word-count")
freight = FreightReference(name="f", origin=FreightOrigin(name="w"))
context = StepContext(workdir={workdir!r}, alias="count", config={{"path": "text"}}, tenant_uid="t",
    project="p", stage="s", promotion="p.1", promotion_uid="u", target_freight=freight,
    now=datetime(2026, 1, 1, tzinfo=UTC))
print(dict(runner.run(context).output))
"""


def python(*arguments: str, packages: Path, var: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(packages),
            "KARGO_VAR_DIR": str(var),
            "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.test",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the example package is installed."""
    target = tmp_path_factory.mktemp("packages")
    uv = Path(sys.executable).parent / "uv"
    subprocess.run(  # noqa: S603 - our own arguments
        [str(uv), "pip", "install", "--quiet", "--python", sys.executable, "--target", str(target),
         str(EXAMPLE)],
        check=True,
        timeout=120,
    )  # fmt: skip
    return target


def plugin(folder: Path, *, body: str) -> Path:
    """Install a package made of ``body``, as its metadata and its module."""
    (folder / "odd_step.py").write_text(body)
    metadata = folder / "odd_step-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-step\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text("[kargo_platform.steps]\nodd = odd_step:steps\n")
    return folder


@pytest.mark.slow
def test_an_installed_package_adds_its_step(packages: Path, tmp_path: Path) -> None:
    listed = python("manage.py", "steps", packages=packages, var=tmp_path)

    [line] = [line for line in listed.stdout.splitlines() if line.startswith("word-count")]
    assert line.split() == ["word-count", "pure", "word-count-step", "1.0.0"]


@pytest.mark.slow
def test_the_step_of_an_installed_package_runs(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("to be or not to be")

    ran = python("-c", RUN.format(workdir=str(tmp_path)), packages=packages, var=tmp_path)

    assert ran.stdout.strip() == "{'words': 6}", ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("def nothing(): pass", "has no attribute 'steps'"),
        ("def steps(ports): return [object()]", "object is not a step runner"),
        ("def steps(ports): raise ValueError('no licence')", "no licence"),
        (
            "from promotions.steps.fail import Fail\ndef steps(ports): return Fail()",
            'two step runners are registered for kind "fail"',
        ),
    ],
)
def test_a_broken_package_stops_commands_with_its_name(
    tmp_path: Path, body: str, reason: str
) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()

    checked = python("manage.py", "check", packages=plugin(folder, body=body), var=tmp_path)

    assert checked.returncode == 1
    assert "promotions.E001" in checked.stderr
    assert reason in checked.stderr
