"""The version before is deployed and filled, this version is deployed over it, and then the older one again.

Every time messages are queued, being worked on and put off while the functions change, and then every object,
row, variant and event is accounted for.
"""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from bench.burst.burst import rows, variants
from bench.burst.hearing import Hearing
from bench.burst.spike import PRESETS
from handlers.contract.keys import lane_of, original_key
from handlers.contract.presets import parse_presets, preset_hash
from local.consistency import Account, Expected, balance
from local.outputs_file import documented, write
from local.system import PROJECT, System, deployed
from tests.e2e.actions import (
    dead_letters,
    depth,
    eventually,
    image,
    post,
    row,
    settled,
    variant_keys,
)
from tests.e2e.redeployment import redeploy
from tests.version_before.program import extract, run_version_before

# Keys and values that both versions know.
CONFIG = {
    "batchSize": "2",
    "batchingWindowSeconds": "0",
    "maxConcurrency": "2",
    "recordSeconds": "5",
    "resizeTimeoutSeconds": "25",
    "retryBaseSeconds": "1",
}
BACKLOG = 8
HIDDEN_SECONDS = 20
# The emulator kills workers whose function is updated. Their messages are visible again after this time.
VISIBLE_AFTER_SECONDS = 10
MAPPINGS = ("intake-resize-from-queue", "intake-resize-from-express")
BALANCED = Account(lost=(), doubled=(), orphaned=(), stuck=())
UPGRADING = (PROJECT / "docs" / "upgrading.md").read_text("utf-8")


def picture(number: int) -> bytes:
    """A photograph that no other number has."""
    encoded = io.BytesIO()
    Image.linear_gradient("L").resize((300 + number, 200)).convert("RGB").save(encoded, "JPEG")
    return encoded.getvalue()


