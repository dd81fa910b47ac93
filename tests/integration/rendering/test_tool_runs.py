"""Tools run confined and bounded, and leave nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import pytest

from promotions.gateways.confinement import Confinement
from promotions.gateways.rendering import InstalledTools
from promotions.gateways.tool_report import report_tools
from promotions.gateways.tool_runs import (
    Isolation,
    ToolLimits,
    ToolRun,
    isolation_here,
    private_home,
    run_tool,
)
from promotions.gateways.tools import Tool, ToolName, ToolPaths, Tools
from promotions.ports.rendering import (
    ChartRendering,
    KustomizationBuild,
    RenderingError,
    ToolLimitError,
    ToolMissingError,
)
from tests.integration.rendering.files import chart, write_tree

ENDLESS = "{{ range $i := until 100000 }}{{ range $j := until 100000 }}{{ end }}{{ end }}"
GREEDY = '{{ $s := "x" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}a: {{ len $s }}'
TALKATIVE = "a: {{ repeat 70000000 (print .Values.tag) }}"


def render(renderer: InstalledTools, workdir: Path, template: str = "") -> str:
    write_tree(workdir, chart(templates__more=template))
    (workdir / "templates/more").rename(workdir / "templates/more.yaml")
    return renderer.chart(ChartRendering(str(workdir), str(workdir), "r"))


def with_limits(renderer: InstalledTools, limits: ToolLimits) -> InstalledTools:
    return InstalledTools(Tools(renderer.tools.paths, limits), limits)


@pytest.mark.slow
def test_a_chart_that_goes_on_for_ever_is_stopped(renderer: InstalledTools, workdir: Path) -> None:
    bounded = with_limits(renderer, ToolLimits(timeout=timedelta(seconds=2)))
    bounded.tools.helm()
    started = time.monotonic()

    with pytest.raises(ToolLimitError, match="took longer than 0:00:02"):
        render(bounded, workdir, ENDLESS)

    assert time.monotonic() - started < 30


@pytest.mark.slow
def test_a_chart_that_takes_all_memory_is_stopped(renderer: InstalledTools, workdir: Path) -> None:
    with pytest.raises(ToolLimitError, match="helm needed more than 1024 MiB of memory"):
        render(renderer, workdir, GREEDY)


@pytest.mark.slow
def test_a_chart_that_prints_without_end_is_stopped(
    renderer: InstalledTools, workdir: Path
) -> None:
    with pytest.raises(ToolLimitError, match=r"printed too much|of memory"):
        render(renderer, workdir, TALKATIVE)


def test_a_kustomization_that_takes_all_memory_is_stopped(
    renderer: InstalledTools, workdir: Path
) -> None:
    bounded = with_limits(renderer, ToolLimits(memory_bytes=160 * 1024 * 1024))
    lines = "".join(f"  k{number}: {'v' * 100}\n" for number in range(200_000))
    write_tree(
        workdir,
        {
            "kustomization.yaml": "resources: [big.yaml]\n",
            "big.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n{lines}",
        },
    )

    with pytest.raises(ToolLimitError, match="160 MiB of memory"):
        bounded.kustomization(KustomizationBuild(str(workdir), str(workdir)))


def test_the_home_is_gone_afterwards_also_after_an_error(
    renderer: InstalledTools, workdir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    homes = tmp_path / "homes"
    homes.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(homes))

    render(renderer, workdir, "a: b")
    with pytest.raises(RenderingError) as caught:
        render(renderer, workdir, "{{ fail 'no' }}".replace("'", '"'))

    assert list(homes.iterdir()) == []
    assert str(homes) not in caught.value.message


def test_what_a_killed_worker_has_left_is_removed_a_day_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new, other = (tmp_path / name for name in ("kargo-tool-a", "kargo-tool-b", "c"))
    for folder in (old, new, other):
        (folder / "data").mkdir(parents=True)
    for folder in (old, other):
        os.utime(folder, (1, 1))

    with private_home() as home:
        assert sorted(tmp_path.iterdir()) == sorted([new, other, home])


def test_nothing_of_the_workers_environment_and_home_is_seen(
    renderer: InstalledTools, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "opensesame")
    helm = renderer.tools.helm()

    with private_home() as home:
        run = ToolRun((helm.command[0], "env"))
        printed = run_tool(run, home=home, limits=renderer.limits)
        paths = [it for it in printed.splitlines() if '="/' in it and "HELM_BIN" not in it]

    assert "opensesame" not in printed
    assert len(paths) >= 6
    assert all(str(home) in line for line in paths)
    assert f'HELM_PLUGINS="{home}/none"' in printed


def test_the_users_own_helm_files_are_not_touched(
    renderer: InstalledTools, workdir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    render(renderer, workdir, "a: b")

    assert not (tmp_path / "home").exists()


def test_a_tool_reaches_no_network(renderer: InstalledTools, workdir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        helm = renderer.tools.helm()
        run = ToolRun((helm.command[0], "pull", f"--repo={address}", "demo"))
        with private_home() as home, pytest.raises(RenderingError, match="without a network"):
            run_tool(run, home=home, limits=renderer.limits)

        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "resource",
    [
        "https://github.com/example/app//base?ref=main",
        "https://127.0.0.1:1/resource.yaml",
        "ssh://git@github.com/example/app.git",
        "https://github.com/example/app?ref=--upload-pack=id",
    ],
)
def test_remote_resources_are_refused_in_words(
    renderer: InstalledTools, workdir: Path, resource: str
) -> None:
    write_tree(workdir, {"kustomization.yaml": f"resources: ['{resource}']\n"})

    with pytest.raises(RenderingError) as caught:
        renderer.kustomization(KustomizationBuild(str(workdir), str(workdir)))

    assert "fetch what is remote with git-clone" in caught.value.message


def test_exec_plugins_and_functions_are_not_run(renderer: InstalledTools, workdir: Path) -> None:
    write_tree(
        workdir,
        {
            "kustomization.yaml": "resources: [own.yaml]\ntransformers: [run.yaml]\n",
            "own.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n",
            "run.yaml": "apiVersion: example.com/v1\nkind: Run\nmetadata:\n  name: run\n"
            "  annotations:\n    config.kubernetes.io/function: |\n"
            "      exec: {path: ./run.sh}\n",
            "run.sh": "#!/bin/sh\ntouch ran\n",
        },
    )
    (workdir / "run.sh").chmod(0o755)

    with pytest.raises(RenderingError):
        renderer.kustomization(KustomizationBuild(str(workdir), str(workdir)))

    assert not (workdir / "ran").exists()


@pytest.mark.slow
def test_a_tool_dies_with_the_worker(
    renderer: InstalledTools, workdir: Path, tmp_path: Path
) -> None:
    write_tree(workdir, chart(templates__more=ENDLESS))
    (workdir / "templates/more").rename(workdir / "templates/more.yaml")
    script = (
        "import sys\n"
        "from promotions.gateways.rendering import InstalledTools\n"
        "from promotions.gateways.tool_runs import ToolLimits\n"
        "from promotions.gateways.tools import ToolPaths, Tools\n"
        "from promotions.ports.rendering import ChartRendering\n"
        "helm, path = sys.argv[1:]\n"
        "tools = Tools(ToolPaths(helm=helm), ToolLimits())\n"
        "InstalledTools(tools, ToolLimits()).chart(ChartRendering(path, path, 'r'))\n"
    )
    worker = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", script, renderer.tools.paths.helm, str(workdir)],
        cwd=Path(__file__).parents[3],
    )
    helm = _await_program(str(workdir))
    time.sleep(0.5)  # until then it may not have been told of to who kills it

    worker.send_signal(signal.SIGKILL)
    worker.wait()

    deadline = time.monotonic() + 30
    while _command_line(helm):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_a_tool_that_nobody_watches_ends_by_itself(
    renderer: InstalledTools, workdir: Path, tmp_path: Path
) -> None:
    write_tree(workdir, chart(templates__more=ENDLESS))
    (workdir / "templates/more").rename(workdir / "templates/more.yaml")
    bounds = Confinement(
        *((Path("/"),), (tmp_path,), (Path("/"),)),
        network=False,
        memory_bytes=1 << 30,
        file_bytes=1 << 20,
        cpu=timedelta(seconds=1),
    )
    argv = [renderer.tools.paths.helm, "template", "r", str(workdir)]

    alone = bounds.start_unconfined(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    assert alone.wait(timeout=60) in {-signal.SIGKILL, -signal.SIGXCPU}


def _await_program(argument: str) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for entry in Path("/proc").glob("[0-9]*"):
            command = _command_line(int(entry.name))
            if command[1:2] == ["template"] and argument in command:
                return int(entry.name)
        time.sleep(0.02)
    raise AssertionError("helm was not started")


def _command_line(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return []
    return text.split("\0") if text else []


def test_both_ways_to_install_a_missing_tool_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    tools = Tools(ToolPaths(), ToolLimits())

    with pytest.raises(ToolMissingError) as helm:
        tools.helm()
    with pytest.raises(ToolMissingError) as kustomize:
        tools.kustomize()

    assert "PATH of the workers, or set KARGO_HELM_PATH" in helm.value.message
    assert "KARGO_KUSTOMIZE_PATH or KARGO_KUBECTL_PATH" in kustomize.value.message


@pytest.mark.parametrize("path", ["/nonexistent/helm", "helm", "/etc/passwd"])
def test_a_setting_that_names_no_program_is_told_of(path: str) -> None:
    with pytest.raises(ToolMissingError, match=f"{path} is not a program"):
        Tools(ToolPaths(helm=path), ToolLimits()).helm()


def test_a_program_that_is_not_helm_is_told_of() -> None:
    for path in ("/bin/true", "/bin/false"):
        with pytest.raises(ToolMissingError, match=r"does not say|cannot be run"):
            Tools(ToolPaths(helm=path), ToolLimits()).helm()


def test_tools_are_found_on_the_path(
    tool_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "helm").symlink_to(tool_folder / "helm")
    monkeypatch.setenv("PATH", f"{tmp_path}:{tool_folder}")
    tools = Tools(ToolPaths(), ToolLimits())

    assert tools.helm().path == tool_folder / "helm"
    assert tools.helm().version in {"v3.17.3", "v4.3.1"}
    assert tools.kustomize().command == (str(tool_folder / "kubectl"), "kustomize")
    assert tools.kustomize().version in {"v5.4.2", "v5.8.1"}
    assert not tools.helm().is_too_old
    assert not tools.kustomize().is_too_old


def test_a_version_is_asked_for_again_when_the_program_changes(
    tool_folder: Path, tmp_path: Path
) -> None:
    program = tmp_path / "helm"
    shutil.copy(tool_folder / "helm", program)
    tools = Tools(ToolPaths(helm=str(program)), ToolLimits())

    first = tools.helm()
    again = tools.helm()
    program.unlink()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)

    assert again is first
    with pytest.raises(ToolMissingError, match="the program itself, and not a script"):
        tools.helm()


@pytest.mark.parametrize(
    ("version", "is_too_old"),
    [("v3.11.3", True), ("v3.12.0", False), ("v4.0.0-rc.1", False), ("v2.17.0", True)],
)
def test_a_version_without_the_options_that_are_used_is_too_old(
    version: str, *, is_too_old: bool
) -> None:
    assert Tool(ToolName.HELM, ("/bin/helm",), version).is_too_old is is_too_old


def test_the_report_names_every_tool_and_the_confinement(tools: Tools) -> None:
    report = report_tools(tools)

    assert [it.name for it in report.tools] == ["git", "gpg", "helm", "kustomize"]
    assert all(it.path and it.version and not it.problem for it in report.tools)
    assert report.is_confined
    assert "Landlock" in report.files
    assert "seccomp" in report.network


def test_this_host_confines_whatever_the_operator_allows() -> None:
    for allow in (True, False):
        assert isolation_here(allow_unconfined=allow) is Isolation.CONFINED


def test_nothing_runs_on_a_host_that_cannot_confine(
    renderer: InstalledTools, workdir: Path
) -> None:
    refusing = with_limits(renderer, ToolLimits(isolation=Isolation.REFUSED))

    with pytest.raises(ToolMissingError, match="KARGO_TOOLS_UNCONFINED=true"):
        render(refusing, workdir, "a: b")

    report = report_tools(refusing.tools)
    assert not report.is_confined
    assert "KARGO_TOOLS_UNCONFINED" in report.files


def test_an_operator_may_let_tools_run_unconfined_and_bounded(
    renderer: InstalledTools, workdir: Path
) -> None:
    trusting = with_limits(renderer, ToolLimits(isolation=Isolation.NONE))

    assert "a: b" in render(trusting, workdir, "a: b")
    with pytest.raises(ToolLimitError, match="1024 MiB of memory"):
        render(trusting, workdir, GREEDY)
    assert "Not confined" in report_tools(trusting.tools).files
    assert "proxy" in report_tools(trusting.tools).network
