import threading

import httpx
import pytest

from imagectl import retry
from imagectl.contact import Contact
from imagectl.retry import Retry
from imagectl.upload.s3_post import PolicyExpired, S3Post, Unsent
from imagectl.upload_model import File

POLICY = {"url": "http://bucket.example", "fields": {"key": "uploads/x", "Content-Type": "image/jpeg"}}


class S3:
    """Answers in turn, and remembers what was posted and how many bytes were said to have moved."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []
        self.lengths: list[int] = []
        self.moved = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.read())
        self.lengths.append(int(request.headers["Content-Length"]))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def move(self, count: int) -> None:
        self.moved += count


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0)


def photograph(tmp_path, content: bytes = b"x" * 200_000) -> File:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    status = path.stat()
    return File(
        path=str(path),
        name="a.jpg",
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        content_type="image/jpeg",
        sha256=b"",
    )


def send(s3: S3, file: File, attempts: int = 3) -> None:
    with httpx.Client(transport=httpx.MockTransport(s3)) as http:
        retry = Retry("S3", attempts=attempts, stopping=threading.Event(), contact=Contact())
        S3Post(http, retry, s3.move).send(file, POLICY)


def error(status: int, code: str, message: str = "") -> httpx.Response:
    return httpx.Response(status, text=f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")


def test_the_fields_come_first_and_the_file_last(tmp_path):
    s3 = S3(httpx.Response(204))
    send(s3, photograph(tmp_path))
    [body] = s3.bodies
    assert body.index(b'name="key"') < body.index(b'name="Content-Type"') < body.index(b'name="file"')
    assert b"x" * 200_000 in body
    assert s3.lengths == [len(body)]
    assert s3.moved == 0, "nothing is on its way any more"


def test_a_failure_that_may_pass_is_repeated_with_the_whole_file_and_counted_once(tmp_path):
    s3 = S3(httpx.ConnectError("refused"), error(503, "SlowDown"), httpx.Response(204))
    send(s3, photograph(tmp_path))
    assert len({len(body) for body in s3.bodies}) == 1
    assert s3.moved == 0, "nothing is on its way any more"


def test_a_failure_that_does_not_pass_is_the_files_failure(tmp_path):
    s3 = S3(*[httpx.ConnectError("no route")] * 3)
    with pytest.raises(Unsent, match="no route"):
        send(s3, photograph(tmp_path))
    assert s3.moved == 0


def test_a_refusal_is_not_repeated(tmp_path):
    s3 = S3(error(403, "AccessDenied", "Access Denied"))
    with pytest.raises(Unsent, match="HTTP 403 AccessDenied Access Denied"):
        send(s3, photograph(tmp_path))
    assert s3.moved == 0


@pytest.mark.parametrize(
    "answer",
    [
        error(403, "AccessDenied", "Invalid according to Policy: Policy expired."),
        error(400, "ExpiredToken", "The provided token has expired."),
    ],
)
def test_an_expired_policy_is_told_from_other_refusals(tmp_path, answer):
    with pytest.raises(PolicyExpired):
        send(S3(answer), photograph(tmp_path))


def test_a_file_that_grew_or_was_replaced_is_not_sent(tmp_path):
    file = photograph(tmp_path)
    with (tmp_path / "a.jpg").open("ab") as grown:
        grown.write(b"more")
    s3 = S3()
    with pytest.raises(Unsent, match="changed"):
        send(s3, file)
    assert not s3.bodies


def test_a_file_that_shrinks_while_it_is_sent_ends_the_upload(tmp_path):
    file = photograph(tmp_path)
    sent: list[int] = []

    def shrink(count: int) -> None:
        sent.append(count)
        with (tmp_path / "a.jpg").open("r+b") as opened:
            opened.truncate(100)

    with httpx.Client(transport=httpx.MockTransport(S3(httpx.Response(204)))) as http:
        sender = S3Post(http, Retry("S3", attempts=3, stopping=threading.Event(), contact=Contact()), shrink)
        with pytest.raises(Unsent, match="changed"):
            sender.send(file, POLICY)
    assert sum(sent) == 0


def test_bytes_that_s3_finds_wrong_are_the_files_fault_only_if_it_changed(tmp_path):
    file = photograph(tmp_path)
    s3 = S3(error(400, "BadDigest"), httpx.Response(204))
    send(s3, file)
    assert len(s3.bodies) == 2


def test_a_file_that_vanished_is_reported(tmp_path):
    file = photograph(tmp_path)
    (tmp_path / "a.jpg").unlink()
    with pytest.raises(Unsent, match="No such file"):
        send(S3(), file)


def test_nothing_is_repeated_once_the_run_is_stopping(tmp_path):
    stopping = threading.Event()
    stopping.set()
    s3 = S3(*[httpx.ConnectError("cut")] * 3)
    with httpx.Client(transport=httpx.MockTransport(s3)) as http, pytest.raises(Unsent):
        S3Post(http, Retry("S3", attempts=3, stopping=stopping, contact=Contact()), s3.move).send(
            photograph(tmp_path), POLICY
        )
    assert len(s3.bodies) == 1