@dataclass
class Stack:
    """A system, whichever version runs there, and what its originals must come to.

    `folder` is the operator's, `batch` the batch that was announced last, `count` the number of pictures.
    """

    system: System
    folder: Path
    hearing: Hearing
    originals: dict[str, Expected] = field(default_factory=dict)
    uploads: Counter[str] = field(default_factory=Counter)
    count: int = 0
    batch: str = ""

    def picture(self) -> bytes:
        self.count += 1
        return picture(self.count)

    def expect(self, image_id: str, data: bytes, *reasons: str) -> str:
        self.uploads[image_id] += 1
        self.originals[image_id] = Expected(
            etag=hashlib.md5(data, usedforsecurity=False).hexdigest(),
            presets=frozenset() if reasons else PRESETS,
            reasons=frozenset(reasons),
        )
        return image_id

    def announce(self, count: int, **more: Any) -> list[tuple[dict[str, Any], bytes]]:
        """Files of one batch, announced by the uploader, and their bytes."""
        data = [self.picture() for _ in range(count)]
        files = [{"name": "a.jpg", "contentType": "image/jpeg", "bytes": len(each)} for each in data]
        answer = self.system.api.call("POST", "/uploads", json={"files": files, **more})
        assert answer.status_code == 200, answer.text
        self.batch = answer.json()["batchId"]
        return list(zip(answer.json()["files"], data, strict=True))

    def send(self, announced: tuple[dict[str, Any], bytes]) -> str:
        file, data = announced
        assert post(self.system, file["upload"], data).is_success
        return self.expect(file["imageId"], data)

    def drop(self, image_id: str, data: bytes | None = None, *reasons: str) -> str:
        """Put an original straight into the bucket."""
        data = self.picture() if data is None else data
        self.system.client("s3").put_object(
            Bucket=self.originals_bucket, Key=original_key(image_id), Body=data
        )
        return self.expect(image_id, data, *reasons)

    def delete(self, image_id: str) -> None:
        """Delete an original in the bucket, as its console does."""
        del self.originals[image_id]
        self.system.client("s3").delete_object(Bucket=self.originals_bucket, Key=original_key(image_id))

    @property
    def originals_bucket(self) -> str:
        return str(self.system.outputs["originalsBucket"])

    def pause(self, *, paused: bool, mapping: str = "intake-resize-from-queue") -> None:
        """Stop the workers of a lane, or have them go on."""
        [found] = [each for each in self.system.deployment.resources if each.name == mapping]
        self.system.client("lambda").update_event_source_mapping(UUID=found.id, Enabled=not paused)

    def receive(self, queue: str, about: str, seconds: int) -> dict[str, Any]:
        """Receive the only visible message of a queue and hide it, as a worker does that will die."""

        def look() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (
                self.system.client("sqs")
                .receive_message(QueueUrl=self.system.outputs[queue], VisibilityTimeout=seconds)
                .get("Messages", [])
            )
            return found

        [message] = eventually(look)
        assert about in message["Body"]
        return dict(message)

    def bury(self, queue: str, about: str) -> None:
        """Move the message about an image to the dead-letter queue, as SQS does in the end."""
        sqs, message = self.system.client("sqs"), self.receive(queue, about, 60)
        sqs.send_message(QueueUrl=self.system.outputs["deadLetterQueueUrl"], MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=self.system.outputs[queue], ReceiptHandle=message["ReceiptHandle"])

    def imagectl(self, *arguments: str) -> dict[str, Any]:
        """Run a command of this version as the operator; the summary that it prints."""
        outputs = self.folder / "outputs.json"
        write(outputs, documented(self.system))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "NO_PROXY": "127.0.0.1",
            "AWS_ACCESS_KEY_ID": self.system.operator.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.system.operator.secret_access_key,
        }
        command = [sys.executable, "-m", "imagectl", *arguments, "--json", "--outputs", str(outputs)]
        ran = subprocess.run(
            command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert ran.returncode == 0, ran.stderr + ran.stdout
        summary: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
        return summary

    def is_idle(self) -> bool:
        """Whether all queues become empty."""
        urls = [self.system.outputs[name] for name in self.queues]
        return bool(eventually(lambda: not any(depth(self.system, url) for url in urls), seconds=90))

    @property
    def queues(self) -> list[str]:
        """The outputs that name the queues of this version."""
        return [name for name in ("queueUrl", "expressQueueUrl") if name in self.system.outputs]

    def balance(self) -> Account:
        """What does not balance."""
        return balance(self.originals, rows(self.system), variants(self.system))

    def account(self) -> Account:
        """What does not balance, after `imagectl reconcile` removed the variants that killed workers left.

        The emulator kills workers whose function is updated. Lambda has them finish their call.
        """
        account = self.balance()
        if account.doubled or account.orphaned:
            self.reconcile("--repair", "--yes")
            again = self.balance()
            account = replace(account, doubled=again.doubled, orphaned=again.orphaned)
        return account

    def reconcile(self, *arguments: str) -> dict[str, Any]:
        return self.imagectl("reconcile", "--grace-minutes", "0", "--stuck-minutes", "0", *arguments)

    def finished_again(self) -> list[str]:
        """The images that were rendered and committed more often than they were uploaded."""
        logged = self.system.logs(self.system.outputs["resizeFunctionName"])
        lines = (json.loads(line[line.index("{") :]) for line in logged if '"reason":"Ready"' in line)
        ready = Counter(line["image_id"] for line in lines)
        assert ready
        return [image_id for image_id, count in ready.items() if count > self.uploads[image_id]]

    def has_redriven_all(self) -> bool:
        """Whether nothing is left in the express queue, nor among the dead letters, after another redrive."""
        self.imagectl("redrive", "--yes")
        names = ("expressQueueUrl", "deadLetterQueueUrl")
        return not any(depth(self.system, self.system.outputs[name]) for name in names)

    def deploy(self, config: Mapping[str, str] | None = None, **version: Any) -> None:
        """Deploy a version while photographs arrive."""
        stopped = threading.Event()

        def arrive() -> None:
            number = 0
            while not stopped.wait(0.3):
                number += 1
                self.drop(f"arriving/{self.count}-{number}")

        arriving = threading.Thread(target=arrive)
        arriving.start()
        try:
            config = {**CONFIG, **(config or {})}
            self.system = redeploy(self.system, config, visibility_seconds=VISIBLE_AFTER_SECONDS, **version)
        finally:
            stopped.set()
            arriving.join()


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> dict[str, Any]:
    """The version before, as `deployed` and `redeploy` take it."""
    return {"root": extract(tmp_path_factory.mktemp("before")), "run": run_version_before}


@pytest.fixture(scope="module")
def stack(before, tmp_path_factory) -> Iterator[Stack]:
    """The version before, deployed."""
    with deployed(config=CONFIG, **before) as running:
        folder = tmp_path_factory.mktemp("operator")
        running.client("sqs").set_queue_attributes(
            QueueUrl=running.outputs["queueUrl"],
            Attributes={"VisibilityTimeout": str(VISIBLE_AFTER_SECONDS)},
        )
        yield Stack(system=running, folder=folder, hearing=Hearing(running))


@dataclass
class Before:
    """What stood in the stack when this version was deployed: images, and the URL of a variant."""

    ready: list[str]
    batch: str
    url: str
    late: list[tuple[dict[str, Any], bytes]]
    failed: str
    deleted: list[str]


@pytest.fixture(scope="module")
def filled(stack) -> Before:
    """Images in every state, with messages in every state."""
    system = stack.system
    ready = [stack.send(each) for each in stack.announce(4)]
    stack.drop("not-an-image", b"a letter", "NotAnImage")
    failed = fail(stack, "cursed")
    assert all(settled(system, each)["status"] == "READY" for each in ready)
    assert settled(system, "not-an-image")["status"] == "REJECTED"
    assert stack.is_idle()
    stack.pause(paused=True)

    for name in ("hidden", "hidden/too"):
        stack.drop(name)
        stack.receive("queueUrl", name, HIDDEN_SECONDS)
    stack.drop("buried")
    stack.bury("queueUrl", "uploads/buried")
    stack.drop("doubled")
    message = stack.receive("queueUrl", "doubled", 1)
    system.client("sqs").send_message(QueueUrl=system.outputs["queueUrl"], MessageBody=message["Body"])

    half_done = stack.announce(3)
    batch = stack.batch
    stack.send(half_done[0])
    stack.drop("holiday/a b+c ü.jpg")
    stack.drop("overwritten")
    stack.drop("overwritten")
    stack.drop(ready[0])
    system.api.call("DELETE", f"/images/{ready[1]}")
    del stack.originals[ready[1]]
    stack.drop("deleted while it waits")
    stack.delete("deleted while it waits")
    stack.delete(ready[2])
    for each in range(BACKLOG):
        stack.drop(f"backlog/{each}")
    url = image(system, ready[3])["variants"]["thumbnail"]["url"]
    return Before(
        ready=[ready[0], ready[3]],
        batch=batch,
        url=url,
        late=half_done[1:2],
        failed=failed,
        deleted=[*ready[1:3], "deleted while it waits"],
    )


def fail(stack: Stack, image_id: str) -> str:
    """An image whose original cannot be read, until it is FAILED and its message a dead letter."""
    system, s3 = stack.system, stack.system.client("s3")
    function = system.outputs["resizeFunctionName"]
    role = system.client("lambda").get_function_configuration(FunctionName=function)["Role"]
    curse = {
        "Effect": "Deny",
        "Principal": {"AWS": role},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{stack.originals_bucket}/{original_key(image_id)}",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [curse]})
    s3.put_bucket_policy(Bucket=stack.originals_bucket, Policy=policy)
    try:
        stack.drop(image_id)
        assert settled(system, image_id)["status"] == "FAILED"
        assert eventually(lambda: dead_letters(system, original_key(image_id)))
    finally:
        s3.delete_bucket_policy(Bucket=stack.originals_bucket)
    return image_id


@pytest.fixture(scope="module")
def upgraded(stack, filled) -> Stack:
    """This version, deployed over the version before with all its messages in flight."""
    assert depth(stack.system, stack.system.outputs["queueUrl"]) > BACKLOG
    stack.pause(paused=False)
    stack.deploy()
    return stack


def test_an_upgrade_loses_doubles_orphans_and_leaves_nothing(upgraded, filled):
    for each in filled.late:
        upgraded.send(each)  # with a policy that the version before signed
    assert upgraded.imagectl("redrive", "--yes")["sent"] == 2
    assert upgraded.is_idle()
    assert upgraded.finished_again() == []
    assert upgraded.account() == BALANCED
    stored = rows(upgraded.system)
    assert upgraded.hearing.unannounced(stored.values(), 30) == ()
    assert {stored[each]["Status"] for each in filled.deleted if each in stored} <= {"DELETED"}


def test_what_the_version_before_stored_is_shown_by_this_one(upgraded, filled):
    api, system = upgraded.system.api, upgraded.system
    assert httpx.get(filled.url).is_success, "a URL that the version before signed"
    for each in filled.ready:
        answer = api.call("GET", f"/images/{each}")
        assert answer.json()["status"] == "READY"
        assert answer.json()["fileName"] == "a.jpg"
        assert httpx.get(answer.json()["variants"]["large"]["url"]).is_success
    for each in filled.deleted[:2]:
        assert api.call("GET", f"/images/{each}").status_code == 404
    counts = eventually(
        lambda: (
            (found := api.call("GET", f"/batches/{filled.batch}").json()["counts"])["READY"] == 2 and found
        )
    )
    assert counts == {"PENDING": 1, "READY": 2, "REJECTED": 0, "FAILED": 0}
    listed = {each["imageId"] for each in api.call("GET", "/images?limit=100").json()["images"]}
    assert set(filled.ready) <= listed
    assert system.outputs["expressLane"] is True


def test_a_backfill_renders_by_this_version_what_the_version_before_rendered(upgraded, filled):
    system, current = (
        upgraded.system,
        preset_hash(parse_presets(json.loads(upgraded.system.settings["presets"]))),
    )
    old = filled.ready[1]
    before = variant_keys(system, old)
    assert row(system, old)["PresetHash"]["S"] != current
    assert upgraded.imagectl("backfill", "--yes")["sent"] > 0
    assert upgraded.is_idle()
    assert {each["PresetHash"] for each in rows(system).values() if each["Status"] == "READY"} == {current}
    assert not before & variant_keys(system, old)
    assert upgraded.account() == BALANCED
    assert upgraded.hearing.unannounced(rows(system).values(), 30) == ()


@dataclass
class RolledBack:
    """Images that this version made before the older one was deployed."""

    express: str
    deleted: str


@pytest.fixture(scope="module")
def rolled_back(upgraded, before) -> tuple[Stack, RolledBack]:
    """The version before again, by the steps of docs/upgrading.md, with images of this version."""
    stack, system = upgraded, upgraded.system
    express, deleted = (stack.send(each) for each in stack.announce(2))
    assert lane_of(express) == "express"
    assert all(settled(system, each)["status"] == "READY" for each in (express, deleted))
    assert stack.is_idle()
    for mapping in MAPPINGS:
        stack.pause(paused=True, mapping=mapping)
    hidden, buried, waiting, late = stack.announce(4)
    stack.receive("expressQueueUrl", stack.send(hidden), HIDDEN_SECONDS)
    stack.bury("expressQueueUrl", stack.send(buried))
    stack.send(waiting)
    [bulk] = stack.announce(1, lane="bulk")
    stack.send(bulk)
    assert system.api.call("DELETE", f"/images/{deleted}").status_code == 204
    del stack.originals[deleted]
    for mapping in MAPPINGS:
        stack.pause(paused=False, mapping=mapping)

    stack.deploy({"expressPerHour": "0"})
    stack.send(late)  # with a policy for the express lane, which are valid for 15 minutes
    assert eventually(stack.has_redriven_all, seconds=60)
    assert stack.is_idle()
    stack.deploy(urn_of=documented_edit, **before)
    return stack, RolledBack(express=express, deleted=deleted)


def documented_edit(urn: str) -> str:
    """A URN in the state, edited as docs/upgrading.md says."""
    [edit] = re.findall(r"(sed -E '.*') before\.json > after\.json", UPGRADING)
    return subprocess.run(edit, shell=True, input=urn, capture_output=True, text=True, check=True).stdout


def test_a_roll_back_by_its_steps_loses_nothing_and_leaves_nothing(rolled_back):
    stack, _ = rolled_back
    assert "expressQueueUrl" not in stack.system.outputs
    stack.send(*stack.announce(1))
    assert stack.is_idle()
    account = stack.balance()  # this version's `imagectl` accounts for the rest, after the next upgrade
    assert (account.lost, account.stuck) == ((), ())
    assert stack.hearing.unannounced(rows(stack.system).values(), 30) == ()
    assert dead_letters(stack.system, "") == []


def test_what_this_version_stored_is_shown_by_the_version_before(rolled_back):
    stack, made = rolled_back
    answer = stack.system.api.call("GET", f"/images/{made.express}")
    assert answer.json()["status"] == "READY"
    assert httpx.get(answer.json()["variants"]["large"]["url"]).is_success
    answer = stack.system.api.call("GET", f"/images/{made.deleted}")
    assert answer.json()["status"] == "DELETED"
    assert "variants" not in answer.json()
    listed = stack.system.api.call("GET", "/images?limit=100").json()["images"]
    assert made.express in {each["imageId"] for each in listed}
    assert made.deleted not in {each["imageId"] for each in listed}


def test_an_express_image_that_the_version_before_deletes_keeps_its_original_until_that_is_deleted_too(
    rolled_back,
):
    stack, made = rolled_back
    assert stack.system.api.call("DELETE", f"/images/{made.express}").status_code == 204
    assert eventually(lambda: row(stack.system, made.express) is None)
    s3, original = stack.system.client("s3"), {"Bucket": stack.originals_bucket}
    assert s3.head_object(**original, Key=f"express/{made.express}")
    stack.delete(made.express)  # as docs/upgrading.md says


def test_an_upgrade_after_a_roll_back_loses_doubles_orphans_and_leaves_nothing(rolled_back):
    stack, _ = rolled_back
    stack.deploy()
    stack.send(*stack.announce(1))
    assert stack.is_idle()
    assert stack.account() == BALANCED
    assert stack.reconcile()["clean"] is True
