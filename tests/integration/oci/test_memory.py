"""However large a layer is, little of it is in memory at once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.oci_registry import Registry, running_registry

MIB = 1024 * 1024
MOST_GROWTH = 16 * MIB
ROOT = Path(__file__).parents[3]

SCRIPT = """
import sys
from pathlib import Path
from tests.integration.oci.worlds import Steps

def peak():
    # Not getrusage: what that says begins with the parent's peak.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024

action, workdir, one, other = sys.argv[1:]
steps = Steps(Path(workdir), frozenset({one, other}))
steps.download(f"{one}/acme/small:v1", "small")
steps.push(f"{one}/acme/small:v1", f"{other}/acme/small:v1")
before = peak()
if action == "download":
    steps.fetch(f"{one}/acme/big:v1", "big")
else:
    if action == "chunks":
        from promotions.gateways.oci import uploads
        uploads._sent_whole = lambda *_: False
    steps.push(f"{one}/acme/big:v1", f"{other}/acme/{action}:v1")
print(peak() - before)
"""


@pytest.fixture(scope="module")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Registry]]:
    with (
        running_registry(tmp_path_factory.mktemp("one")) as one,
        running_registry(tmp_path_factory.mktemp("other")) as other,
    ):
        one.push_artifact("acme/small", "v1", ("text/plain", b"small"))
        one.push_artifact("acme/big", "v1", ("application/octet-stream", bytes(100 * MIB)))
        yield one, other


@pytest.mark.slow
@pytest.mark.parametrize("action", ["download", "whole", "chunks"])
def test_a_layer_of_100_mib_takes_a_fraction_of_that(
    registries: tuple[Registry, Registry], tmp_path: Path, action: str
) -> None:
    one, other = registries
    command = [sys.executable, "-c", SCRIPT, action, str(tmp_path), one.host, other.host]
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < MOST_GROWTH
    if action == "download":
        assert (tmp_path / "big").stat().st_size == 100 * MIB
