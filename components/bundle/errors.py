"""What can go wrong while archives are built."""

import pulumi


class BundleError(pulumi.RunError):
    """An archive cannot be built; the message is one sentence."""
