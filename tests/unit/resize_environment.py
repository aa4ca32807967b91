"""The surroundings of the resize worker: buckets, table and deliveries, and a renderer that only pretends."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

from handlers.contract import keys, quota_table
from handlers.contract.indexes import INDEXES, KEY_TYPES
from handlers.contract.keys import Lane
from handlers.contract.presets import Limits, Preset
from handlers.contract.rejections import NotAnImage
from handlers.contract.rows import DELETED, Row
from handlers.contract.settings import ApiSettings, DeliverySettings, PublishSettings, ResizeSettings
from handlers.rendering.result import Facts, Rendered, RenderedVariant
from handlers.resize.admission import Admission
from handlers.resize.message_batch import Line, Message, handle_batch
from handlers.resize.queues import Queues
from handlers.resize.worker import Worker
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog

REGION = "eu-central-1"
ORIGINALS, VARIANTS, TABLE, QUOTAS = "originals", "variants", "ImageMetadata", "quotas"
BUS = "events"
EXPRESS_ID = keys.image_id_in("express", "01890a5d-ac96-774b-bcce-b302099a8057")
QUEUE_URLS: dict[Lane, str] = {"bulk": "https://sqs.test/uploads", "express": "https://sqs.test/express"}
PRESETS = ("thumbnail 128x128 cover jpeg", "small 512x512 contain webp")
OTHER_PRESETS = ("thumbnail 64x64 cover jpeg",)
MAX_RECEIVE_COUNT = 5
OPERATOR = "arn:aws:iam::123456789012:user/operator"
FACTS = Facts(
    format="PNG",
    content_type="image/png",
    width=640,
    height=480,
    frames=1,
    bit_depth=8,
    has_alpha=True,
    dominant_color="#102030",
    placeholder="AAAA",
    captured_at="2026-01-02T04:04:05+01:00",
    camera="Canon EOS R5",
)


def create_tables(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=_key(("ImageID",)),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in KEY_TYPES.items()
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index.name,
                "KeySchema": _key(index.partition, index.sort),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index in INDEXES
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    dynamodb.create_table(
        TableName=QUOTAS,
        KeySchema=_key((quota_table.PARTITION,), (quota_table.SORT,)),
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in (quota_table.PARTITION, quota_table.SORT)
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def _key(partition: Sequence[str], sort: Sequence[str] = ()) -> list[dict[str, str]]:
    kinds = [*((name, "HASH") for name in partition), *((name, "RANGE") for name in sort)]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


def resize_settings(**changes: Any) -> ResizeSettings:
    defaults: dict[str, Any] = {
        "originals_bucket": ORIGINALS,
        "variants_bucket": VARIANTS,
        "table_name": TABLE,
        "queue_url": QUEUE_URLS["bulk"],
        "express_queue_url": QUEUE_URLS["express"],
        "presets": PRESETS,
        "metadata": "rights",
        "max_receive_count": MAX_RECEIVE_COUNT,
        "record_seconds": 30,
        "retry_base_seconds": 10,
        "max_upload_bytes": 1000,
        "max_pixels": 1_000_000,
        "max_side": 10_000,
        "max_frames": 10,
        "max_metadata_bytes": 10_000,
        "resize_memory_mib": 1769,
        "originals_expire_days": 0,
        "old_version_days": 30,
        "malware_scan": False,
        "malware_scan_minutes": 30,
    }
    return ResizeSettings(**defaults | changes)


def api_settings(**changes: Any) -> ApiSettings:
    defaults: dict[str, Any] = {
        "originals_bucket": ORIGINALS,
        "variants_bucket": VARIANTS,
        "table_name": TABLE,
        "quota_table_name": QUOTAS,
        "uploads_per_hour": 1_000_000,
        "upload_bytes_per_hour": 10**15,
        "express_per_hour": 30,
        "max_upload_bytes": 5_000_000,
        "pending_hours": 1,
        "url_seconds": 900,
        "old_version_days": 30,
        "api_auth": "iam",
        "admin_principals": (OPERATOR,),
        "jwt_issuer": "",
        "sign_in_client_id": "",
        "sign_in_audience": "",
        "kms_key_arn": "",
    }
    return ApiSettings(**defaults | changes)


def publish_settings(**changes: Any) -> PublishSettings:
    defaults: dict[str, Any] = {
        "bus_name": BUS,
        "originals_bucket": ORIGINALS,
        "dead_letter_queue_url": "https://sqs.test/letters",
    }
    return PublishSettings(**defaults | changes)


def delivery_settings(**changes: Any) -> DeliverySettings:
    defaults: dict[str, Any] = {"table_name": TABLE, "delivery_seconds": 60}
    return DeliverySettings(**defaults | changes)


def s3_record(
    key: str,
    *,
    event: str = "ObjectCreated:Put",
    bucket: str = ORIGINALS,
    sequencer: str = "0055AED6DCD90281E5",
    **described: Any,
) -> dict[str, Any]:
    """One record as S3 writes it: the key is form-encoded, slashes stay."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-01-02T03:04:05.678Z",
        "eventName": event,
        "s3": {
            "bucket": {"name": bucket},
            "object": {"key": quote_plus(key, safe="/"), "sequencer": sequencer, **described},
        },
    }


def message(*records: dict[str, Any], attempt: int = 1, id: str = "m1", body: str | None = None) -> Message:  # noqa: A002 - as in SQS
    return Message(
        id=id,
        receipt_handle=f"receipt of {id}",
        queue="uploads",
        body=json.dumps({"Records": records}) if body is None else body,
        attempt=attempt,
        last=attempt >= MAX_RECEIVE_COUNT,
    )


