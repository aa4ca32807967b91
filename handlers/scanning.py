"""Whether an original may be read: what GuardDuty's tag about it says, and how long to wait for one.

GuardDuty Malware Protection for S3 tags every version of an object that it has scanned.
https://docs.aws.amazon.com/guardduty/latest/ug/monitoring-malware-protection-s3-scans-gdu.html
"""

import random
from collections.abc import Callable
from typing import Final

from handlers.rejections import MalwareFound, NotScannable

TAG: Final = "GuardDutyMalwareScanStatus"
CLEAN: Final = "NO_THREATS_FOUND"
# A message that waits is no older than this when it comes again, or the alarm of the queue's age
# would take a wait for a jam. SQS would allow 900.
MAX_WAIT_SECONDS: Final = 300
_MIN_WAIT_SECONDS: Final = 4


class ScanFailed(Exception):
    """GuardDuty could not scan the original. Another scan may do better, so this is retried."""


class ScanOverdue(Exception):
    """GuardDuty has not said anything about the original, long after it was uploaded."""


def is_clean(status: str | None, *, waited: float, patience: float) -> bool:
    """Whether an original with this tag may be read; False if its scan is still to be waited for.

    `waited` is how many seconds ago it was uploaded, `patience` how many a scan may take. Raises
    ImageRejected where the bytes will never be let through, ScanFailed or ScanOverdue where
    somebody has to see to the scan.
    """
    if status == CLEAN:
        return True
    if status == "THREATS_FOUND":
        raise MalwareFound
    if status == "UNSUPPORTED":
        raise NotScannable
    if status is not None:
        raise ScanFailed(status)
    if waited > patience:
        raise ScanOverdue(f"no result {waited:.0f} s after the upload")
    return False


def wait(waited: float, jitter: Callable[[], float] = random.random) -> int:
    """Seconds until the next look at an original: as long again as it has waited, or up to half less."""
    longest = min(MAX_WAIT_SECONDS, max(_MIN_WAIT_SECONDS, waited))
    return round(longest * (1 + jitter()) / 2)
