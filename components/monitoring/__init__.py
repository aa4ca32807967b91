"""Monitoring of a pipeline: alarms and their topic, a dashboard, saved log queries."""

from components.monitoring.metrics import PipelineMetrics, function_metrics, queue_metrics
from components.monitoring.monitoring import Monitoring, MonitoringArgs

__all__ = ["Monitoring", "MonitoringArgs", "PipelineMetrics", "function_metrics", "queue_metrics"]
