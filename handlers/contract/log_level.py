"""The level of a function's log, as the stack configures it."""

import logging
import os


def apply_log_level() -> None:
    """Give the function's logger the level of `POWERTOOLS_LOG_LEVEL`.

    Lambda's own level, which stays at INFO or below so that metrics pass, wins in the constructor of
    Powertools' Logger, and `logLevel: WARNING` would have no effect.
    https://docs.powertools.aws.dev/lambda/python/latest/core/logger/#aws-lambda-advanced-logging-controls-alc
    """
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "service_undefined")
    logging.getLogger(service).setLevel(os.environ.get("POWERTOOLS_LOG_LEVEL", "INFO"))
