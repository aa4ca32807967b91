"""Announcing files, and waiting where the caller has announced all that it may in an hour."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from imagectl.api_client import Document, Service
from imagectl.errors import QuotaReached
from imagectl.output import clock, messages
from imagectl.upload.counters import Counters
from imagectl.upload_model import UploadRun

# A machine that sleeps meanwhile does not count the seconds: its clock is looked at this often.
_LOOK_SECONDS: Final = 30.0


class Announcer:
    """Announces the files of a run; its threads may share it.

    `counters` holds what is to be shown while it waits.
    """

    def __init__(self, service: Service, run: UploadRun, counters: Counters) -> None:
        self._service = service
        self._run = run
        self._counters = counters

    def announce(self, files: Sequence[Mapping[str, Any]]) -> tuple[list[Document], str]:
        """What `Service.announce` answers, as soon as there is room for one file or more.

        Raises CannotContinue, QuotaReached only when the run is stopping.
        """
        while True:
            try:
                return self._service.announce(self._run.batch_id, files)
            except QuotaReached as reached:
                if self._service.stopping.is_set():
                    raise
                self._wait(reached)

    def _wait(self, reached: QuotaReached) -> None:
        again = time.time() + reached.seconds
        at = datetime.now().astimezone() + timedelta(seconds=reached.seconds)
        notice = f"quota reached: {reached.limit} an hour; going on at {clock(at)}"
        if notice != self._counters.notice:
            messages.print(f"{notice}. Ctrl-C stops; the same command continues later.")
        self._counters.notice = notice
        while (left := again - time.time()) > 0:
            if self._service.stopping.wait(min(left, _LOOK_SECONDS)):
                return
        self._counters.notice = ""
