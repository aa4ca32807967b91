import json
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from handlers.contract.settings import ApiSettings, ResizeSettings, variables
from imagectl import app
from imagectl.operations.stack import DeployedStack
from tests.unit.imagectl.conftest import Ran
from tests.unit.resize_environment import (
    BUS,
    ORIGINALS,
    REGION,
    TABLE,
    VARIANTS,
    World,
    api_settings,
    resize_settings,
)


class ThisStack(DeployedStack):
    """A stack whose function is not there to ask: it is configured like the worker of the world."""

    changes: ClassVar[dict[str, Any]] = {}

    @property
    def configuration(self) -> dict[str, Any]:
        settings = resize_settings(**self.changes)
        return {"Environment": {"Variables": variables(ResizeSettings, settings)}, "Timeout": 60}

    @property
    def api_settings(self) -> ApiSettings:
        return api_settings()


@pytest.fixture
def queues(aws, clients) -> dict[str, str]:
    """The URLs of the empty queues of both lanes and of their dead-letter queue."""
    sqs = clients["sqs"]
    return {
        name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("uploads", "express", "dead-letters")
    }


@pytest.fixture
def stack(world: World, queues, clients, monkeypatch) -> DeployedStack:
    """The stack of the world; `ThisStack.changes` are its settings that differ."""
    monkeypatch.setattr(ThisStack, "changes", {})
    made = ThisStack(
        queue_url=queues["uploads"],
        express_queue_url=queues["express"],
        dead_letter_url=queues["dead-letters"],
        originals=ORIGINALS,
        variants=VARIANTS,
        table=TABLE,
        function="resize",
        api_function="api",
        bus=BUS,
        express_lane=True,
        region=REGION,
    )
    vars(made).update(clients)
    return made


@pytest.fixture
def configure(stack: DeployedStack) -> Callable[..., None]:
    """Change the settings of the stack's function."""

    def change(**changes: Any) -> None:
        ThisStack.changes = changes
        for asked_before in ("environment", "settings"):
            vars(stack).pop(asked_before, None)

    return change


@pytest.fixture
def waiting(stack: DeployedStack) -> Callable[[], list[dict[str, Any]]]:
    """Take the records of all messages out of the queue."""

    def take() -> list[dict[str, Any]]:
        return [
            record for body in bodies(stack.sqs, stack.queue_url) for record in json.loads(body)["Records"]
        ]

    return take


def bodies(sqs: Any, url: str) -> list[str]:
    """Take all messages out of a queue."""
    taken = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            taken.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return taken


@pytest.fixture
def imagectl(stack: DeployedStack, monkeypatch, tmp_path, capsys) -> Callable[..., Ran]:
    """Run an operator's command in this process against the stack."""
    monkeypatch.setattr("imagectl.operations.stack.find_stack", lambda **_: stack)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            app.main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0 if code is None else 1, said.out, said.err)

    return run
