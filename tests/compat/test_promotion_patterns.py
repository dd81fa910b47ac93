"""The ways in which people promote, from the manifests that they publish to what is in Git.

The manifests are applied as they are (their hosts are servers on this machine), freight is made as
a Warehouse would, and the platform's reconcilers do the rest.
"""

import pytest

from promotions.models import Freight
from tests.compat.aftermath import shown
from tests.compat.bringing import (
    POD,
    answer,
    bring,
    freight,
    image,
    is_state,
    promote,
    text,
    verified,
)
from tests.compat.scene import Scene
from tests.functional.domain.world import steps_of

pytestmark = pytest.mark.slow

SHA = "~[0-9a-f]{40}"
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: gatekeeper\nversion: 0.1.0\n",
    "values.yaml": "image: {tag: none}\nkargo: {stage: none}\nreplicas: 1\n",
    "templates/deploy.yaml": """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  labels: {stage: {{ .Values.kargo.stage }}, kube: {{ .Capabilities.KubeVersion.Version }}}
spec:
  replicas: {{ .Values.replicas }}
  template: {spec: {containers: [{name: app, image: "gatekeeper:{{ .Values.image.tag }}"}]}}
""",
    "templates/tests/check.yaml": """\
apiVersion: v1
kind: Pod
metadata:
  name: check
  annotations: {"helm.sh/hook": test}
""",
}


# ------------------------------------------------------------ pull_requests.yaml
@pytest.fixture
def guestbook(scene: Scene) -> Scene:
    bring(scene, "pull_requests", "guestbook")
    kustomization = (
        "resources:\n- ../../base\nimages:\n- name: ghcr.io/example/guestbook\n  newTag: v0.1.0\n"
    )
    files = {f"env/{stage}/kustomization.yaml": kustomization for stage in ("dev", "prod")}
    scene.prepare({"repositories": {"example/repo": files}})
    return scene


def test_an_image_is_set_and_pushed_straight_to_main(guestbook: Scene) -> None:
    found = freight(guestbook, "guestbook", images=[image("ghcr.io/example/guestbook", "v0.2.0")])

    promotion = promote(guestbook, "dev", found)

    assert promotion.phase == "Succeeded", shown(promotion)
    message = "Updated ./src/env/dev to use new image\n\n- ghcr.io/example/guestbook:v0.2.0"
    is_state(
        promotion,
        {
            "promote::update-image": {"commitMessage": message},
            "promote::commit": {"commit": SHA},
            "promote::result": {"commit": SHA, "stage": "dev"},
            "promote": {"commit": SHA, "stage": "dev"},
        },
    )
    assert dict(steps_of(promotion)) | {"promote::open-pr": "Skipped"} == dict(steps_of(promotion))
    assert "newTag: v0.2.0" in text(guestbook, "main:env/dev/kustomization.yaml")
    assert "newTag: v0.1.0" in text(guestbook, "main:env/prod/kustomization.yaml")
    assert guestbook.repository().git("log", "-1", "--format=%B", "main") == message


def test_what_is_there_already_is_promoted_without_a_commit(guestbook: Scene) -> None:
    found = freight(guestbook, "guestbook", images=[image("ghcr.io/example/guestbook", "v0.2.0")])
    first = promote(guestbook, "dev", found)
    head = guestbook.repository().git("rev-parse", "main")

    again = promote(guestbook, "dev", found)

    assert (first.phase, again.phase) == ("Succeeded", "Succeeded")
    assert dict(steps_of(again))["promote::commit"] == "Skipped"
    assert again.state["promote"]["commit"] == head
    assert guestbook.repository().git("rev-parse", "main") == head


def test_a_pull_request_is_opened_merged_by_somebody_and_its_commit_told(guestbook: Scene) -> None:
    guestbook.hosts.web.answers["/notify"] = [answer('{"id": "T-7"}')]
    found = freight(guestbook, "guestbook", images=[image("ghcr.io/example/guestbook", "v0.2.0")])
    promote(guestbook, "dev", found)
    verified(guestbook, "dev", found)

    promotion = promote(guestbook, "prod", found, meanwhile=[{"wait": 60}, {"merge": 1}])

    assert promotion.phase == "Succeeded", shown(promotion)
    merged = guestbook.repository().git("rev-parse", "main")
    is_state(
        promotion,
        {
            "promote::push": {"branch": "~kargo/promotion/prod\\..*", "commit": SHA},
            "promote::open-pr": {"pr": {"id": 1, "url": "~http://github.com:.*/pull/1"}},
            "promote::wait-for-pr": {
                "pr": {"id": 1, "open": False, "merged": True},
                "commit": merged,
            },
            "promote": {"commit": merged, "stage": "prod"},
            "notify": {"ticket": "T-7"},
        },
    )
    (asked,) = guestbook.hosts.web.asked
    assert asked.body.decode() == f"New commit: {merged} in prod\n"
    assert "newTag: v0.2.0" in text(guestbook, "main:env/prod/kustomization.yaml")


