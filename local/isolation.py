"""What keeps the local system apart from the machine it runs on.

The AWS SDKs read settings and credentials from the environment, from files in the home directory
and from the metadata service of a cloud machine. Every process of the local system runs with an
environment in which none of the three can be found.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"

_HOST_PREFIXES = ("AWS_", "BOTO_", "PULUMI_", "POWERTOOLS_")
_NO_HOST_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    # The emulator is on this machine: a proxy of the host must not see its traffic.
    "NO_PROXY": LOOPBACK,
    "no_proxy": LOOPBACK,
}


@contextmanager
def isolated(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Take the host's AWS, Pulumi and Powertools settings out of `environment` for a while."""
    host = {name: environment[name] for name in environment if name.upper().startswith(_HOST_PREFIXES)}
    host |= {name: environment[name] for name in _NO_HOST_CONFIGURATION if name in environment}
    for name in host:
        del environment[name]
    environment.update(_NO_HOST_CONFIGURATION)
    try:
        yield
    finally:
        for name in _NO_HOST_CONFIGURATION:
            environment.pop(name, None)
        environment.update(host)


def child_environment(host: Mapping[str, str], additions: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the emulator, which hands it on to every function it runs.

    Nothing of `host` but where programs are found.
    """
    return {
        "PATH": host.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        **_NO_HOST_CONFIGURATION,
        **additions,
    }
