"""Monitoring of a pipeline: alarms and their topic, a dashboard, saved log queries."""

from components.monitoring.metrics import Watched
from components.monitoring.monitoring import Monitoring, MonitoringArgs

__all__ = ["Monitoring", "MonitoringArgs", "Watched"]
