"""The delivery function: redirects permanent URLs to the keys of variants."""

import functools
import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

from handlers.contract.log_level import apply_log_level
from handlers.contract.settings import DeliverySettings, load
from handlers.delivery.redirects import Redirects
from handlers.storage import clients
from handlers.storage.catalog import Catalog

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@functools.cache
def compose() -> tuple[Redirects, Logger]:
    """What one execution environment works with, built at its first call."""
    settings = load(DeliverySettings, os.environ)
    catalog = Catalog(clients.dynamodb(), settings.table_name)
    logger = Logger()
    apply_log_level()
    return Redirects(catalog, seconds=settings.delivery_seconds), logger


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Lambda's entry point: an event of a function URL in, a response in payload format 2.0 out.

    A failure is raised, so that it counts as one; CloudFront caches what comes of it for ten seconds.
    Requests are not logged: CloudFront's access logs have them.
    """
    redirects, logger = compose()
    try:
        return redirects.answer(event["rawPath"])
    except Exception:
        logger.exception("request failed", extra={"request_id": context.aws_request_id})
        raise
