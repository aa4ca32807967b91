"""The resize function and the rate at which the queue feeds it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.iam import Grant
from components.base.key import Key
from components.buckets import OriginalsBucket, VariantsBucket
from components.config.resize import ResizeConfig
from components.queue import UploadQueue
from components.table import ImageTable
from handlers.contract.settings import ResizeSettings, variables


@dataclass(frozen=True, kw_only=True)
class ResizeWorkerArgs:
    """`service` names the pipeline in logs and metrics, `key` encrypts code and environment."""

    service: str
    key: Key
    originals: OriginalsBucket
    variants: VariantsBucket
    table: ImageTable
    queue: UploadQueue
    config: ResizeConfig


class ResizeWorker(pulumi.ComponentResource):
    """Renders the variants of the originals in the queue, at most `max_concurrency` calls at a time."""

    function: PythonFunction
    mapping: aws.lambda_.EventSourceMapping

    def __init__(self, name: str, args: ResizeWorkerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:index:ResizeWorker", name, None, opts)
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
                    queue_url=args.queue.url,
                ),
                grants=[
                    args.originals.grant_get(),
                    args.originals.grant_tell_missing(),
                    args.variants.grant_replace(),
                    args.table.grant_commit(),
                    args.queue.grant_consume(),
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
        self.mapping = aws.lambda_.EventSourceMapping(
            f"{name}-from-queue",
            event_source_arn=args.queue.arn,
            function_name=self.function.arn,
            batch_size=args.config.batch_size,
            maximum_batching_window_in_seconds=args.config.batching_window_seconds,
            scaling_config={"maximum_concurrency": args.config.max_concurrency},
            function_response_types=["ReportBatchItemFailures"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"functionName": self.function.name})


def _waiting_grants(args: ResizeWorkerArgs) -> list[Grant]:
    """What it takes to wait for scans."""
    if not args.config.malware_scan:
        return []
    return [args.originals.grant_see_scan(), args.queue.grant_send()]
