"""``manage.py export``: print what is stored as manifests."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import PlatformError
from projects.selectors import project_named, tenant_named
from promotions.manifests.yaml_text import write_yaml
from promotions.services.export import export_project, export_tenant


class Command(BaseCommand):
    requires_system_checks = ()
    help = "Print a project's, or a whole tenant's, manifests; applying them changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", default="", help="only this project")
        parser.add_argument("--tenant", default="default")
        parser.add_argument("-o", "--output", choices=["yaml", "json"], default="yaml")
        parser.add_argument("--promotions", action="store_true", help="include Promotions")

    def handle(self, *_args: Any, **options: Any) -> None:
        with_promotions = options["promotions"]
        try:
            tenant = tenant_named(options["tenant"])
            if options["project"]:
                project = project_named(tenant, options["project"])
                documents = export_project(project, with_promotions=with_promotions)
            else:
                documents = export_tenant(tenant, with_promotions=with_promotions)
        except PlatformError as error:
            raise CommandError(error.message) from error
        self.stdout.write(_text(documents, output=options["output"]))


def _text(documents: list[dict[str, Any]], *, output: str) -> str:
    if output == "yaml":
        return write_yaml(documents)
    listed = {"apiVersion": "v1", "kind": "List", "items": documents}
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2).decode()
