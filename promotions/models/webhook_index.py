"""What webhooks look objects up by: the repositories of Warehouses, pull requests of Promotions.

Addresses have no length limit and are only ever compared, so ``key`` is a hash of one.
"""

from django.db import models


class SubscribedUrl(models.Model):
    """A Warehouse subscribes to the repository whose normal address hashes to ``key``."""

    tenant_uid = models.UUIDField()
    warehouse = models.ForeignKey(
        "promotions.Warehouse", on_delete=models.CASCADE, related_name="subscribed_urls"
    )
    key = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["warehouse", "key"], name="subscribed_url_once")
        ]
        indexes = [
            # Who subscribes to what was pushed.
            models.Index(fields=["tenant_uid", "key"], name="subscribed_url_key")
        ]

    def __str__(self) -> str:
        return self.key


class AwaitedPullRequest(models.Model):
    """A running Promotion waits for the pull request whose address hashes to ``key``."""

    tenant_uid = models.UUIDField()
    promotion = models.ForeignKey(
        "promotions.Promotion", on_delete=models.CASCADE, related_name="awaited_pull_requests"
    )
    key = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["promotion", "key"], name="awaited_pull_request_once")
        ]
        indexes = [
            # Who waits for what was merged or closed.
            models.Index(fields=["tenant_uid", "key"], name="awaited_pull_request_key")
        ]

    def __str__(self) -> str:
        return self.key
