"""Message channels: where messages go, and how."""

from django.db import models

from common.models import Resource


class MessageChannel(Resource):
    """A Slack conversation, a mail server or an endpoint that one project writes to.

    ``spec`` names the Secret of the project that holds its credential, never the credential.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="message_channels"
    )
    spec = models.JSONField()

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="message_channel_name_once",
            )
        ]


class ClusterMessageChannel(Resource):
    """One that all projects of a tenant share; its Secret is in the tenant's system namespace."""

    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="cluster_message_channels"
    )
    spec = models.JSONField()

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="cluster_message_channel_name_once",
            )
        ]
