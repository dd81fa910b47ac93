"""What every reason has to say, who or what lifts it, and how soon."""

from collections.abc import Callable
from datetime import timedelta

from promotions.engine.eligibility import Code
from tests.functional.portal import reasons

# Each: what brings it about, what it says, who or what lifts it, and how soon if that is known.
Scene = tuple[Callable[[reasons.Asked], None], str, str, timedelta | None]
_EDITS = "whoever may edit"
_BY_HAND = "somebody who promotes it by hand"
FREEZE = 'promotions are closed: denied by promotion window "freeze"'
ITS_PROMOTIONS = "the end of its promotions, and of the pause between waves if there is one"
SCENES: dict[Code, Scene] = {
    Code.NOT_REQUESTED: (
        reasons.not_requested,
        "the Stage does not request Freight of this origin",
        f'{_EDITS} Stage "prod", by adding Warehouse/other to spec.requestedFreight',
        None,
    ),
    Code.NOT_VERIFIED: (
        reasons.not_verified,
        "not yet verified in test",
        'verification in test, or somebody who approves the Freight for "prod"',
        None,
    ),
    Code.NOT_IN_UPSTREAM: (
        reasons.not_verified,
        "has not been promoted to test",
        'a promotion to "test"',
        None,
    ),
    Code.UPSTREAM_MISSING: (
        reasons.upstream_missing,
        'there is no Stage "gone"',
        'whoever may create Stage "gone", or edit spec.requestedFreight of "prod"',
        None,
    ),
    Code.UPSTREAM_PROMOTING: (
        reasons.upstream_promoting,
        'on its way to test with promotion "test.+"',
        'the end of promotion "test.+"',
        None,
    ),
    Code.UPSTREAM_VERIFYING: (
        reasons.upstream_verifying,
        "verification runs in test",
        "the end of the verification in test",
        None,
    ),
    Code.UPSTREAM_VERIFICATION_FAILED: (
        reasons.upstream_verification_failed,
        "verification in test ended as Failed",
        'whoever may promote to "test", by verifying again',
        None,
    ),
    Code.UPSTREAM_NOT_HEALTHY: (
        reasons.upstream_not_healthy,
        "test is Unhealthy, and is verified only when it is Healthy",
        "what makes test healthy again",
        None,
    ),
    Code.UPSTREAM_HEALTH_UNKNOWN: (
        reasons.upstream_health_unknown,
        "the health of test is not known yet, and it is verified only when it is Healthy",
        "the next health check of test",
        None,
    ),
    Code.SOAKING: (
        reasons.soaking,
        "43 min of soak left in test",
        'time, or somebody who approves the Freight for "prod"',
        42 * reasons.MINUTE,
    ),
    Code.SOAK_INTERRUPTED: (
        reasons.soak_interrupted,
        "has not been in test for long enough, and is not there now",
        'a promotion back to "test", or somebody who approves the Freight for "prod"',
        None,
    ),
    Code.NEVER_SOAKS: (
        reasons.never_soaks,
        "never soaks in test, which has no promotion steps and keeps no Freight",
        'somebody who approves the Freight for "prod", or whoever may edit its requiredSoakTime',
        None,
    ),
    Code.TEMPLATE_INCOMPLETE: (
        reasons.template_incomplete,
        'task "ship" of step "task-1": PromotionTask "ship" not found',
        f'{_EDITS} that task, or the promotionTemplate of Stage "prod"',
        None,
    ),
    Code.WINDOW_CLOSED: (
        reasons.window_closed,
        f"{FREEZE}; they open at 2100-01-01 00:00:00 UTC",
        "the next opening of its promotion windows",
        365 * 24 * reasons.HOUR,
    ),
    Code.CONTROL_FLOW: (
        reasons.control_flow,
        'Stage "prod" defines no promotion steps; Freight passes through it without a promotion',
        "availability: it passes as soon as it is verified upstream",
        None,
    ),
    Code.APPROVALS_MISSING: (
        reasons.approvals_missing,
        "0 of 2 approvals",
        "whoever may promote to the Stage",
        None,
    ),
    Code.TENANT_SUSPENDED: (
        reasons.tenant_suspended,
        'the tenant "default" is suspended',
        "an operator of the platform, by resuming it",
        None,
    ),
    Code.PROMOTION_RUNNING: (
        reasons.promotion_running,
        'promotion "prod.+" is under way',
        "the end of it, or whoever may abort it",
        None,
    ),
    Code.QUEUED: (
        reasons.queued,
        "behind 1 promotion in the queue of prod",
        "the end of those promotions, or whoever may abort them",
        None,
    ),
    Code.VERIFICATION_RUNNING: (
        reasons.verification_running,
        "what prod holds is being verified",
        "the end of that verification, or whoever may abort it",
        None,
    ),
    Code.VERIFICATION_DUE: (
        reasons.verification_due,
        "what prod holds is about to be verified",
        "the end of that verification",
        None,
    ),
    Code.QUOTA_REACHED: (
        reasons.quota_reached,
        "0 of the tenant's quota of 0 concurrent promotions are running",
        "the end of one of them, or an operator of the platform, by raising the quota",
        None,
    ),
    Code.SHARD_DEAD: (
        reasons.shard_dead,
        ".*edge.*",
        "an operator of the platform, by starting a worker of that shard",
        None,
    ),
    Code.CONTROL_PLANE_UNREACHABLE: (
        reasons.control_plane_unreachable,
        'control plane "argo-eu" does not answer',
        "its answering again, which is tried",
        None,
    ),
    Code.ALREADY_THERE: (reasons.already_there, "prod holds it already", f"{_BY_HAND} again", None),
    Code.AUTO_PROMOTION_OFF: (
        reasons.auto_promotion_off,
        "no policy enables auto-promotion for prod",
        f"{_BY_HAND}, or {_EDITS} the ProjectConfig's promotionPolicies",
        None,
    ),
    Code.HELD: (
        reasons.held,
        r"alice promoted other Freight \(older\), which holds auto-promotion from Warehouse/main",
        "somebody who promotes the newest Freight by hand",
        None,
    ),
    Code.LEFT_UPSTREAM: (
        reasons.left_upstream,
        "not in test now, which prod follows",
        f'a promotion back to "?test"?, or {_BY_HAND}',
        None,
    ),
    Code.NEVER_IN_UPSTREAM: (
        reasons.never_in_upstream,
        "prod follows test, which has no promotion steps and keeps no Freight",
        f'{_BY_HAND}, or whoever may edit the selectionPolicy of Stage "prod"',
        None,
    ),
    Code.SEVERAL_UPSTREAM: (
        reasons.several_upstream,
        "prod follows test, and more than one piece of Freight is there",
        f"a promotion that leaves one of them, or {_BY_HAND}",
        None,
    ),
    Code.NOT_NEWEST: (
        reasons.not_newest,
        'there is newer Freight that prod may take: ".+"',
        _BY_HAND,
        None,
    ),
    Code.REQUEST_EXISTS: (
        reasons.request_exists,
        "there is a promotion request for it, and automation makes no second one",
        f"{_BY_HAND}, or retries that request",
        None,
    ),
    Code.LAST_ATTEMPT_FAILED: (
        reasons.last_attempt_failed,
        'its last promotion to prod, "prod.+", ended as Failed',
        _BY_HAND,
        None,
    ),
    Code.FREIGHT_DELETED: (
        reasons.freight_deleted,
        "the Freight no longer exists",
        "nothing; promote other Freight",
        None,
    ),
    Code.NOT_STARTED: (reasons.not_started, "about to start", "a worker of shard default", None),
    Code.STEP_WAITS: (
        reasons.step_waits,
        "step it waits: pull request #7 is open",
        "whoever merges or closes the pull request",
        None,
    ),
    Code.STEP_RETRIES: (
        reasons.step_retries,
        "step it is tried again after 2 attempts failed: no route to host",
        "the next attempt, or whoever may abort the promotion",
        reasons.HOUR - reasons.MINUTE,
    ),
    Code.STEP_RUNS: (reasons.step_runs, "step it runs", "its end", None),
    Code.TARGETS_RUN: (
        reasons.targets_run,
        r'wave 2 \("2"\) of 2 begins in .+, after the pause between waves',
        f"{ITS_PROMOTIONS}; or whoever may abort the request",
        reasons.HOUR - reasons.MINUTE,
    ),
}
