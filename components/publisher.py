"""The publish function, and the stream of the table that feeds it."""

import json
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.key import Key
from components.buckets import OriginalsBucket
from components.config.stack import StackConfig
from components.event_bus import ImageEvents
from components.table import ImageTable
from handlers.contract.rows import DELETED, SETTLED
from handlers.contract.settings import PublishSettings, variables

# Half a GiB starts in about a second; more would wait for the bus just as long.
MEMORY_MIB: Final = 512
TIMEOUT_SECONDS: Final = 60
_BATCH_SIZE: Final = 100
_WINDOW_SECONDS: Final = 1
# A call publishes a hundred outcomes in about a third of a second, and a partition of the table takes
# at most five hundred a second, each two write units.
_CALLS_A_SHARD: Final = 4
# An hour before the stream forgets a record, so that it is a dead letter while it can be read.
# https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
_MOST_AGE_SECONDS: Final = 23 * 3600


@dataclass(frozen=True, kw_only=True)
class EventPublisherArgs:
    """`service` names the pipeline in logs and metrics; `key` encrypts the function and its filter."""

    service: str
    key: Key
    table: ImageTable
    originals: OriginalsBucket
    events: ImageEvents
    config: StackConfig


class EventPublisher(Component):
    """Publishes every outcome and deletion that is committed to the table, at least once."""

    function: PythonFunction
    mapping: aws.lambda_.EventSourceMapping

    def __init__(
        self, name: str, args: EventPublisherArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("EventPublisher", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.function = PythonFunction(
            name,
            PythonFunctionArgs(
                module="publish",
                service=args.service,
                key=args.key,
                description="Publishes the outcomes of uploaded images",
                memory_mib=MEMORY_MIB,
                timeout_seconds=TIMEOUT_SECONDS,
                environment=variables(
                    PublishSettings,
                    args.config,
                    bus_name=args.events.name,
                    originals_bucket=args.originals.name,
                    dead_letter_queue_url=args.events.dead_letter_url,
                ),
                grants=[
                    *args.table.grant_stream(),
                    args.events.grant_put(),
                    args.events.grant_bury(),
                ],
                config=args.config,
            ),
            child,
        )
        self.mapping = aws.lambda_.EventSourceMapping(
            f"{name}-from-table",
            event_source_arn=args.table.stream_arn,
            function_name=self.function.arn,
            # LATEST can miss what is written while the mapping comes into being.
            starting_position="TRIM_HORIZON",
            batch_size=_BATCH_SIZE,
            maximum_batching_window_in_seconds=_WINDOW_SECONDS,
            parallelization_factor=_CALLS_A_SHARD,
            # Not under the customer's key: Lambda would have to decrypt the filter under its regional
            # principal before it delivers anything, and its four words are no secret.
            # https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
            filter_criteria={"filters": [{"pattern": _published()}]},
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=-1,
            maximum_record_age_in_seconds=_MOST_AGE_SECONDS,
            destination_config={"on_failure": {"destination_arn": args.events.dead_letter_arn}},
            opts=child,
        )
        self.register_outputs({"functionName": self.function.name})


def _published() -> str:
    """The records that may be outcomes or deletions; the function itself looks closer.

    A row that goes is not among them: rows only expire, or are lost, and neither deletes an image.
    """
    pattern = {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"NewImage": {"Status": {"S": [*SETTLED, DELETED]}}},
    }
    return json.dumps(pattern, sort_keys=True)
