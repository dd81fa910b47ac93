"""The manifests of a project that has some of everything, and of what its tenant shares."""

from collections.abc import Iterator
from typing import Any

from projects.models.secret import SHARED_NAMESPACE, SYSTEM_NAMESPACE

PROJECT = "demo"
GIT, IMAGE, CHART = (
    "https://git.example.com/team/app.git",
    "registry.example.com/team/app",
    "https://charts.example.com",
)
TOKEN = "2026-06-01T12:00:00.000001Z"
"""A request to look again; every object that takes one carries it."""

_REFRESH = {"annotations": {"kargo.akuity.io/refresh": TOKEN}}
STEPS: list[dict[str, Any]] = [
    {
        "uses": "compose-output",
        "as": "out",
        "if": "${{ success() }}",
        "continueOnError": True,
        "retry": {"timeout": "5m0s", "errorThreshold": 2},
        "vars": [{"name": "who", "value": "bob"}],
        "config": {"one": 1, "nested": {"list": [1, "two", None, 3.5]}},
    },
    {
        "uses": "argocd-update",
        "as": "sync",
        "config": {"apps": [{"name": "${{ vars.app }}-${{ ctx.stage }}", "namespace": "apps"}]},
    },
]
_LINK = {"title": "Board", "url": "https://board.example.com/{{ .stage.metadata.name }}"}
_RECEIVER = {"name": "hooks", "github": {"secretRef": {"name": "hooks"}}}
_METRIC = {
    "name": "errors",
    "interval": "1m",
    "successCondition": "result < 1",
    "provider": {"web": {"url": "https://metrics.example.com/{{args.service}}"}},
}


RUN = "test.1"
_JOB = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "smoke"}]}}}}
MEASURED = [_METRIC, {"name": "smoke", "provider": {"job": _JOB}}]
_MEASUREMENT = {
    "phase": "Successful",
    "startedAt": "2026-06-01T12:00:00Z",
    "finishedAt": "2026-06-01T12:00:00Z",
}
RUN_STATUS = {
    "phase": "Successful",
    "startedAt": "2026-06-01T12:00:00Z",
    "completedAt": "2026-06-01T12:00:00Z",
    "runSummary": {"count": 2, "successful": 2},
    "metricResults": [
        {
            "name": name,
            "phase": "Successful",
            "count": 1,
            "successful": 1,
            "measurements": [{**_MEASUREMENT, "value": value}],
        }
        for name, value in (("errors", "0.5"), ("smoke", ""))
    ],
}
"""What a run measured that verified the Freight of the Stage ``test``."""


def document(kind: str, name: str, *, group: str = "", **parts: Any) -> dict[str, Any]:
    """Return a manifest of the project; ``group`` is another ``apiVersion`` than Kargo's."""
    metadata = {"name": name, "namespace": PROJECT, **parts.pop("metadata", {})}
    if kind.startswith("Cluster") or kind == "Project":
        del metadata["namespace"]
    return {
        "apiVersion": group or "kargo.akuity.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        **parts,
    }


def documents() -> list[dict[str, Any]]:
    """Return the manifests, for the default tenant."""
    task = {"vars": [{"name": "app"}], "steps": STEPS}
    template = {"metrics": [_METRIC], "args": [{"name": "service"}]}
    argo, message = "argoproj.io/v1alpha1", "ee.kargo.akuity.io/v1alpha1"
    channel = {"secretRef": {"name": "slack"}, "slack": {"channelID": "C1"}}
    return [
        document("Project", PROJECT, metadata={"labels": {"team": "a"}}),
        *_configs(),
        *_keyed(),
        document("MessageChannel", "team", group=message, spec=channel),
        document("ClusterMessageChannel", "all", group=message, spec=channel),
        document("PromotionTask", "deploy", spec=task),
        document("ClusterPromotionTask", "deploy-all", spec=task),
        document("AnalysisTemplate", "check", group=argo, spec=template),
        document("ClusterAnalysisTemplate", "check-all", group=argo, spec=template),
        _warehouse(),
        *_stages(),
    ]


