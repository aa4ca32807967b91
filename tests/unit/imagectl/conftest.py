import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imagectl import app, retry
from imagectl.upload import status_polling
from tests.unit.imagectl.fake_service import FakeService, serving

JPEG = b"\xff\xd8\xff\xe0 "


@pytest.fixture
def fake() -> Iterator[FakeService]:
    with serving() as service:
        yield service


@dataclass
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """The JSON of each file by its name."""
        return {Path(line["path"]).name: line for line in self.lines if line["type"] == "file"}

    @property
    def summary(self) -> dict[str, Any]:
        return self.lines[-1]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of the host but where programs are; a home of its own for the journal."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "NO_PROXY": "127.0.0.1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@pytest.fixture
def imagectl(
    fake: FakeService,
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ran]:
    """Run a command in this process against the fake service, with quick retries."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in (environment | {"IMAGECTL_API": fake.url, "IMAGECTL_TOKEN": "a-token"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(retry, "LONGEST_PAUSE_UNREACHABLE_SECONDS", 0.05)
    monkeypatch.setattr(status_polling, "PAUSE_SECONDS", 0.01)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    at_termination = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            app.main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0 if code is None else 1, said.out, said.err)

    yield run
    signal.signal(signal.SIGTERM, at_termination)


@pytest.fixture
def photos(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of files: name -> content; without any, of as many photographs as said."""

    def make(count: int = 0, **files: bytes) -> Path:
        folder = tmp_path / "photos"
        folder.mkdir(exist_ok=True)
        made = {f"{number:04}.jpg": JPEG + str(number).encode() for number in range(count)}
        for name, content in (made | {name.replace("_", "."): data for name, data in files.items()}).items():
            (folder / name).write_bytes(content)
        return folder

    return make
