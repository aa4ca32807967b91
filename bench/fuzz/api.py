"""Hostile requests and messages, against the API function in this process and the parsers of the worker."""

import base64
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
from moto import mock_aws

from handlers.api import entry_point
from handlers.api.metrics import Announcements
from handlers.contract import quota_table, routes
from handlers.contract.indexes import INDEXES, KEY_TYPES
from handlers.contract.presets import PresetError, parse_presets
from handlers.contract.s3_events import MalformedMessage, parse_message
from handlers.contract.settings import ApiSettings, variables

_REGION = "eu-central-1"
_SETTINGS = ApiSettings(
    originals_bucket="originals",
    variants_bucket="variants",
    table_name="images",
    quota_table_name="quotas",
    uploads_per_hour=10_000_000,
    upload_bytes_per_hour=1024**5,
    express_per_hour=30,
    max_upload_bytes=50_000_000,
    pending_hours=1,
    url_seconds=900,
    old_version_days=7,
    api_auth="iam",
    admin_principals=(),
    jwt_issuer="",
    sign_in_client_id="",
    sign_in_audience="",
    kms_key_arn="",
)
_TEXTS = (
    "", "a", "cat.jpg", "image/png", "\0", "\ud800", "é" * 300, "../..", "%25%2F", "a/" * 400, "\n",
    "9" * 5_000, "<script>", "arn:aws:iam::1:role/x", "READY", "1e999", "-1", "0", "A" * 43 + "=", "{}",
)  # fmt: skip
_FILE = {"name": "cat.jpg", "contentType": "image/jpeg", "bytes": 1234}


@contextmanager
def answering() -> Iterator[Callable[[random.Random], str]]:
    """A function that makes one request or message and returns what went wrong, or nothing."""
    environment = {
        **variables(ApiSettings, _SETTINGS),
        **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing"),
        "AWS_DEFAULT_REGION": _REGION,
        "POWERTOOLS_SERVICE_NAME": "fuzz",
        "POWERTOOLS_METRICS_NAMESPACE": "fuzz",
        "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    }
    quiet = mock.patch.object(Announcements, "_add")
    with mock.patch.dict(os.environ, environment), mock_aws(), quiet:
        boto3.DEFAULT_SESSION = None
        _make_tables()
        entry_point.compose.cache_clear()
        yield lambda chance: chance.choice((_request, _request, _request, _message, _preset))(chance)
        entry_point.compose.cache_clear()


def _make_tables() -> None:
    for bucket in (_SETTINGS.originals_bucket, _SETTINGS.variants_bucket):
        location: Any = {"LocationConstraint": _REGION}
        boto3.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    images: Any = [
        {
            "IndexName": index.name,
            "KeySchema": _key(index.partition, index.sort),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
        for index in INDEXES
    ]
    _make_table(_SETTINGS.table_name, _key(("ImageID",)), KEY_TYPES, GlobalSecondaryIndexes=images)
    quotas = dict.fromkeys((quota_table.PARTITION, quota_table.SORT), "S")
    _make_table(_SETTINGS.quota_table_name, _key((quota_table.PARTITION,), (quota_table.SORT,)), quotas)


def _make_table(name: str, key: Any, types: Mapping[str, str], **more: Any) -> None:
    attributes: Any = [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]
    boto3.client("dynamodb").create_table(
        TableName=name, KeySchema=key, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST", **more
    )


def _key(partition: Sequence[str], sort: Sequence[str] = ()) -> list[dict[str, str]]:
    kinds = [*((name, "HASH") for name in partition), *((name, "RANGE") for name in sort)]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in kinds]


def _request(chance: random.Random) -> str:
    route = chance.choice([*routes.ROUTES, "GET /nowhere"])
    body = _body(chance)
    query = {name: _text(chance) for name in ("status", "limit", "cursor", "name", _text(chance))}
    if chance.random() < 0.3:
        forged = base64.urlsafe_b64encode(_body(chance).encode("utf-8", "replace"))
        query = {"cursor": forged.decode().rstrip("=")}
    encoded = chance.random() < 0.3
    caller = chance.choice(("arn:aws:iam::1:user/a", _text(chance)))
    event = {
        "routeKey": route,
        "headers": {"content-type": chance.choice(("application/json", "image/png", _text(chance)))},
        "requestContext": {"authorizer": {"iam": {"userArn": caller}}},
        "pathParameters": {"imageId": _text(chance), "batchId": _text(chance)},
        "queryStringParameters": query,
        "isBase64Encoded": encoded,
        "body": base64.b64encode(body.encode("utf-8", "replace")).decode() if encoded else body,
    }
    answer = entry_point.handler(event, SimpleNamespace(aws_request_id="r"))
    return f"{route}: {answer['statusCode']} for {body[:200]!r}" if answer["statusCode"] >= 500 else ""


def _message(chance: random.Random) -> str:
    with suppress(MalformedMessage):
        parse_message(_body(chance))
    return ""


def _preset(chance: random.Random) -> str:
    options = ("quality=80", "effort=1", "position=attention", "enlarge", _text(chance))
    words = ("thumbnail", "128x128", "cover", "jpeg", *options)
    lines = [" ".join(chance.choices(words, k=chance.randrange(9))) for _ in range(chance.randrange(3))]
    with suppress(PresetError):
        parse_presets(["thumbnail 9x9 cover jpeg", *lines])
    return ""


def _text(chance: random.Random) -> str:
    if chance.random() < 0.6:
        return chance.choice(_TEXTS)
    return "".join(chr(chance.randrange(chance.choice((128, 0x2100)))) for _ in range(chance.randrange(40)))


def _body(chance: random.Random) -> str:
    what = chance.randrange(4)
    if what == 0:
        unit = chance.choice(('\\"', "[", '{"a":', '"', "9", " ", "\\ud800", "[],", '{"files":', "\0"))
        return chance.choice(("", '{"files":["', '{"files":[')) + unit * chance.choice(
            (1, 10, 1_000, 200_000)
        )
    if what == 1:
        return _text(chance)
    document = chance.choice((_announcement, _announcement, _s3_event, _anything))(chance)
    text = json.dumps(document)
    return text if chance.random() < 0.8 else text[: chance.randrange(len(text) + 1)]


def _announcement(chance: random.Random) -> Any:
    members = ("name", "contentType", "bytes", "sha256", "imageId", "x")
    files = [
        {**_FILE, chance.choice(members): _json(chance, 3)} for _ in range(chance.choice((0, 1, 2, 100, 101)))
    ]
    return {"files": files, chance.choice(("batchId", "x")): _json(chance, 2)}


def _s3_event(chance: random.Random) -> Any:
    members = ("key", "sequencer", "size", "eTag", "versionId")
    described = {"bucket": {"name": _json(chance, 1)}, "object": {name: _json(chance, 1) for name in members}}
    return {"Records": [{"eventName": "ObjectCreated:Put", "eventTime": _json(chance, 1), "s3": described}]}


def _anything(chance: random.Random) -> Any:
    return _json(chance, 4)


def _json(chance: random.Random, depth: int) -> Any:
    if depth == 0 or chance.random() < 0.5:
        return chance.choice((None, True, -1, 0, 1, 1 << 63, 1 << 200, 1.5, 1e308, _text(chance)))
    if chance.random() < 0.5:
        return [_json(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {_text(chance): _json(chance, depth - 1) for _ in range(chance.randrange(4))}
