"""The demonstration's Kargo manifests: one project, one Warehouse, three Stages in a row."""

from kargo_platform.demo.repositories import STAGES, Repositories

PROJECT = "shop"

_COMMON = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata:
  name: shop
---
apiVersion: kargo.akuity.io/v1alpha1
kind: ProjectConfig
metadata:
  name: shop
  namespace: shop
spec:
  promotionPolicies:
    - stageSelector: {{name: "glob:*"}}
      autoPromotionEnabled: true
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata:
  name: main
  namespace: shop
spec:
  interval: 1s
  subscriptions:
    - git:
        repoURL: {application}
        branch: main
"""

_STAGE = """\
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Stage
metadata:
  name: {stage}
  namespace: shop
spec:
  requestedFreight:
    - origin: {{kind: Warehouse, name: main}}
      sources: {{{sources}}}
  promotionTemplate:
    spec:
      vars:
        - {{name: overlay, value: overlays/{stage}}}
      steps:
        - task: {{name: release}}
          as: release
"""

_TASK_HEAD = """\
---
apiVersion: kargo.akuity.io/v1alpha1
kind: PromotionTask
metadata:
  name: release
  namespace: shop
spec:
  vars:
    - {{name: application, value: "{application}"}}
    - {{name: configuration, value: "{configuration}"}}
  steps:
    - uses: git-clone
      as: application
      config:
        repoURL: ${{{{ vars.application }}}}
        checkout:
          - commit: ${{{{ quote(commitFrom(vars.application).ID) }}}}
            path: ./app
"""

_TASK_TAIL = """\
    - uses: copy
      as: settings
      config:
        inPath: ./app/settings.env
        outPath: ./out/${{{{ vars.overlay }}}}/settings.env
    - uses: kustomize-set-image
      as: image
      config:
        path: ./out/${{{{ vars.overlay }}}}
        images:
          - image: registry.example.com/shop
            tag: ${{{{ quote(commitFrom(vars.application).ID) }}}}
    - uses: yaml-update
      as: revision
      config:
        path: ./out/${{{{ vars.overlay }}}}/release.yaml
        updates:
          - key: revision
            value: ${{{{ quote(commitFrom(vars.application).ID) }}}}
          - key: freight
            value: ${{{{ quote(ctx.targetFreight.alias) }}}}
    - uses: git-commit
      as: commit
      config:
        path: ./out
        message: "${{{{ ctx.stage }}}}: release ${{{{ ctx.targetFreight.alias }}}}"
    - uses: git-push
      as: push
      config:
        path: ./out
"""

_BRANCHES = """\
    - uses: git-clone
      as: configuration
      config:
        repoURL: ${{{{ vars.configuration }}}}
        checkout:
          - branch: main
            path: ./source
          - branch: stage/${{{{ ctx.stage }}}}
            create: true
            path: ./out
    - uses: git-clear
      as: clear
      config:
        path: ./out
    - uses: copy
      as: base
      config:
        inPath: ./source/base
        outPath: ./out/base
    - uses: copy
      as: overlay
      config:
        inPath: ./source/${{{{ vars.overlay }}}}
        outPath: ./out/${{{{ vars.overlay }}}}
"""

_DIRECTORIES = """\
    - uses: git-clone
      as: configuration
      config:
        repoURL: ${{{{ vars.configuration }}}}
        checkout:
          - branch: main
            path: ./out
"""

PATTERNS = {"branches": _BRANCHES, "directories": _DIRECTORIES}
"""How configuration is laid out: a branch for each Stage, or a directory for each in one branch."""


def render_manifests(repositories: Repositories, *, pattern: str) -> str:
    """Return the manifests of the demonstration as one YAML stream."""
    texts = [_COMMON, _TASK_HEAD, PATTERNS[pattern], _TASK_TAIL]
    task = "".join(texts).format(
        application=repositories.application,
        configuration=repositories.configuration,
    )
    return task + "".join(_stage(index) for index in range(len(STAGES)))


def release_of(stage: str, *, pattern: str) -> tuple[str, str, str]:
    """Return where a Stage's release is written: branch, file, and the folder it is in."""
    branch = f"stage/{stage}" if pattern == "branches" else "main"
    return branch, f"overlays/{stage}/release.yaml", f"overlays/{stage}"


def _stage(index: int) -> str:
    sources = "direct: true" if index == 0 else f"stages: [{STAGES[index - 1]}]"
    return _STAGE.format(stage=STAGES[index], sources=sources)
