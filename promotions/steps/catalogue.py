"""Every step kind that the platform brings, given the ports that they need."""

from dataclasses import dataclass

from promotions.engine.runner import StepRunner
from promotions.ports.control_plane import ControlPlane
from promotions.ports.credentials import CredentialStore
from promotions.ports.git import GitRepositories
from promotions.ports.http import HttpSender
from promotions.ports.metadata import MetadataStore
from promotions.ports.scm import ScmProviders
from promotions.ports.workspaces import Workspaces
from promotions.steps.compose_output import ComposeOutput
from promotions.steps.copy import Copy
from promotions.steps.delete import Delete
from promotions.steps.fail import Fail
from promotions.steps.git_clear import GitClear
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_push import GitPush
from promotions.steps.http import Http
from promotions.steps.kustomize_set_image import KustomizeSetImage
from promotions.steps.yaml_update import YamlUpdate


@dataclass(frozen=True, slots=True)
class StepPorts:
    """The outside, as steps may reach it."""

    workspaces: Workspaces
    repositories: GitRepositories
    credentials: CredentialStore
    control_plane: ControlPlane
    metadata: MetadataStore
    http: HttpSender
    scm: ScmProviders


def builtin_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    """Return a runner of every kind, in the order of their groups."""
    return (*_flow_steps(), *_file_steps(ports), *_git_steps(ports), *_web_steps(ports))


def _flow_steps() -> tuple[StepRunner, ...]:
    return (ComposeOutput(), Fail())


def _file_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    return (Copy(), Delete(), KustomizeSetImage(ports.control_plane), YamlUpdate())


def _git_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    workspaces, credentials = ports.workspaces, ports.credentials
    return (
        GitClear(workspaces),
        GitClone(workspaces, credentials, ports.control_plane, ports.repositories),
        GitCommit(workspaces),
        GitPush(workspaces, credentials),
    )


def _web_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    return (Http(ports.http),)
