"""How resources that hold data outlive a stack."""

import pulumi


def kept(parent: pulumi.Resource, *, protect: bool) -> pulumi.ResourceOptions:
    """Options of a stateful child: protected and retained if `protect`, else as its parent is."""
    return pulumi.ResourceOptions(parent=parent, protect=protect or None, retain_on_delete=protect or None)
