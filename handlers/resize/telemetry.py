"""Telemetry of the resize function: one structured log line per record, metrics in one flush per call.

Never logged: file names as clients gave them, presigned URLs, credentials.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from handlers.contract import keys
from handlers.contract.log_level import apply_log_level
from handlers.contract.rejections import RenderFailed
from handlers.resize.outcomes import Line

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_METRIC = {
    "done": "Done",
    "rejected": "Rejected",
    "resent": "Resent",
    "retry": "Retried",
    "deferred": "Deferred",
}


class Telemetry:
    """Logs and counts the outcomes of records; service and namespace come from the environment."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._logger = Logger()
        apply_log_level()
        self._metrics = Metrics()

    @contextmanager
    def invocation(self, context: "LambdaContext") -> Iterator[None]:
        """Bind the request's id to every line, and flush the metrics at the end."""
        self._logger.append_keys(request_id=context.aws_request_id)
        try:
            yield
        finally:
            if self._metrics.metric_set:
                self._metrics.flush_metrics()

    def report(self, line: Line) -> None:
        """One line and one count for a settled record, or for a message that is not an S3 event."""
        fields: dict[str, object] = {
            "outcome": line.outcome,
            "reason": line.note,
            "milliseconds": line.milliseconds,
            "bytes": line.size,
            "attempt": line.attempt,
        }
        if line.event:
            fields["image_id"] = keys.image_id_of(line.event.key)
            fields["event"] = line.event.kind
        if line.detail:
            fields["detail"] = line.detail
        bug = line.outcome == "rejected" and line.note == RenderFailed.__name__
        if line.error:
            fields["error"] = f"{type(line.error).__name__}: {line.error}"
        log = self._logger.warning if line.error or bug else self._logger.info
        log("record" if line.event else "message", extra=fields)
        self._metrics.add_metric(name=_METRIC[line.outcome], unit=MetricUnit.Count, value=1)
        if bug:
            self._metrics.add_metric(name="RenderFailed", unit=MetricUnit.Count, value=1)
        if line.outcome in {"done", "rejected"}:
            # The average of `Rejected` is the share of rejected images, its count all that settled.
            if line.outcome == "done":
                self._metrics.add_metric(name="Rejected", unit=MetricUnit.Count, value=0)
            if line.event and line.event.kind == "created":
                since_upload = max(0.0, self._clock() - line.event.moment.timestamp())
                self._metrics.add_metric(
                    name="SettleTime", unit=MetricUnit.Milliseconds, value=round(since_upload * 1000)
                )
            # Metric math cannot fill a metric that never existed: the alarm on unpublished events needs one.
            self._metrics.add_metric(name="Published", unit=MetricUnit.Count, value=0)
            self._metrics.add_metric(name="RecordTime", unit=MetricUnit.Milliseconds, value=line.milliseconds)
            self._metrics.add_metric(name="OriginalSize", unit=MetricUnit.Bytes, value=line.size)