def _configs() -> list[dict[str, Any]]:
    window = {
        "name": "nights",
        "kind": "Deny",
        "rrule": "FREQ=DAILY;UNTIL=20010131T235959Z",
        "dtstart": "TZID=Europe/Oslo:20010101T220000",
        "dtend": "TZID=Europe/Oslo:20010102T060000",
    }
    freight_link = {"title": "F", "url": "https://f.example.com/{{ .freight.alias }}"}
    shared = {
        "webhookReceivers": [_RECEIVER],
        "promotionWindows": [window],
        "freightLinks": [freight_link, {**freight_link, "if": "freight.nothing.at.all > 1"}],
        "stageLinks": [_LINK, {**_LINK, "if": 'stage.metadata.name == "prod"'}],
    }
    policy = {"stageSelector": {"name": "glob:p*"}, "autoPromotionEnabled": False}
    git = {"name": "Kargo", "email": "kargo@example.com"}
    return [
        document("ClusterConfig", "cluster", metadata=_REFRESH, spec={"gitClient": git, **shared}),
        document(
            "ProjectConfig",
            PROJECT,
            metadata=_REFRESH,
            spec={"promotionPolicies": [policy], **shared},
        ),
    ]


def _keyed() -> Iterator[dict[str, Any]]:
    """Yield ConfigMaps and credentials of the project and of the tenant's own namespaces."""
    for namespace in (PROJECT, SHARED_NAMESPACE, SYSTEM_NAMESPACE):
        place = {"namespace": namespace, "annotations": {"kargo.akuity.io/description": "It is."}}
        yield document("ConfigMap", "settings", group="v1", metadata=place, data={"one": "1"})
        yield _secret("slack", "generic", place, apiKey="not-shown")
        if namespace != SYSTEM_NAMESPACE:
            yield _secret("git", "git", place, repoURL=GIT, username="bob", password="not-shown")


def _secret(name: str, kind: str, place: dict[str, Any], **values: str) -> dict[str, Any]:
    metadata = {**place, "labels": {"kargo.akuity.io/cred-type": kind}}
    return document("Secret", name, group="v1", metadata=metadata, stringData=values)


def _warehouse() -> dict[str, Any]:
    subscriptions: list[dict[str, Any]] = [
        {"git": {"repoURL": GIT, "branch": "main", "includePaths": ["glob:apps/*"]}},
        {"image": {"repoURL": IMAGE, "constraint": "^1.0.0"}},
        {"chart": {"repoURL": CHART, "name": "app"}},
    ]
    criteria = {"expression": "true"}
    spec = {
        "shard": "edge",
        "interval": "10m",
        "freightCreationPolicy": "Manual",
        "freightCreationCriteria": criteria,
        "subscriptions": subscriptions,
    }
    return document("Warehouse", "main", metadata=_REFRESH, spec=spec)


def _stages() -> list[dict[str, Any]]:
    origin = {"kind": "Warehouse", "name": "main"}
    direct = [{"origin": origin, "sources": {"direct": True}}]
    upstream = {
        "stages": ["test"],
        "requiredSoakTime": "1h",
        "availabilityStrategy": "OneOf",
        "autoPromotionOptions": {"selectionPolicy": "MatchUpstream"},
    }
    template = {"spec": {"vars": [{"name": "app", "value": "app"}], "steps": STEPS}}
    through_task = {"task": {"name": "deploy"}, "vars": [{"name": "app", "value": "x"}]}
    verification = {
        "analysisTemplates": [{"name": "check"}],
        "analysisRunMetadata": {"labels": {"a": "b"}},
        "args": [{"name": "service", "value": "app"}],
    }
    look = {"annotations": {**_REFRESH["annotations"], "kargo.akuity.io/color": "red"}}
    return [
        document(
            "Stage",
            "test",
            metadata=look,
            spec={
                "shard": "edge",
                "vars": [{"name": "who", "value": "bob"}],
                "requestedFreight": direct,
                "promotionTemplate": template,
                "verification": verification,
            },
        ),
        document(
            "Stage",
            "prod",
            spec={
                "requestedFreight": [{"origin": origin, "sources": upstream}],
                "promotionTemplate": {"spec": {"steps": [through_task]}},
            },
        ),
        document("Stage", "through", spec={"requestedFreight": direct}),
    ]
