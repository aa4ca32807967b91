"""Applies the Pulumi program to the emulator: each registered resource is really created there.

One module an AWS service, one small function a resource type. To teach it another type, write

    @creates("aws:ssm/parameter:Parameter")
    def parameter(target: Target, resource: Resource) -> Created: ...

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
