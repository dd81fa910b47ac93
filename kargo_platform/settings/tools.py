"""Helm and Kustomize: where they are, and how much one run may take."""

from kargo_platform.settings.env import env

HELM_PATH = env.str("KARGO_HELM_PATH", default="")
KUSTOMIZE_PATH = env.str("KARGO_KUSTOMIZE_PATH", default="")
KUBECTL_PATH = env.str("KARGO_KUBECTL_PATH", default="")
"""Absolute paths of programs; without one the program is looked for on ``PATH``. Kustomize is
either the program of that name or the one in kubectl."""
TOOL_SECONDS = env.float("KARGO_TOOL_SECONDS", default=120.0)
TOOL_MEMORY_BYTES = env.int("KARGO_TOOL_MEMORY_BYTES", default=1024 * 1024 * 1024)
TOOL_OUTPUT_BYTES = env.int("KARGO_TOOL_OUTPUT_BYTES", default=64 * 1024 * 1024)
"""The longest that one run may take, and the most memory it may use and text it may print."""
TOOLS_UNCONFINED = env.bool("KARGO_TOOLS_UNCONFINED", default=False)
"""Run the tools even where this host cannot confine them: whoever can write to a repository may
then read every file that the workers can."""
