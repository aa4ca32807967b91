"""Metrics of the API: announced images, so that an alarm notices when their uploads do not come, and images
refused for their callers' quotas.
"""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit


class Announcements:
    """Counts announced images; service and namespace of the metric come from the environment."""

    def __init__(self) -> None:
        self._metrics = Metrics()

    def count(self, images: int) -> None:
        """So many `PENDING` rows were written."""
        # The alarm on missing uploads subtracts `Resent`, and metric math cannot fill a metric that never
        # existed: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
        self._metrics.add_metric(name="Resent", unit=MetricUnit.Count, value=0)
        self._add("Announced", images)

    def refuse(self, images: int) -> None:
        """So many images were beyond the quota of their caller."""
        self._add("QuotaRefused", images)

    def _add(self, name: str, images: int) -> None:
        if images:
            self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=images)
            self._metrics.flush_metrics()
