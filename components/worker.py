"""The resize function and the pace at which the queue feeds it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base.function import PythonFunction, PythonFunctionArgs
from components.base.iam import Grant
from components.base.key import Key
from components.buckets import OriginalsBucket, VariantsBucket
from components.queue import UploadQueue
from components.table import ImageTable
from handlers.contract.presets import Limits
from handlers.contract.settings import ResizeSettings, variables


@dataclass(frozen=True, kw_only=True)
class ResizeWorkerArgs:
    """`service` names the pipeline in logs and metrics, `key` encrypts what is stored, `record_seconds`
    is the worst case of one record, `max_concurrency` how many calls run at the same time,
    `malware_scan_seconds` how long a scan of an original may take, if they are scanned.
    """

    service: str
    key: Key
    originals: OriginalsBucket
    variants: VariantsBucket
    table: ImageTable
    queue: UploadQueue
    presets: tuple[str, ...]
    limits: Limits
    memory_mib: int
    timeout_seconds: int
    record_seconds: int
    retry_base_seconds: int
    batch_size: int
    batching_window_seconds: int
    max_concurrency: int
    max_receive_count: int
    malware_scan_seconds: int
    log_level: str
    log_retention_days: int


class ResizeWorker(pulumi.ComponentResource):
    """Renders the variants of what the queue announces, never faster than it was told to."""

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
                memory_mib=args.memory_mib,
                timeout_seconds=args.timeout_seconds,
                environment=_environment(args),
                grants=[
                    args.originals.grant_get(),
                    args.originals.grant_tell_missing(),
                    args.variants.grant_replace(),
                    args.table.grant_commit(),
                    args.queue.grant_consume(),
                    *_waiting_grants(args),
                ],
                log_level=args.log_level,
                log_retention_days=args.log_retention_days,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        if args.originals.is_scanned:
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
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.batching_window_seconds,
            scaling_config={"maximum_concurrency": args.max_concurrency},
            function_response_types=["ReportBatchItemFailures"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"functionName": self.function.name})


def _waiting_grants(args: ResizeWorkerArgs) -> list[Grant]:
    """What it takes to wait for scans."""
    if not args.originals.is_scanned:
        return []
    return [args.originals.grant_see_scan(), args.queue.grant_send()]


def _environment(args: ResizeWorkerArgs) -> dict[str, pulumi.Input[str]]:
    return variables(
        ResizeSettings,
        {
            "originals_bucket": args.originals.name,
            "variants_bucket": args.variants.name,
            "table_name": args.table.name,
            "queue_url": args.queue.url,
            "presets": args.presets,
            "max_receive_count": args.max_receive_count,
            "record_seconds": args.record_seconds,
            "retry_base_seconds": args.retry_base_seconds,
            "max_upload_bytes": args.limits.max_bytes,
            "max_pixels": args.limits.max_pixels,
            "max_side": args.limits.max_side,
            "max_frames": args.limits.max_frames,
            "max_metadata_bytes": args.limits.max_metadata_bytes,
            "memory_mib": args.memory_mib,
            "originals_expire_days": args.originals.expire_days,
            "malware_scan_seconds": args.malware_scan_seconds if args.originals.is_scanned else 0,
        },
    )
