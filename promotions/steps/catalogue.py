"""Every step kind that the platform brings, given the ports that they need."""

from dataclasses import dataclass, field

from promotions.engine.runner import StepRunner
from promotions.ports.argocd import ControlPlanes
from promotions.ports.argocd_none import NoControlPlanes
from promotions.ports.audit import AuditLog
from promotions.ports.control_plane import ControlPlane
from promotions.ports.credentials import CredentialStore
from promotions.ports.git import GitRepositories
from promotions.ports.github import GitHub
from promotions.ports.http import HttpSender
from promotions.ports.intents import Intents
from promotions.ports.jira import Jira
from promotions.ports.metadata import MetadataStore
from promotions.ports.notify import Channels, Messenger
from promotions.ports.oci import ArtifactRegistry, ImageRegistry
from promotions.ports.rendering import Renderer
from promotions.ports.responses import Responses
from promotions.ports.scm import ScmProviders
from promotions.ports.workspaces import Workspaces
from promotions.steps.argocd_update import ArgoCDUpdate
from promotions.steps.argocd_wait import ArgoCDWait
from promotions.steps.compose_output import ComposeOutput
from promotions.steps.copy import Copy
from promotions.steps.delete import Delete
from promotions.steps.fail import Fail
from promotions.steps.file_write import FileWrite
from promotions.steps.get_user_input import GetUserInput
from promotions.steps.gh_create_issue import GhCreateIssue
from promotions.steps.gh_issue_add_comment import GhIssueAddComment
from promotions.steps.gh_issue_delete_comment import GhIssueDeleteComment
from promotions.steps.gh_issue_update_comment import GhIssueUpdateComment
from promotions.steps.gh_search_issues import GhSearchIssues
from promotions.steps.gh_update_issue import GhUpdateIssue
from promotions.steps.gh_wait_for_issue_state import GhWaitForIssueState
from promotions.steps.gha_dispatch_workflow import GhaDispatchWorkflow
from promotions.steps.gha_wait_for_workflow import GhaWaitForWorkflow
from promotions.steps.git_clear import GitClear
from promotions.steps.git_clone import GitClone
from promotions.steps.git_commit import GitCommit
from promotions.steps.git_merge_pr import GitMergePR
from promotions.steps.git_open_pr import GitOpenPR
from promotions.steps.git_push import GitPush
from promotions.steps.git_tag import GitTag
from promotions.steps.git_wait_for_pr import GitWaitForPR
from promotions.steps.github_push import GithubPush, GitHubPushPolicy
from promotions.steps.hcl_update import HclUpdate
from promotions.steps.helm_template import HelmTemplate
from promotions.steps.helm_update_chart import HelmUpdateChart
from promotions.steps.http import Http
from promotions.steps.http_download import HttpDownload
from promotions.steps.jira import JiraStep
from promotions.steps.json_parse import JsonParse
from promotions.steps.json_update import JsonUpdate
from promotions.steps.kustomize_build import KustomizeBuild
from promotions.steps.kustomize_set_image import KustomizeSetImage
from promotions.steps.oci_download import OciDownload
from promotions.steps.oci_push import OciPush
from promotions.steps.record_audit_event import RecordAuditEvent
from promotions.steps.send_message import SendMessage
from promotions.steps.set_freight_alias import SetFreightAlias
from promotions.steps.set_metadata import SetMetadata
from promotions.steps.support.chart_dependencies import ChartDependencies
from promotions.steps.support.chart_repositories import ChartRepositories
from promotions.steps.support.kustomizations import Kustomizations
from promotions.steps.tar import Tar
from promotions.steps.toml_parse import TomlParse
from promotions.steps.toml_update import TomlUpdate
from promotions.steps.untar import Untar
from promotions.steps.wait_for_approval import WaitForApproval
from promotions.steps.yaml_merge import YamlMerge
from promotions.steps.yaml_parse import YamlParse
from promotions.steps.yaml_update import YamlUpdate


