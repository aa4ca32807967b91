"""The whole system on one machine: an AWS emulator, the Pulumi program applied to it, a sample run."""
