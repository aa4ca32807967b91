"""Applies the Pulumi program to the emulator: each registered resource is really created there.

One module per AWS service, one small function per resource type; what sets up a bucket by one call is a row
of a table in `s3.py`. To support another type, write

    @creates("aws:ssm/parameter:Parameter")
    def parameter(target: Target, resource: Registration) -> Created: ...

in the module of the service, or in a new one.
"""

from importlib import import_module
from pkgutil import iter_modules

from local.deployer.pulumi_monitor import Deployer
from local.deployer.registry import DeploymentError, Target

__all__ = ["Deployer", "DeploymentError", "Target"]

# Importing a module registers what it creates.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
