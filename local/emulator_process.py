"""The emulator's process. It ends when the process that started it does, however that ended.

Run as `python -m local.emulator_process DIRECTORY`, as the leader of a process group; standard input is a
pipe whose other end the parent holds. DIRECTORY is the emulator's temporary directory.
"""

import os
import shutil
import signal
import sys
import threading

from local.partial_batch_responses import honour_failures


def _end_with_parent(directory: str) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    shutil.rmtree(directory, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run the emulator in this process until the parent ends it or is gone."""
    directory = sys.argv.pop()
    threading.Thread(target=_end_with_parent, args=[directory], daemon=True).start()
    from ministack.app import main as serve  # noqa: PLC0415 - watch the parent before the slow import

    honour_failures()
    serve()


if __name__ == "__main__":
    main()
