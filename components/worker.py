"""The resize function and the rate at which the queues feed it."""

from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.base.component import Component
from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.iam import Grant
from components.base.key import Key
from components.buckets import OriginalsBucket, VariantsBucket
from components.config.resize import ResizeConfig
from components.queues import UploadQueues
from components.table import ImageTable
from handlers.contract.settings import ResizeSettings, variables

# Whoever waits for an image does not wait for those beside it, nor for a batch to fill.
_EXPRESS_BATCH_SIZE: Final = 1


@dataclass(frozen=True, kw_only=True)
class ResizeWorkerArgs:
    """`service` names the pipeline in logs and metrics, `key` encrypts code and environment."""

    service: str
    key: Key
    originals: OriginalsBucket
    variants: VariantsBucket
    table: ImageTable
    queues: UploadQueues
    config: ResizeConfig


class ResizeWorker(Component):
    """Renders the variants of the originals in the queues, at most so many calls at a time for each lane."""

    function: PythonFunction
    mapping: aws.lambda_.EventSourceMapping
    express_mapping: aws.lambda_.EventSourceMapping | None = None

    def __init__(self, name: str, args: ResizeWorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ResizeWorker", name, opts)
        self.function = PythonFunction(
            name,
            PythonFunctionArgs(
                module="resize",
                service=args.service,
                key=args.key,
                description="Renders the variants of uploaded images",
                memory_mib=args.config.resize_memory_mib,
                timeout_seconds=args.config.resize_timeout_seconds,
                environment=variables(
                    ResizeSettings,
                    args.config,
                    originals_bucket=args.originals.name,
                    variants_bucket=args.variants.name,
                    table_name=args.table.name,
                    queue_url=args.queues.bulk.url,
                    express_queue_url=args.queues.of("express").url,
                ),
                grants=[
                    args.originals.grant_get(),
                    args.originals.grant_tell_missing(),
                    args.variants.grant_replace(),
                    args.table.grant_commit(),
                    args.queues.grant_consume(),
                    *_waiting_grants(args),
                ],
                config=args.config,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        if args.config.malware_scan:
            # An event that waits for its scan is sent again and again, until the scan is overdue.
            # Lambda would take that for a loop without end, and drop it after 16 times:
            # https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
            aws.lambda_.FunctionRecursionConfig(
                f"{name}-waits",
                function_name=self.function.name,
                recursive_loop="Allow",
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.mapping = self._mapping(
            f"{name}-from-queue",
            args.queues.bulk,
            batch_size=args.config.batch_size,
            maximum_batching_window_in_seconds=args.config.batching_window_seconds,
            scaling_config={"maximum_concurrency": args.config.max_concurrency},
        )
        if args.config.express_lane:
            self.express_mapping = self._mapping(
                f"{name}-from-express",
                args.queues.express,
                batch_size=_EXPRESS_BATCH_SIZE,
                scaling_config={"maximum_concurrency": args.config.express_concurrency},
            )
        self.register_outputs({"functionName": self.function.name})

    def _mapping(self, name: str, queue: aws.sqs.Queue, **pace: Any) -> aws.lambda_.EventSourceMapping:
        return aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=queue.arn,
            function_name=self.function.arn,
            function_response_types=["ReportBatchItemFailures"],
            opts=pulumi.ResourceOptions(parent=self),
            **pace,
        )


def _waiting_grants(args: ResizeWorkerArgs) -> list[Grant]:
    """What it takes to wait for scans."""
    if not args.config.malware_scan:
        return []
    return [args.originals.grant_see_scan(), args.queues.grant_send()]