def test_a_pull_request_that_is_closed_fails_the_promotion(guestbook: Scene) -> None:
    found = freight(guestbook, "guestbook", images=[image("ghcr.io/example/guestbook", "v0.2.0")])
    promote(guestbook, "dev", found)
    verified(guestbook, "dev", found)

    promotion = promote(guestbook, "prod", found, meanwhile=[{"wait": 1}, {"close": 1}])

    assert promotion.phase == "Failed"
    assert promotion.message == (
        'step "promote::wait-for-pr": pull request 1 was closed without being merged'
    )
    assert dict(steps_of(promotion))["notify"] == "Skipped"


# ------------------------------------------------------------ rendered branches
def test_manifests_are_rendered_with_kustomize_to_the_stages_branch(scene: Scene) -> None:
    bring(scene, "kustomize_quickstart", "storefront")
    files = {
        "base/kustomization.yaml": "resources:\n- pod.yaml\n",
        "base/pod.yaml": POD.format(image="public.ecr.aws/nginx/nginx"),
        "stages/test/kustomization.yaml": "resources:\n- ../../base\nnamePrefix: test-\n",
    }
    scene.prepare({"repositories": {"example/repo": {}, "example/storefront-gitops": files}})
    found = freight(scene, "storefront", images=[image("public.ecr.aws/nginx/nginx", "1.28.1")])

    promotion = promote(scene, "test", found)

    repository = scene.repository("example/storefront-gitops")
    rendered = repository.git("show", "stage/test:pod-test-app.yaml")
    assert "image: public.ecr.aws/nginx/nginx:1.28.1" in rendered
    assert repository.git("ls-tree", "--name-only", "stage/test") == "pod-test-app.yaml"
    assert repository.git("log", "-1", "--format=%s", "stage/test") == (
        "Updated ./src/base to use new image"
    )
    assert promotion.phase == "Errored"
    assert "Argo CD integration is disabled" in promotion.message


def test_manifests_are_rendered_with_helm_between_two_tasks(scene: Scene) -> None:
    bring(scene, "rendered_helm", "gatekeeper")
    chart = {f"gatekeeper-app/deploy/chart/{name}": it for name, it in CHART.items()}
    files = {**chart, "gatekeeper-app/deploy/dev/values.yaml": "replicas: 3\n"}
    scene.prepare({"repositories": {"example/repo": files}})
    commit = scene.repository().git("rev-parse", "main")
    found = freight(
        scene,
        "gatekeeper",
        images=[image("example/gatekeeper-app", "1.10")],
        commits=[{"repoURL": "https://github.com/example/repo.git", "id": commit}],
    )

    promotion = promote(scene, "dev", found)

    assert promotion.phase == "Succeeded", shown(promotion)
    assert [alias for alias, _ in steps_of(promotion)] == [
        "task-1::step-1",
        "task-1::step-2",
        "step-2",
        "pushed::commit",
        "pushed::push",
    ]
    assert text(scene, "env/dev:manifests.yaml") == (
        "---\n# Source: gatekeeper/templates/deploy.yaml\napiVersion: apps/v1\nkind: Deployment\n"
        "metadata:\n  name: deploy\n  namespace: gatekeeper-dev\n"
        "  labels: {stage: dev, kube: v1.30.0}\nspec:\n  replicas: 3\n"
        '  template: {spec: {containers: [{name: app, image: "gatekeeper:1.10"}]}}'
    )
    assert scene.repository().git("log", "-1", "--format=%an <%ae> %s", "env/dev") == (
        "Kargo Bot <kargo@my-org.com> Render dev with 1.10"
    )
    page = promotion.state["pushed::push"]["commitURL"]
    assert page.endswith(f"/example/repo/commit/{scene.repository().git('rev-parse', 'env/dev')}")


# ------------------------------------------------------------ values_on_main.yaml
INDEXER = "registry.example.com/arr/indexer"


