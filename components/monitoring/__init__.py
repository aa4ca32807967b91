"""Watching a pipeline: alarms and whom they wake, a dashboard, saved log queries."""

from components.monitoring.dashboard import DashboardFacts
from components.monitoring.metrics import Watched
from components.monitoring.monitoring import Monitoring, MonitoringArgs
from components.monitoring.thresholds import AlarmLimits

__all__ = ["AlarmLimits", "DashboardFacts", "Monitoring", "MonitoringArgs", "Watched"]
