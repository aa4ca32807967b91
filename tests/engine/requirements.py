"""What a machine needs for the tests under the real engine.

`python -m tests.engine.requirements` prints what is missing, one thing per line with the command that adds
it, and fails if anything is.
"""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version

from local.isolation import LOOPBACK

# The provider reads the tags of buckets by S3 Control, whose host starts with the account id:
# https://github.com/hashicorp/terraform-provider-aws/issues/45292
S3_CONTROL = "localhost"
ACCOUNT = "000000000000"
ACCOUNT_HOST = f"{ACCOUNT}.{S3_CONTROL}"


def missing() -> list[str]:
    """A line for each thing that this machine lacks; none if it has everything."""
    return [*_commands(), *_plugin(), *_account_host()]


def _commands() -> Iterator[str]:
    needed = {
        "openssl": "the emulator makes its certificate with it: install the package openssl",
        "git": "it lists the files of the project: install the package git",
        "pulumi": f"install the CLI {version('pulumi')} (https://www.pulumi.com/docs/iac/download-install/)",
    }
    for command, how in needed.items():
        if shutil.which(command) is None:
            yield f"no command `{command}`: {how}"


def _plugin() -> Iterator[str]:
    wanted = version("pulumi-aws")
    install = f"`pulumi plugin install resource aws {wanted}`"
    cli = shutil.which("pulumi")
    if cli is None:
        yield f"no AWS provider plugin {wanted}: {install}"
        return
    listed = subprocess.run(
        [cli, "plugin", "ls", "--json"], capture_output=True, text=True, timeout=60, check=True
    )
    installed = [
        plugin.get("version") for plugin in json.loads(listed.stdout or "[]") if plugin["name"] == "aws"
    ]
    if wanted not in installed:
        found = f" ({', '.join(map(str, installed))} is installed)" if installed else ""
        yield f"no AWS provider plugin {wanted}{found}: {install}"


def _account_host() -> Iterator[str]:
    try:
        addresses = {found[4][0] for found in socket.getaddrinfo(ACCOUNT_HOST, None, socket.AF_INET)}
    except OSError:
        addresses = set()
    if addresses != {LOOPBACK}:
        yield (
            f"{ACCOUNT_HOST} does not resolve to {LOOPBACK}: "
            f"`echo '{LOOPBACK} {ACCOUNT_HOST}' | sudo tee -a /etc/hosts`"
        )


if __name__ == "__main__":
    lines = missing()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.exit(bool(lines))
