import shutil
import subprocess
from pathlib import Path

import pytest

from promotions.ports.control_plane import GitIdentity
from tests.fakes.git_origin import Origin, git
from tests.integration.git.conftest import Promotion


@pytest.mark.skipif(shutil.which("gpg") is None, reason="there is no gpg here")
def test_commits_are_signed_with_the_identity_s_key(
    promotion: Promotion, origin: Origin, tmp_path: Path
) -> None:
    promotion.identity.identity = GitIdentity(
        name="Signer", email="signer@example.com", signing_key=_new_key(promotion.workdir)
    )
    promotion.clone()
    promotion.edit("tag: v2\n")
    promotion.commit("Signed")
    promotion.edit("a: 2\n", "apps/a/x.yaml")
    promotion.commit("Unsigned", author={"name": "B", "email": "b@example.com"})

    bodies = git("log", "-2", "--format=%s %H", cwd=promotion.workdir / "out").splitlines()
    signed = {
        line.split()[0]: "gpgsig"
        in git("cat-file", "commit", line.split()[1], cwd=promotion.workdir / "out")
        for line in bodies
    }
    assert signed == {"Signed": True, "Unsigned": False}


def _new_key(base: Path) -> str:
    home = base / "k"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", ""]
    user = "Signer <signer@example.com>"
    subprocess.run(  # noqa: S603 - fixed
        [*gpg, "--quick-generate-key", user, "ed25519", "sign"], check=True, capture_output=True
    )
    key = subprocess.run(  # noqa: S603 - fixed
        [*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True, text=True
    ).stdout
    shutil.rmtree(home, ignore_errors=True)
    return key
