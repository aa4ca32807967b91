"""The program without what the emulator cannot hold: `__main__.py` of the copy under test.

The emulator refuses saved log queries. It forgets the metric math of alarms, and answers with an average
beside a percentile, so that every preview would show changes. The program itself is beside it, as `stack.py`.
A stack with `engine:unencryptedQueue` also has a queue that the policy pack refuses.
"""

import runpy
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pulumi
import pulumi_aws as aws

from components.monitoring import monitoring
from components.monitoring.alarms import Alarms


def is_held(condition):
    """Whether the emulator answers with the alarm that it was given."""
    percentile = any(metric.statistic.startswith("p") for metric in condition.metrics.values())
    return not condition.expression and not percentile


def alarms_that_are_held(name, *, conditions, groups, **arguments):
    """The alarms that the emulator holds, and the composites of those."""
    held = [each for each in conditions if is_held(each)]
    names = {each.name for each in held}
    smaller = [
        replace(group, members=tuple(member for member in group.members if member in names))
        for group in groups
    ]
    return Alarms(name, conditions=held, groups=smaller, **arguments)


with (
    patch.object(monitoring, "QUERIES", ()),
    patch.object(monitoring, "Alarms", alarms_that_are_held),
):
    runpy.run_path(str(Path(__file__).with_name("stack.py")), run_name="__main__")

if pulumi.Config("engine").get_bool("unencryptedQueue"):
    aws.sqs.Queue("unencrypted", sqs_managed_sse_enabled=False)