@dataclass(frozen=True, slots=True)
class StepPorts:
    """The outside, as steps may reach it."""

    workspaces: Workspaces
    repositories: GitRepositories
    credentials: CredentialStore
    control_plane: ControlPlane
    metadata: MetadataStore
    responses: Responses
    audit: AuditLog
    channels: Channels
    messenger: Messenger
    intents: Intents
    http: HttpSender
    images: ImageRegistry
    artifacts: ArtifactRegistry
    max_oci_push_bytes: int
    renderer: Renderer
    scm: ScmProviders
    github: GitHub
    github_push: GitHubPushPolicy
    jira: Jira
    argocd: ControlPlanes = field(default_factory=NoControlPlanes)


def builtin_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    """Return a runner of every kind, in the order of their groups."""
    return (
        *_flow_steps(),
        *_control_plane_steps(ports),
        *_people_steps(ports),
        *_file_steps(),
        *_rendering_steps(ports),
        *_git_steps(ports),
        *_pull_request_steps(ports),
        *_github_steps(ports),
        *_web_steps(ports),
    )


def _flow_steps() -> tuple[StepRunner, ...]:
    return (ComposeOutput(), Fail())


def _control_plane_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    return (
        ArgoCDUpdate(ports.argocd, ports.intents),
        ArgoCDWait(ports.argocd),
        SetFreightAlias(ports.metadata),
        SetMetadata(ports.metadata),
    )


def _people_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    return (
        GetUserInput(ports.responses),
        RecordAuditEvent(ports.audit),
        SendMessage(ports.channels, ports.messenger, ports.intents, ports.http),
        WaitForApproval(ports.responses),
    )


def _file_steps() -> tuple[StepRunner, ...]:
    return (
        Copy(),
        Delete(),
        FileWrite(),
        HclUpdate(),
        JsonParse(),
        JsonUpdate(),
        Tar(),
        TomlParse(),
        TomlUpdate(),
        Untar(),
        YamlMerge(),
        YamlParse(),
        YamlUpdate(),
    )


def _rendering_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    repositories = _chart_repositories(ports)
    dependencies = ChartDependencies(ports.renderer, repositories)
    return (
        HelmTemplate(ports.renderer, dependencies),
        HelmUpdateChart(dependencies),
        KustomizeBuild(kustomizations(ports)),
        KustomizeSetImage(ports.control_plane),
    )


def _git_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    workspaces, credentials = ports.workspaces, ports.credentials
    return (
        GitClear(workspaces),
        GitClone(workspaces, credentials, ports.control_plane, ports.repositories),
        GitCommit(workspaces),
        GitPush(workspaces, credentials),
        GitTag(workspaces),
    )


def _pull_request_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    return (
        GitMergePR(ports.credentials, ports.scm),
        GitOpenPR(ports.repositories, ports.credentials, ports.scm),
        GitWaitForPR(ports.credentials, ports.scm),
    )


def _github_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    github, credentials = ports.github, ports.credentials
    return (
        GhCreateIssue(github, credentials, ports.control_plane, ports.metadata),
        GhIssueAddComment(github, credentials),
        GhIssueDeleteComment(github, credentials),
        GhIssueUpdateComment(github, credentials),
        GhSearchIssues(github, credentials),
        GhUpdateIssue(github, credentials),
        GhWaitForIssueState(github, credentials),
        GhaDispatchWorkflow(github, credentials, ports.intents),
        GhaWaitForWorkflow(github, credentials),
        GithubPush(ports.workspaces, credentials, github, ports.github_push),
    )


def _web_steps(ports: StepPorts) -> tuple[StepRunner, ...]:
    return (
        Http(ports.http),
        HttpDownload(ports.http),
        JiraStep(ports.jira, ports.control_plane, ports.metadata, ports.intents),
        OciDownload(ports.artifacts, ports.credentials),
        OciPush(ports.artifacts, ports.credentials, ports.max_oci_push_bytes),
    )


def kustomizations(ports: StepPorts) -> Kustomizations:
    """Return what builds kustomizations, with the charts that they want."""
    return Kustomizations(ports.renderer, _chart_repositories(ports))


def _chart_repositories(ports: StepPorts) -> ChartRepositories:
    return ChartRepositories(ports.http, ports.images, ports.artifacts, ports.credentials)
