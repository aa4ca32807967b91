"""The API function: announces uploads, takes small images, reads the catalogue back, removes images."""

import functools
import os
from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools import Logger

from handlers.api import problems
from handlers.api.batch_status import BatchStatus
from handlers.api.listing import Listing
from handlers.api.metrics import Announcements
from handlers.api.page import Page, SignIn
from handlers.api.page.discovery import Discovery
from handlers.api.presigned_posts import PresignedPosts
from handlers.api.problems import Problem
from handlers.api.quotas import Amounts, Quotas
from handlers.api.requests import Request
from handlers.api.routes import Response, Routes
from handlers.api.uploads import Uploads
from handlers.contract.log_level import apply_log_level
from handlers.contract.settings import ApiSettings, load
from handlers.storage import clients
from handlers.storage.buckets import Buckets
from handlers.storage.catalog import Catalog
from handlers.storage.dynamodb_batches import TableBusy
from handlers.storage.signed_urls import SignedUrls

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@functools.cache
def compose() -> tuple[Routes, Logger]:
    """The collaborators of one execution environment, built at its first call."""
    settings = load(ApiSettings, os.environ)
    logger = Logger()
    s3 = clients.s3()
    dynamodb = clients.dynamodb()
    catalog = Catalog(dynamodb, settings.table_name)
    storage = Buckets(
        s3, originals_bucket=settings.originals_bucket, variants_bucket=settings.variants_bucket
    )
    policies = PresignedPosts(
        s3,
        bucket=settings.originals_bucket,
        seconds=settings.url_seconds,
        kms_key_arn=settings.kms_key_arn,
        credentials=clients.credentials(),
    )
    announcements = Announcements()
    quotas = Quotas(
        dynamodb,
        settings.quota_table_name,
        unrepeated=clients.dynamodb(repeats=False),
        limits=Amounts(
            images=settings.uploads_per_hour,
            bytes=settings.upload_bytes_per_hour,
            express=settings.express_per_hour,
        ),
        refused=announcements.refuse,
    )
    page = Page(
        s3,
        originals_bucket=settings.originals_bucket,
        variants_bucket=settings.variants_bucket,
        sign_in=_sign_in(settings, logger),
    )
    routes = Routes(
        settings,
        uploads=Uploads(catalog, policies, quotas, settings, count=announcements.count),
        quotas=quotas,
        storage=storage,
        signed_urls=SignedUrls(s3, bucket=settings.variants_bucket, seconds=settings.url_seconds),
        catalog=catalog,
        listing=Listing(dynamodb, settings.table_name),
        batches=BatchStatus(dynamodb, settings.table_name, catalog),
        page=page,
    )
    apply_log_level()
    return routes, logger


def _sign_in(settings: ApiSettings, logger: Logger) -> SignIn | None:
    if not settings.sign_in_client_id:
        return None
    return SignIn(
        discovery=Discovery(settings.jwt_issuer, logger=logger),
        client_id=settings.sign_in_client_id,
        audience=settings.sign_in_audience,
    )


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Lambda's entry point: an HTTP API event in, a response in payload format 2.0 out."""
    routes, logger = compose()
    try:
        response = routes.answer(Request.of(event))
    except Problem as problem:
        response = _problem(problem)
    except TableBusy:
        response = _problem(problems.busy())
    except Exception:
        logger.exception("request failed", extra={"request_id": context.aws_request_id})
        response = _problem(problems.internal())
    logger.info(
        "request",
        extra={
            "request_id": context.aws_request_id,
            "route": event.get("routeKey"),
            "status": response.status,
        },
    )
    if response.body is None:
        return {"statusCode": response.status, "headers": dict(response.headers)}
    return {
        "statusCode": response.status,
        "headers": {
            "Content-Type": "application/json",
            "X-Content-Type-Options": "nosniff",
            **response.headers,
        },
        "body": _text(response.body),
    }


def _text(body: Any) -> str:
    return body if isinstance(body, str) else msgspec.json.encode(body).decode()


def _problem(problem: Problem) -> Response:
    again = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    return Response(
        status=problem.status,
        body=problem.document(),
        headers={"Content-Type": problems.CONTENT_TYPE, **again},
    )
