"""What chart is in an archive that a stranger made?"""

import gzip
import io
import re
import tarfile
import zlib

from common.errors import InvalidError
from common.jsontypes import as_object, as_text
from promotions.engine.documents.yaml_values import load_document

MAX_UNPACKED_BYTES = 200 * 1024 * 1024
"""Largest content of an archive that is looked for the chart's description."""

_DESCRIPTION = re.compile(r"(?:\./)?[^/]+/Chart\.yaml")
_MAX_DESCRIPTION_BYTES = 1024 * 1024


def chart_in(archive: bytes) -> tuple[str, str]:
    """Return the name and version of the chart in a ``.tgz``.

    Raises:
        InvalidError: It is not the archive of a chart, or is far too large.
    """
    try:
        text = _description(archive)
        about = as_object(load_document(text.decode("utf-8")))
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error) as error:
        raise InvalidError(f"it is not the archive of a chart: {error}") from error
    return as_text(about.get("name")), as_text(about.get("version"))


def _description(archive: bytes) -> bytes:
    unpacked = 0
    # Not "r|gz": that cannot read the extra field which Helm puts into the header.
    with (
        gzip.GzipFile(fileobj=io.BytesIO(archive)) as unzipped,
        tarfile.open(fileobj=unzipped, mode="r|") as members,
    ):
        for member in members:
            unpacked += member.size
            if unpacked > MAX_UNPACKED_BYTES:
                raise InvalidError(f"the archive holds more than {MAX_UNPACKED_BYTES} bytes")
            if member.isfile() and _DESCRIPTION.fullmatch(member.name):
                content = members.extractfile(member)
                if content is not None and member.size <= _MAX_DESCRIPTION_BYTES:
                    return content.read()
    raise InvalidError("it is not the archive of a chart: there is no Chart.yaml")
