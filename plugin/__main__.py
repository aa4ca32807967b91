"""Entry point of the plugin: starts the package's provider."""

import sys
from pathlib import Path

# The engine runs this folder, while all that the provider imports is in the one above it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pulumi.provider import main  # noqa: E402

from plugin.provider import PipelineProvider  # noqa: E402

if __name__ == "__main__":
    main(PipelineProvider(), sys.argv[1:])