class FakeRender:
    """Renders by writing the preset's name before the bytes; `meanwhile` happens during one render."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.facts = FACTS
        self.meanwhile: Callable[[], object] | None = None

    def __call__(self, data: bytes, presets: Sequence[Preset], limits: Limits) -> Rendered:
        self.calls += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        if self.error:
            raise self.error
        if data.startswith(b"not an image"):
            raise NotAnImage
        return Rendered(
            facts=self.facts,
            variants={
                preset.name: RenderedVariant(
                    preset=preset,
                    data=preset.name.encode() + b" of " + data,
                    width=preset.width,
                    height=preset.height,
                )
                for preset in presets
            },
        )


class World:
    """Two buckets, the table, and a worker; `versioned` is how production keeps its originals."""

    def __init__(self, *, s3: Any, dynamodb: Any, versioned: bool = True) -> None:
        self.s3 = s3
        self.render = FakeRender()
        self.lines: list[Line] = []
        self.postponed: list[dict[str, Any]] = []
        self.catalog = Catalog(dynamodb, TABLE)
        self.storage = Buckets(s3, originals_bucket=ORIGINALS, variants_bucket=VARIANTS)
        for bucket in (ORIGINALS, VARIANTS):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            s3.put_bucket_versioning(Bucket=ORIGINALS, VersioningConfiguration={"Status": "Enabled"})
        self._sequence = 0

    def worker(self, **parts: Any) -> Worker:
        """A worker in this world; `presets` and other settings and constructor arguments may differ."""
        given = {name: parts.pop(name) for name in ("storage", "catalog") if name in parts}
        surroundings = {"storage": self.storage, "catalog": self.catalog, **given}
        return Worker(
            resize_settings(**parts),
            render=self.render,
            admission=Admission(10_000),
            **surroundings,
        )

    def upload(
        self, image_id: str, data: bytes = b"pixels", metadata: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Store an original; returns the record of its event."""
        key = keys.original_key(image_id)
        put = self.s3.put_object(
            Bucket=ORIGINALS, Key=key, Body=data, ContentType="image/png", Metadata=metadata or {}
        )
        described = {"size": len(data), "eTag": put["ETag"].strip('"')}
        if "VersionId" in put:
            described["versionId"] = put["VersionId"]
        return s3_record(key, sequencer=self._next(), **described)

    def remove(self, image_id: str) -> dict[str, Any]:
        """Remove an original; returns the record of its event."""
        self.s3.delete_object(Bucket=ORIGINALS, Key=keys.original_key(image_id))
        return self.removal(image_id)

    def removal(self, image_id: str) -> dict[str, Any]:
        """The record of a removal, which is as new as its place among the calls."""
        event = "ObjectRemoved:DeleteMarkerCreated"
        return s3_record(keys.original_key(image_id), event=event, sequencer=self._next())

    def deliver(self, *records: dict[str, Any], attempt: int = 1, worker: Any = None) -> list[str]:
        """Have the records handled in one message; returns `outcome note` of each reported line."""
        return self.deliver_message(message(*records, attempt=attempt), worker)

    def deliver_message(self, delivered: Message, worker: Any = None) -> list[str]:
        """Have a message handled; returns `outcome note` of each reported line."""
        before = len(self.lines)
        worker = worker or self.worker()
        client: Any = SimpleNamespace(change_message_visibility=lambda **call: self.postponed.append(call))
        handle_batch(
            [delivered],
            settle=worker.settle,
            give_up=worker.give_up,
            postpone=Queues(client, QUEUE_URLS).postpone,
            report=self.lines.append,
            remaining_seconds=lambda: 300,
            record_seconds=30,
            retry_base_seconds=10,
        )
        return [f"{line.outcome} {line.note}" for line in self.lines[before:]]

    def row(self, image_id: str) -> Row | None:
        return self.catalog.get(image_id)

    def date_back(self, image_id: str, uploaded_at: str) -> None:
        """Have an image be one that was uploaded then, as far as its row goes."""
        self.catalog._client.update_item(
            TableName=TABLE,
            Key={"ImageID": {"S": image_id}},
            UpdateExpression="SET UploadedAt = :then",
            ExpressionAttributeValues={":then": {"S": uploaded_at}},
        )

    def is_deleted(self, image_id: str) -> bool:
        """Whether the deletion of an image is recorded, and nothing is left to be done about it."""
        row = self.row(image_id)
        return bool(row and row["Status"] == DELETED and not {"Variants", "Superseded"} & row.keys())

    def variants(self) -> dict[str, bytes]:
        """Every object in the variants bucket by its key."""
        listed = self.s3.list_objects_v2(Bucket=VARIANTS).get("Contents", [])
        return {each["Key"]: self._read(each["Key"]) for each in listed}

    def is_consistent(self) -> bool:
        """Whether the variants in the bucket are exactly those that the rows name."""
        scanned = self.catalog._client.scan(TableName=TABLE)["Items"]
        rows = [self.catalog.get(item["ImageID"]["S"]) or {} for item in scanned]
        named = {v["Key"] for row in rows for v in row.get("Variants", {}).values()}
        return set(self.variants()) == named

    def _read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=VARIANTS, Key=key)["Body"].read()

    def _next(self) -> str:
        self._sequence += 1
        return f"0055AED6DCD9{self._sequence:06X}"


class Failing:
    """An object some of whose methods raise, and whose others do what they do."""

    def __init__(self, real: Any, *methods: str, error: Exception | None = None) -> None:
        self._real = real
        self._methods = set(methods)
        self._error = error or ClientError(
            {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "Operation"
        )

    def __getattr__(self, name: str) -> Any:
        if name in self._methods:
            return self._raise
        return getattr(self._real, name)

    def _raise(self, *args: object, **kwargs: object) -> None:
        raise self._error
