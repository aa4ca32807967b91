"""The whole picture as one component."""

import pulumi

from components.api import ImageApi, ImageApiArgs
from components.audit_trail import AuditTrail, AuditTrailArgs
from components.base.arns import Location
from components.base.component import Component
from components.base.key import Key, pipeline_key
from components.buckets import OriginalsBucket, OriginalsBucketArgs, VariantsBucket, VariantsBucketArgs
from components.config.pipeline_config import PipelineConfig
from components.delivery import Delivery, DeliveryArgs
from components.event_bus import ImageEvents, ImageEventsArgs
from components.malware_scan import Scanner, ScannerArgs
from components.monitoring import Monitoring, MonitoringArgs, PipelineMetrics, function_metrics, queue_metrics
from components.monitoring.queries import Source
from components.outputs import ARNS, STACK, outputs_of
from components.publisher import MEMORY_MIB, EventPublisher, EventPublisherArgs
from components.queues import UploadQueues, UploadQueuesArgs
from components.quota_table import QuotaTable, QuotaTableArgs
from components.table import ImageTable, ImageTableArgs
from components.worker import ResizeWorker, ResizeWorkerArgs
from handlers.contract import keys


class ImagePipeline(Component):
    """From the upload to its variants and their events: buckets, queues, table, resize worker, API, bus,
    publisher and monitoring.

    Every name below it starts with its own, so that a stack can hold several. `audit` exists if
    the configuration asks for access logs or data events, `scanner` if it asks for a malware scan, `delivery`
    if it asks for permanent URLs.
    """

    key: Key
    express_lane: bool
    table: ImageTable
    scanner: Scanner | None = None
    originals: OriginalsBucket
    variants: VariantsBucket
    quotas: QuotaTable
    queues: UploadQueues
    worker: ResizeWorker
    api: ImageApi
    events: ImageEvents
    publisher: EventPublisher
    delivery: Delivery | None = None
    audit: AuditTrail | None = None
    monitoring: Monitoring

    def __init__(self, name: str, config: PipelineConfig, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ImagePipeline", name, opts)
        child = pulumi.ResourceOptions(parent=self)
        # Its name in logs and metrics, among all pipelines of the account.
        self._service = _service(name)
        self.express_lane = config.express_lane

        self.key = pipeline_key(f"{name}-key", self._service, config, child)
        protect = config.protect
        self.table = ImageTable(f"{name}-ImageMetadata", ImageTableArgs(protect=protect, key=self.key), child)
        self.quotas = QuotaTable(f"{name}-quotas", QuotaTableArgs(protect=protect, key=self.key), child)
        location = Location.of(self.table.arn)
        if config.malware_scan:
            scanner = ScannerArgs(location=location, key=self.key, config=config)
            self.scanner = Scanner(f"{name}-scan", scanner, child)
        self.originals = OriginalsBucket(
            f"{name}-originals",
            OriginalsBucketArgs(key=self.key, scanner=self.scanner, config=config),
            child,
        )
        self.variants = VariantsBucket(
            f"{name}-variants",
            VariantsBucketArgs(key=self.key, delivered=config.delivery, config=config),
            child,
        )
        self.queues = UploadQueues(
            f"{name}-uploads", UploadQueuesArgs(originals=self.originals, key=self.key, config=config), child
        )
        if self.scanner:
            prefixes = list(keys.ORIGINALS_PREFIXES.values())
            self.scanner.watch(self.originals, prefixes, after=[self.queues.notification])
        self.worker = ResizeWorker(
            f"{name}-resize",
            ResizeWorkerArgs(
                service=self._service,
                key=self.key,
                originals=self.originals,
                variants=self.variants,
                table=self.table,
                queues=self.queues,
                config=config,
            ),
            child,
        )
        self.api = ImageApi(
            f"{name}-api",
            ImageApiArgs(
                service=self._service,
                key=self.key,
                originals=self.originals,
                variants=self.variants,
                table=self.table,
                quotas=self.quotas,
                config=config,
            ),
            child,
        )
        self.events = ImageEvents(f"{name}-events", ImageEventsArgs(key=self.key, config=config), child)
        self.publisher = EventPublisher(
            f"{name}-publish",
            EventPublisherArgs(
                service=self._service,
                key=self.key,
                table=self.table,
                originals=self.originals,
                events=self.events,
                config=config,
            ),
            child,
        )
        if origins := self._page_origins(config):
            self.originals.let_pages_upload(origins)
            self.variants.let_pages_read(origins)
        if config.delivery:
            self.delivery = Delivery(
                f"{name}-delivery",
                DeliveryArgs(
                    service=self._service,
                    key=self.key,
                    variants=self.variants,
                    table=self.table,
                    config=config,
                ),
                child,
            )
        if config.access_logs or config.data_events:
            self.audit = AuditTrail(
                f"{name}-audit",
                AuditTrailArgs(
                    location=location,
                    key=self.key,
                    originals=self.originals,
                    variants=self.variants,
                    table=self.table,
                    delivery=self.delivery,
                    config=config,
                ),
                child,
            )
        self.monitoring = Monitoring(
            name,
            MonitoringArgs(
                service=self._service,
                location=location,
                metrics=self._metrics(config),
                publish_memory_mib=MEMORY_MIB,
                log_groups=self._log_groups(),
                config=config,
            ),
            child,
        )

        self.register_outputs({**outputs_of(self, STACK), **outputs_of(self, ARNS)})

    def _page_origins(self, config: PipelineConfig) -> list[pulumi.Input[str]]:
        # The page is served by the API, and uploads to the bucket like the pages of other origins.
        if not config.page or "*" in config.cors_origins:
            return [*config.cors_origins]
        domain = [f"https://{config.api_domain}"] if config.api_domain else []
        return [*config.cors_origins, self.api.url, *domain]

    def _log_groups(self) -> dict[Source, pulumi.Input[str]]:
        groups: dict[Source, pulumi.Input[str]] = {
            "resize": self.worker.function.log_group.name,
            "api": self.api.function.log_group.name,
            "publish": self.publisher.function.log_group.name,
            "access": self.api.access_log.name,
        }
        if self.delivery:
            groups["delivery"] = self.delivery.function.log_group.name
        return groups

    def _metrics(self, config: PipelineConfig) -> PipelineMetrics:
        return PipelineMetrics(
            service=self._service,
            queue=queue_metrics(self.queues.bulk.name),
            express=queue_metrics(self.queues.express.name),
            dead_letters=queue_metrics(self.queues.dead_letters.name),
            resize=function_metrics(self.worker.function.name),
            api_function=function_metrics(self.api.function.name),
            publish=function_metrics(self.publisher.function.name),
            delivery=function_metrics(self.delivery.function.name) if self.delivery else None,
            event_dead_letters=queue_metrics(self.events.dead_letters.name),
            table_name=self.table.name,
            quotas_name=self.quotas.name,
            api_id=self.api.api.id,
            resends=config.malware_scan,
        )


def _service(name: str) -> str:
    # Projects and stacks may have dots in their names, dashboards may not.
    return f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}".replace(".", "-")
