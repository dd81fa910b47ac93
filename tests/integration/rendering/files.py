"""Writes trees of files, and small charts."""

from collections.abc import Mapping
from pathlib import Path

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  tag: {{ .Values.tag | quote }}
"""


def write_tree(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def chart(name: str = "demo", version: str = "0.1.0", **files: str) -> dict[str, str]:
    """Return the files of a chart; ``files`` adds to them, with ``__`` for a slash in a path."""
    return {
        "Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n",
        "values.yaml": "tag: v1\n",
        "templates/config.yaml": CONFIG_MAP,
        **{path.replace("__", "/"): text for path, text in files.items()},
    }


def below(directory: str, files: Mapping[str, str]) -> dict[str, str]:
    return {f"{directory}/{name}": text for name, text in files.items()}


def tree(directory: Path) -> dict[str, str]:
    """Return the text of every file below a directory."""
    files = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): path.read_text() for path in files}
