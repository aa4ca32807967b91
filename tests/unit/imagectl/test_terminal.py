"""Nothing that comes from a service or a file's name acts on the terminal it is printed to."""

import ast
import json
from pathlib import Path

import pytest

import imagectl as package
from imagectl.output import Terminal, shown
from tests.unit.growth import grows_linearly

# Erase the screen, name the window, go back, ring, one escape of eight bits, change the direction, delete.
EVIL = "\x1b[2J\x1b]0;mine\x07\rREADY\n\x08\x9b31m\u202e\u2066\x7f[red]:heart:[/red]"
COMMANDS = [
    ("list",),
    ("list", "--json"),
    ("status", EVIL),
    ("status", EVIL, "--json"),
    ("status", "evil"),
    ("status", "evil", "--json"),
    ("status", f"nothing{EVIL}"),
    ("get", EVIL),
    ("get", EVIL, "--variant", EVIL),
    ("get", EVIL, "--variant", "nothing"),
    ("get", "rejected"),
    ("get", f"nothing{EVIL}"),
    ("rm", "--yes", EVIL),
    ("list", EVIL),
    ("rm", "--yes", EVIL, f"--{EVIL}"),
    (EVIL,),
    ("--api", EVIL, "list"),
    ("--outputs", EVIL, "list"),
]


@pytest.fixture
def evil(fake):
    """The service, all of whose texts are hostile."""
    variant = {
        "url": f"{fake.url}/variants/x",
        "width": EVIL,
        "height": EVIL,
        "bytes": 1,
        "contentType": EVIL,
    }
    image = {
        "imageId": EVIL,
        "fileName": EVIL,
        "contentType": EVIL,
        "createdAt": EVIL,
        "batchId": "evil",
        "status": "READY",
        "variants": {EVIL: variant, "large": variant},
        EVIL: EVIL,
    }
    fake.images = {EVIL: image, "rejected": image | {"status": "REJECTED", "reason": EVIL}}
    fake.stored = {"x": b"\x1b[2J"}
    return fake


def acts(ran):
    """The characters that a command printed and that are not printable."""
    return {each for each in ran.out + ran.err if not each.isprintable() and each != "\n"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: shown(" ".join(command))[:30])
def test_no_command_prints_what_acts_on_a_terminal(imagectl, evil, command):
    ran = imagectl(*command)
    assert ran.out or ran.err
    assert acts(ran) == set()


def test_a_name_is_neither_markup_nor_more_than_one_line(imagectl, evil):
    first, *others = imagectl("list").out.splitlines()
    assert "[red]:heart:[/red]" in first
    assert len(others) == len(evil.images) - 1


def test_json_keeps_every_character_of_a_name(imagectl, evil):
    assert {image["fileName"] for image in imagectl("list", "--json").lines} == {EVIL}


PROBLEM = {"type": f"urn:image-intake:problem:{EVIL}", "title": EVIL, "detail": EVIL}


@pytest.mark.parametrize("status", [400, 403, 404, 429])
@pytest.mark.parametrize("document", [PROBLEM, {"message": EVIL}, EVIL], ids=["problem", "message", "text"])
def test_what_a_service_says_when_it_refuses_is_one_printable_line(imagectl, evil, status, document):
    evil.failures["GET /images"] = [(status, json.dumps(document).encode())] * 4
    ran = imagectl("list")
    assert ran.code == 3
    assert acts(ran) == set()
    assert ran.err.count("imagectl: ") == 1
    assert len(ran.err.splitlines()) <= 2


@pytest.mark.parametrize("options", [(), ("--json",), ("--dry-run",)])
def test_an_upload_prints_no_name_and_no_answer_that_acts(imagectl, fake, tmp_path, options):
    folder = tmp_path / "photos"
    folder.mkdir()
    name = EVIL.replace("/", "")
    (folder / f"{name}.jpg").write_bytes(b"\xff\xd8\xff\xe0 ")
    (folder / f"{name}2.jpg").write_bytes(b"\xff\xd8\xff\xe0 refused")
    (folder / f"{name}.txt").write_bytes(b"no image")
    refused = f"<Error><Code>{EVIL}</Code><Message>{EVIL}</Message></Error>"
    fake.failures["POST /s3"] = [(400, refused.encode())]
    ran = imagectl("upload", str(folder), *options)
    assert acts(ran) == set()
    assert name.partition("\x1b")[2][:3] in ran.out


def test_an_announcement_that_is_refused_says_so_in_one_printable_line(imagectl, fake, photos):
    problem = json.dumps({"files": [{"error": PROBLEM}]}).encode()
    fake.failures["POST /uploads"] = [(200, problem)]
    ran = imagectl("upload", str(photos(1)))
    assert "NOT_UPLOADED" in ran.out
    assert acts(ran) == set()
    assert len(ran.out.splitlines()) == 2


def test_everything_is_printed_through_the_terminal():
    """So that no new command can forget it."""
    direct = {
        f"{path.name}:{node.lineno}"
        for path in Path(package.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTING
    }
    assert direct == set()


PRINTING = {
    "print",
    "typer.echo",
    "typer.secho",
    "Console",
    "rich.print",
    "sys.stdout.write",
    "sys.stderr.write",
}


@pytest.mark.parametrize("text", ["\x1b[2J", "a", "\ud800", "\u202e", "[red]", ":heart:"])
def test_text_is_printed_in_linear_time(text):
    with open("/dev/null", "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - nothing is written
        terminal = Terminal()
        terminal.file = nowhere
        assert grows_linearly(terminal.print, lambda n: text * (n // len(text)), 50_000)