@pytest.fixture
def arr_stack(scene: Scene) -> Scene:
    bring(scene, "values_on_main", "arr-stack")
    chart = (
        "apiVersion: v2\nname: arr\nversion: 0.1.0\ndependencies:\n- name: common\n"
        "  repository: oci://registry.example.com/arr/charts\n  version: 1.0.0 # pinned\n"
    )
    values = "image:\n  tag: v1.0.0 # by Kargo\n  digest: none\nreplicas: 3\n"
    values += "regions: [{name: eu}, {name: us}]\n"
    scene.prepare(
        {
            "repositories": {
                "example/repo": {
                    "env/test/values.yaml": values,
                    "limits.json": '{"replicas": {"max": 3}}',
                    "chart/Chart.yaml": chart,
                }
            },
            "oci_charts": {"arr/charts/common": ["1.0.0", "1.1.0"]},
            "images": {"arr/indexer": ["v1.2.0"]},
        }
    )
    return scene


def arr_freight(scene: Scene) -> Freight:
    digest = scene.hosts.registry.digest("arr/indexer", "v1.2.0")
    return freight(
        scene,
        "arr-stack",
        images=[{"repoURL": INDEXER, "tag": "v1.2.0", "digest": digest}],
        charts=[{"repoURL": "oci://registry.example.com/arr/charts/common", "version": "1.1.0"}],
    )


def test_values_and_a_chart_change_on_main_and_the_image_gets_the_stages_tag(
    arr_stack: Scene,
) -> None:
    registry = arr_stack.hosts.registry
    digest = registry.digest("arr/indexer", "v1.2.0")

    promotion = promote(arr_stack, "test", arr_freight(arr_stack))

    assert promotion.phase == "Succeeded", shown(promotion)
    pushed = arr_stack.repository().git("rev-parse", "main")
    outputs = {
        "commit": pushed,
        "change": "v1.0.0 -> v1.2.0",
        "size": "Minor",
        "regions": ["eu", "us"],
        "replicas": 3,
        "digest": registry.digest("arr/indexer", "test"),
    }
    is_state(
        promotion,
        {
            "promote::before": {"tag": "v1.0.0", "replicas": 3, "regions": ["eu", "us"]},
            "promote::limits": {"most": 3},
            "promote::result": outputs,
            "promote": outputs,
            "told": {"slack": {"threadTS": "~\\d{10}\\.\\d{6}"}},
        },
    )
    assert text(arr_stack, "main:env/test/values.yaml") == (
        f"image:\n  tag: v1.2.0\n  digest: {digest}\nreplicas: 3\n"
        "regions: [{name: eu}, {name: us}]"
    )
    assert "version: 1.1.0" in text(arr_stack, "main:chart/Chart.yaml")
    assert arr_stack.repository().git("log", "-1", "--format=%B", "main") == (
        "test: promote image v1.2.0\n\nUpdated ./src/env/test/values.yaml\n\n"
        f"- image.tag: v1.2.0\n- image.digest: {digest}\n\n"
        "Updated chart dependencies for ./src/chart\n\n- common: 1.1.0"
    )
    annotations = registry.document("arr/indexer", "test")["annotations"]
    assert annotations == {"org.opencontainers.image.revision": pushed}
    assert [it["text"] for it in arr_stack.hosts.slack.messages] == ["arr-stack/test has v1.2.0"]
    assert arr_stack.hosts.mail.mails == []


def test_what_one_stage_writes_down_the_next_one_reads(arr_stack: Scene) -> None:
    found = arr_freight(arr_stack)
    first = promote(arr_stack, "test", found)
    verified(arr_stack, "test", found)

    promotion = promote(arr_stack, "prod", found)

    assert promotion.phase == "Succeeded", shown(promotion)
    is_state(
        promotion,
        {
            "what": {
                "size": "Minor",
                "commit": first.state["promote"]["commit"],
                "testedBy": "alice@example.com",
                "firstRegion": "eu",
                "change": "v1.0.0 -> v1.2.0",
                "nothing": "none yet",
            }
        },
    )
    found.refresh_from_db()
    assert found.alias == "release-v1.2.0"


def test_people_hear_of_a_failure_and_of_what_was_not_tried(arr_stack: Scene) -> None:
    arr_stack.repository().origin.commit({"limits.json": '{"replicas": {"max": 2}}'}, "Fewer")

    promotion = promote(arr_stack, "test", arr_freight(arr_stack))

    assert promotion.phase == "Failed"
    assert promotion.message == 'step "promote::step-4": failed: 3 replicas are more than 2'
    statuses = dict(steps_of(promotion))
    assert statuses["promote::values"] == statuses["step-2"] == "Skipped"
    assert statuses["told"] == "Succeeded"
    assert [it["text"] for it in arr_stack.hosts.slack.messages] == [
        "arr-stack/test did not get v1.2.0"
    ]
    (mail,) = arr_stack.hosts.mail.mails
    assert mail.message.get_content().strip() == f"{promotion.name} failed"
