"""Which test kills the worker of each step that has effects.

A promotion's worker is killed with SIGKILL before, during and after the effect of its last step;
another worker carries on, on the same host or on one where the work directory is gone. What
"once" means is asserted on the outside's state.
"""

KILLED_IN = {
    "argocd-update": "test_argocd",
    "get-user-input": "test_people",
    "gh-create-issue": "test_github_issues",
    "gh-issue-add-comment": "test_github_issues",
    "gh-issue-delete-comment": "test_github_issues",
    "gh-issue-update-comment": "test_github_issues",
    "gh-update-issue": "test_github_issues",
    "gha-dispatch-workflow": "test_workflows",
    "git-clone": "test_git_effects",
    "git-merge-pr": "test_pull_requests",
    "git-open-pr": "test_pull_requests",
    "git-push": "test_git_effects",
    "github-push": "test_github_push",
    "http": "test_http",
    "jira": "test_jira",
    "oci-push": "test_registries",
    "record-audit-event": "test_control_plane",
    "send-message": "test_messages",
    "set-freight-alias": "test_control_plane",
    "set-metadata": "test_control_plane",
    "wait-for-approval": "test_people",
}
"""Modules of this folder by the kind of step."""

SPARED: dict[str, str] = {}
"""Kinds of step without such a test, and why."""
