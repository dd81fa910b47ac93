"""A piece of Freight: what is in it, where it is, where it was, and who may take it."""

from typing import Any

from common.jsontypes import as_text
from promotions.models import FreightArtifact
from promotions.portal.approvals import waiting_cards
from promotions.portal.frame import ProjectPage
from promotions.portal.pipeline import entry_context
from promotions.portal.rows import promotion_rows
from promotions.portal.standings import standing_rows
from promotions.selectors.freight import freight_named
from promotions.selectors.promotions import promotions_in
from promotions.selectors.timeline import entry_of, newest_promotions

_PROMOTIONS = 20


class FreightPage(ProjectPage):
    access_resource = "freights"
    section = "freight"
    template_name = "promotions/freight.html"
    fragment_name = "promotions/_freight.html"

    def context(self) -> dict[str, Any]:
        freight = freight_named(self.project, self.kwargs["freight"])
        rows, _ = newest_promotions(
            promotions_in(self.project).filter(freight=freight), limit=_PROMOTIONS
        )
        return self.frame(
            freight=freight,
            artifacts=[_artifact(artifact) for artifact in freight.artifacts.all()],
            entry=entry_context(entry_of(freight)),
            standings=standing_rows(self.project, freight, now=self.now),
            promotions=promotion_rows(rows),
            approvals=waiting_cards(self, freight=freight),
            may_approve=self.may("promote", "stages") and self.may("patch", "freights/status"),
            may_promote=self.may("promote", "stages"),
        )


def _artifact(artifact: FreightArtifact) -> dict[str, str]:
    document = artifact.document
    return {
        "kind": artifact.kind,
        "repo_url": artifact.repo_url,
        "version": artifact.version,
        "note": as_text(document.get("message")) or as_text(document.get("digest")),
        "author": as_text(document.get("author")),
    }
