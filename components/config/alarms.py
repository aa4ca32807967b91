"""Alarms: thresholds, and the people they reach."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from components.config.api import ApiConfig
from components.config.bounds import Between
from components.config.resize import ResizeConfig
from handlers.contract.malware_scan import MAX_WAIT_SECONDS

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https://[^/\s]+(/\S*)?")
_SLACK = re.compile(r"T[A-Z0-9]+/[CG][A-Z0-9]+")


@dataclass(frozen=True, kw_only=True)
class AlarmConfig(ResizeConfig, ApiConfig):
    """`alarm_urls` are HTTPS endpoints that confirm a subscription by themselves, as pagers do;
    `alarm_slack_channel` is `WORKSPACE/CHANNEL` (`T07EXAMPLE/C07EXAMPLE`) or empty. Some alarms and
    graphs compare with the limits of the functions they watch.
    """

    alarm_emails: tuple[str, ...]
    alarm_urls: tuple[str, ...] = field(repr=False)  # they may hold keys
    alarm_slack_channel: str
    queue_age_alarm_seconds: Annotated[int, Between(60, 86_400)]  # no message waits less than a day
    express_age_alarm_seconds: Annotated[int, Between(10, 86_400)]
    rejected_share_alarm_percent: Annotated[int, Between(1, 99)]
    api_latency_alarm_milliseconds: Annotated[int, Between(100, 29_000)]

    @property
    def express_age_seconds(self) -> int:
        """The age above which the oldest message of the express lane raises an alarm: with malware scans,
        longer by what one message may wait for a scan.
        """
        return self.express_age_alarm_seconds + (MAX_WAIT_SECONDS if self.malware_scan else 0)

    def conflicts(self) -> Iterator[str]:
        """Addresses that cannot be subscribed, and an alarm that every malware scan would trigger."""
        for address in self.alarm_emails:
            if not _EMAIL.fullmatch(address):
                yield f"alarmEmails: {address!r} is not an e-mail address."
        for url in self.alarm_urls:
            if not _URL.fullmatch(url):
                # The value is left out: such a URL may contain a key.
                yield "alarmUrls: an entry is not an https:// URL."
        if self.alarm_slack_channel and not _SLACK.fullmatch(self.alarm_slack_channel):
            yield (
                f"alarmSlackChannel: {self.alarm_slack_channel!r} is not a workspace and a channel by id, "
                "like T07EXAMPLE/C07EXAMPLE."
            )
        if self.malware_scan and self.queue_age_alarm_seconds <= MAX_WAIT_SECONDS:
            yield (
                f"queueAgeAlarmSeconds: {self.queue_age_alarm_seconds} is not more than {MAX_WAIT_SECONDS}, "
                "the seconds that a message may wait for a malware scan."
            )
