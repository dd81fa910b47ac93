"""The domain: warehouses, freight, stages, promotions and the work they give."""

from promotions.models.analysis import AnalysisTemplate, ClusterAnalysisTemplate
from promotions.models.analysis_run import AnalysisJob, AnalysisRun
from promotions.models.application_index import AddressedApplication
from promotions.models.event import Event
from promotions.models.freight import Freight, FreightArtifact
from promotions.models.freight_history import FreightCollection, FreightCollectionItem
from promotions.models.hold import AutoPromotionHold
from promotions.models.message_channel import ClusterMessageChannel, MessageChannel
from promotions.models.preview import Preview
from promotions.models.promotion import Promotion
from promotions.models.promotion_approval import PromotionApproval
from promotions.models.promotion_prompt import PromotionPrompt, PromotionResponse
from promotions.models.promotion_request import PromotionRequest, RequestTarget
from promotions.models.slot import SlotWait
from promotions.models.stage import Stage
from promotions.models.stage_freight import StageFreight
from promotions.models.step_execution import StepExecution
from promotions.models.step_intent import StepIntent
from promotions.models.target import Target
from promotions.models.task import ClusterPromotionTask, PromotionTask
from promotions.models.verification import Verification
from promotions.models.warehouse import Warehouse
from promotions.models.webhook_index import AwaitedPullRequest, SubscribedUrl
from promotions.models.webhook_receiver import WebhookReceiver
from promotions.models.work import Work, WorkerBeat, WorkKind

__all__ = [
    "AddressedApplication",
    "AnalysisJob",
    "AnalysisRun",
    "AnalysisTemplate",
    "AutoPromotionHold",
    "AwaitedPullRequest",
    "ClusterAnalysisTemplate",
    "ClusterMessageChannel",
    "ClusterPromotionTask",
    "Event",
    "Freight",
    "FreightArtifact",
    "FreightCollection",
    "FreightCollectionItem",
    "MessageChannel",
    "Preview",
    "Promotion",
    "PromotionApproval",
    "PromotionPrompt",
    "PromotionRequest",
    "PromotionResponse",
    "PromotionTask",
    "RequestTarget",
    "SlotWait",
    "Stage",
    "StageFreight",
    "StepExecution",
    "StepIntent",
    "SubscribedUrl",
    "Target",
    "Verification",
    "Warehouse",
    "WebhookReceiver",
    "Work",
    "WorkKind",
    "WorkerBeat",
]
