"""The whole picture as one component."""

import pulumi

from components.api import ImageApi, ImageApiArgs
from components.audit_trail import AuditTrail, AuditTrailArgs
from components.base.arns import Place
from components.base.key import CustomerKeyArgs, Key, pipeline_key
from components.buckets import OriginalsBucket, OriginalsBucketArgs, VariantsBucket, VariantsBucketArgs
from components.config.pipeline_config import PipelineConfig
from components.event_bus import ImageEvents, ImageEventsArgs
from components.malware_scan import Scanner, ScannerArgs
from components.monitoring import AlarmLimits, DashboardFacts, Monitoring, MonitoringArgs, Watched
from components.publisher import MEMORY_MIB, EventPublisher, EventPublisherArgs
from components.queue import UploadQueue, UploadQueueArgs
from components.quota_table import QuotaTable, QuotaTableArgs
from components.table import ImageTable, ImageTableArgs
from components.worker import ResizeWorker, ResizeWorkerArgs
from handlers.contract import keys
from handlers.contract.presets import Limits


class ImagePipeline(pulumi.ComponentResource):
    """From the upload to its variants and the events that tell of them: buckets, queue, table, resize
    worker, API, bus and publisher, watched.

    Every name below it starts with its own, so that a stack can hold several. `audit` is there if
    the configuration asks for access logs or data events, `scanner` if it asks for a malware scan.
    """

    key: Key
    table: ImageTable
    scanner: Scanner | None = None
    originals: OriginalsBucket
    variants: VariantsBucket
    quotas: QuotaTable
    queue: UploadQueue
    worker: ResizeWorker
    api: ImageApi
    events: ImageEvents
    publisher: EventPublisher
    audit: AuditTrail | None = None
    monitoring: Monitoring

    def __init__(self, name: str, config: PipelineConfig, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("image-intake:index:ImagePipeline", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        # What logs and metrics call it, among all pipelines of the account.
        self._service = _service(name)

        self.key = pipeline_key(
            f"{name}-key",
            config.kms_key,
            CustomerKeyArgs(service=self._service, protect=config.protect),
            child,
        )
        self.table = ImageTable(
            f"{name}-ImageMetadata", ImageTableArgs(protect=config.protect, key=self.key), child
        )
        self.quotas = QuotaTable(
            f"{name}-quotas", QuotaTableArgs(protect=config.protect, key=self.key), child
        )
        if config.malware_scan:
            place = Place.of(self.table.arn)
            self.scanner = Scanner(f"{name}-scan", ScannerArgs(place=place, key=self.key), child)
        self.originals = OriginalsBucket(f"{name}-originals", self._originals(config), child)
        self.variants = VariantsBucket(f"{name}-variants", self._variants(config), child)
        self.queue = UploadQueue(f"{name}-uploads", self._queue(config), child)
        if self.scanner:
            self.scanner.watch(self.originals, keys.ORIGINALS_PREFIX, after=[self.queue.notification])
        self.worker = ResizeWorker(f"{name}-resize", self._worker(config), child)
        self.api = ImageApi(f"{name}-api", self._api(config), child)
        self.events = ImageEvents(f"{name}-events", ImageEventsArgs(key=self.key), child)
        self.publisher = EventPublisher(f"{name}-publish", self._publisher(config), child)
        if origins := self._page_origins(config):
            self.originals.let_pages_upload(origins)
        if config.access_logs or config.data_events:
            self.audit = AuditTrail(f"{name}-audit", self._audit(config), child)
        self.monitoring = Monitoring(name, self._monitoring(config), child)

        self.register_outputs({"apiUrl": self.api.url, "alarmTopicArn": self.monitoring.topic.arn})

    def _page_origins(self, config: PipelineConfig) -> list[pulumi.Input[str]]:
        # The page is served by the API, and uploads to the bucket like the pages of other origins.
        own = [self.api.url] if config.page and "*" not in config.cors_origins else []
        return [*config.cors_origins, *own]

    def _originals(self, config: PipelineConfig) -> OriginalsBucketArgs:
        return OriginalsBucketArgs(
            protect=config.protect,
            key=self.key,
            incomplete_upload_days=config.incomplete_upload_days,
            old_version_days=config.old_version_days,
            expire_days=config.originals_expire_days,
            scanner=self.scanner,
        )

    def _variants(self, config: PipelineConfig) -> VariantsBucketArgs:
        return VariantsBucketArgs(
            protect=config.protect, key=self.key, incomplete_upload_days=config.incomplete_upload_days
        )

    def _queue(self, config: PipelineConfig) -> UploadQueueArgs:
        return UploadQueueArgs(
            originals=self.originals,
            key=self.key,
            visibility_timeout_seconds=config.visibility_timeout_seconds,
            max_receive_count=config.max_receive_count,
            retention_days=config.queue_retention_days,
            dead_letter_retention_days=config.dead_letter_retention_days,
        )

    def _worker(self, config: PipelineConfig) -> ResizeWorkerArgs:
        return ResizeWorkerArgs(
            service=self._service,
            key=self.key,
            originals=self.originals,
            variants=self.variants,
            table=self.table,
            queue=self.queue,
            presets=config.presets,
            limits=Limits(
                max_bytes=config.max_upload_bytes,
                max_pixels=config.max_pixels,
                max_side=config.max_side,
                max_frames=config.max_frames,
                max_metadata_bytes=config.max_metadata_bytes,
            ),
            memory_mib=config.resize_memory_mib,
            timeout_seconds=config.resize_timeout_seconds,
            record_seconds=config.record_seconds,
            retry_base_seconds=config.retry_base_seconds,
            batch_size=config.batch_size,
            batching_window_seconds=config.batching_window_seconds,
            max_concurrency=config.max_concurrency,
            max_receive_count=config.max_receive_count,
            malware_scan_seconds=config.malware_scan_minutes * 60,
            log_level=config.log_level,
            log_retention_days=config.log_retention_days,
        )

    def _api(self, config: PipelineConfig) -> ImageApiArgs:
        return ImageApiArgs(
            service=self._service,
            key=self.key,
            originals=self.originals,
            variants=self.variants,
            table=self.table,
            quotas=self.quotas,
            uploads_per_hour=config.uploads_per_hour,
            auth=config.api_auth,
            jwt_issuer=config.jwt_issuer,
            jwt_audience=config.jwt_audience,
            admin_principals=config.admin_principals,
            page=config.page,
            cors_origins=config.cors_origins,
            rate_limit=config.api_rate_limit,
            burst_limit=config.api_burst_limit,
            max_upload_bytes=config.max_upload_bytes,
            pending_seconds=config.pending_hours * 3600,
            url_seconds=config.url_seconds,
            memory_mib=config.api_memory_mib,
            timeout_seconds=config.api_timeout_seconds,
            reserved_concurrency=config.api_reserved_concurrency,
            log_level=config.log_level,
            log_retention_days=config.log_retention_days,
        )

    def _audit(self, config: PipelineConfig) -> AuditTrailArgs:
        return AuditTrailArgs(
            place=Place.of(self.queue.arn),
            key=self.key,
            originals=self.originals,
            variants=self.variants,
            table=self.table,
            access_logs=config.access_logs,
            data_events=config.data_events,
            retention_days=config.audit_retention_days,
            protect=config.protect,
        )

    def _publisher(self, config: PipelineConfig) -> EventPublisherArgs:
        return EventPublisherArgs(
            service=self._service,
            key=self.key,
            table=self.table,
            originals=self.originals,
            events=self.events,
            log_level=config.log_level,
            log_retention_days=config.log_retention_days,
        )

    def _monitoring(self, config: PipelineConfig) -> MonitoringArgs:
        return MonitoringArgs(
            service=self._service,
            place=Place.of(self.queue.arn),
            watched=Watched(
                service=self._service,
                queue_name=self.queue.queue.name,
                dead_letters_name=self.queue.dead_letters.name,
                table_name=self.table.name,
                quotas_name=self.quotas.name,
                resize_name=self.worker.function.name,
                api_name=self.api.function.name,
                api_id=self.api.api.id,
                publish_name=self.publisher.function.name,
                event_letters_name=self.events.dead_letters.name,
                resends=self.originals.is_scanned,
            ),
            limits=AlarmLimits(
                queue_age_seconds=config.queue_age_alarm_seconds,
                rejected_share_percent=config.rejected_share_alarm_percent,
                api_latency_milliseconds=config.api_latency_alarm_milliseconds,
                resize_timeout_seconds=config.resize_timeout_seconds,
                api_timeout_seconds=config.api_timeout_seconds,
            ),
            dashboard=DashboardFacts(
                max_concurrency=config.max_concurrency,
                resize_memory_mib=config.resize_memory_mib,
                api_memory_mib=config.api_memory_mib,
                publish_memory_mib=MEMORY_MIB,
                presets=len(config.presets),
            ),
            log_groups={
                "resize": self.worker.function.log_group.name,
                "api": self.api.function.log_group.name,
                "publish": self.publisher.function.log_group.name,
                "access": self.api.access_log.name,
            },
            emails=config.alarm_emails,
            urls=config.alarm_urls,
            slack_channel=config.alarm_slack_channel,
            protect=config.protect,
        )


def _service(name: str) -> str:
    # Projects and stacks may have dots in their names, dashboards may not.
    return f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}".replace(".", "-")
