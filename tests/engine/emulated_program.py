"""The program without what the emulator cannot hold: `__main__.py` of the copy under test.

The emulator refuses saved log queries and forgets the metric math of alarms, so that every preview would
show changes. The program itself is beside it, as `stack.py`. A stack with `engine:unencryptedQueue` also has
a queue that the policy pack refuses.
"""

import runpy
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pulumi
import pulumi_aws as aws

from components.monitoring import monitoring
from components.monitoring.alarms import Alarms


def alarms_without_metric_math(name, *, conditions, groups, **arguments):
    """The alarms of a single metric each, and the composites of those."""
    single = [each for each in conditions if not each.expression]
    names = {each.name for each in single}
    smaller = [
        replace(group, members=tuple(member for member in group.members if member in names))
        for group in groups
    ]
    return Alarms(name, conditions=single, groups=smaller, **arguments)


with (
    patch.object(monitoring, "QUERIES", ()),
    patch.object(monitoring, "Alarms", alarms_without_metric_math),
):
    runpy.run_path(str(Path(__file__).with_name("stack.py")), run_name="__main__")

if pulumi.Config("engine").get_bool("unencryptedQueue"):
    aws.sqs.Queue("unencrypted", sqs_managed_sse_enabled=False)
