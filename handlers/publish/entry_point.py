"""The publish function: changes of rows from the table's stream in, events on the bus out."""

import functools
import os
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from handlers.contract.log_level import apply_log_level
from handlers.contract.settings import PublishSettings, load
from handlers.publish.event_bus import Bus, NotTaken
from handlers.publish.publisher import Publisher
from handlers.storage import clients

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@functools.cache
def compose() -> tuple[Publisher, Logger, Metrics]:
    """What one execution environment works with, built at its first call."""
    settings = load(PublishSettings, os.environ)
    logger, metrics = Logger(), Metrics()
    apply_log_level()
    bus = Bus(
        clients.events(),
        settings.bus_name,
        count=lambda events: metrics.add_metric(name="Published", unit=MetricUnit.Count, value=events),
    )
    return Publisher(settings, bus=bus, sqs=clients.sqs(), logger=logger), logger, metrics


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, list[dict[str, str]]]:
    """Lambda's entry point: records of a stream in, a partial batch response out.

    Lambda delivers again from the record on that is named there. Where that is the first one,
    nothing was gained, and the error is raised: it counts as one, and Lambda may halve the batch.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """
    publisher, logger, metrics = compose()
    logger.append_keys(request_id=context.aws_request_id)
    records = event["Records"]
    try:
        publisher.publish(records)
    except NotTaken as error:
        logger.warning("not published", extra={"error": str(error)})
        if error.about == records[0]["dynamodb"]["SequenceNumber"]:
            raise
        return {"batchItemFailures": [{"itemIdentifier": error.about}]}
    finally:
        if metrics.metric_set:
            metrics.flush_metrics()
    return {"batchItemFailures": []}
