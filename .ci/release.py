"""Releases: `make release VERSION=…` dates the changelog, sets the version, checks, commits and tags.

It pushes nothing. The newest section of CHANGELOG.md names the next version, as in `## 0.2.0 — unreleased`;
until then, the version of the code is that of the last release. `notes TAG` prints what changed in a release.
Needs no dependencies.
"""

import argparse
import difflib
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

CHANGELOG = Path("CHANGELOG.md")
VERSION_FILE = Path("imagectl/__init__.py")
CHECKS = ("check", "test", "bundle", "audit")
"""The targets of the Makefile that have to succeed."""
UNRELEASED = "unreleased"

# The versions that are final in PEP 440 and valid in Semantic Versioning, which Pulumi's packages require.
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_SECTION = re.compile(r"^## (.*)\n", re.MULTILINE)
_HEADING = re.compile(rf"({_VERSION.pattern}) — ({UNRELEASED}|\d{{4}}-\d\d-\d\d)")
_STATED = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)


class ReleaseError(Exception):
    """A release that cannot be made; the message is one sentence."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """The changes of one version; `date` is `YYYY-MM-DD` or `unreleased`."""

    version: str
    date: str
    changes: str


def sections(changelog: str) -> list[Section]:
    """The sections of a changelog, newest first. Raises ReleaseError if a heading is not one of a section."""
    _, *parts = _SECTION.split(changelog)
    found = []
    for heading, changes in zip(parts[::2], parts[1::2], strict=True):
        if not (match := _HEADING.fullmatch(heading)):
            raise ReleaseError(f"{CHANGELOG} has a heading `## {heading}` that is not `VERSION — DATE`.")
        found.append(Section(version=match[1], date=match[5], changes=changes.strip()))
    return found


def next_section(changelog: str, version: str) -> str:
    """The changelog with an empty section for the minor version after `version` on top."""
    major, minor, _ = _numbers(version)
    heading = f"## {major}.{minor + 1}.0 — {UNRELEASED}"
    return _SECTION.sub(lambda section: f"{heading}\n\n{section[0]}", changelog, count=1)


def notes(tag: str) -> str:
    """What changed in the release that is tagged `tag`, as Markdown.

    Raises ReleaseError if the tag is not that of the checked-out version, or the version is not released.
    """
    stated = _stated_version()
    if tag != f"v{stated}":
        raise ReleaseError(f"{tag} is not the tag of version {stated}, which {VERSION_FILE} states.")
    for section in sections(CHANGELOG.read_text("utf-8")):
        if section.version == stated and section.date != UNRELEASED:
            return section.changes
    raise ReleaseError(f"{CHANGELOG} has no dated section for {stated}.")


def release(version: str, *, dry_run: bool) -> None:
    """Commit and tag `version`, and open the next section of the changelog.

    Raises ReleaseError, and leaves no commit, tag or change behind, if anything is in the way.
    """
    _refuse(version)
    before = _texts()
    heading = f"## {version} — {UNRELEASED}"
    changes = {
        CHANGELOG: before[CHANGELOG].replace(heading, f"## {version} — {datetime.now(UTC).date()}", 1),
        VERSION_FILE: _STATED.sub(f'__version__ = "{version}"', before[VERSION_FILE]),
    }
    tag = f"v{version}"
    if dry_run:
        _print_plan(before, changes, tag)
        return
    head = _git("rev-parse", "HEAD")
    try:
        _write(changes)
        _git("add", "--all")
        _make("docs")
        _git("add", "--all")
        checked = _git("status", "--porcelain")
        _make(*CHECKS)
        _require(
            (_git("rev-parse", "HEAD"), _git("status", "--porcelain")) == (head, checked),
            "Files changed during the checks; nothing is committed or tagged.",
        )
        _git("commit", "--quiet", "--message", f"Release {version}")
        try:
            _git("tag", "--annotate", tag, "--message", f"Release {version}")
        except BaseException:
            _git("reset", "--quiet", "--soft", head)
            raise
    except BaseException:
        _undo()
        raise
    _write({CHANGELOG: next_section(changes[CHANGELOG], version)})
    _git("commit", "--quiet", "--message", "Open the next section of the changelog", "--", str(CHANGELOG))
    print(f"\n{tag} is tagged. Publish it:\n\n    {_push(tag)}")


def _require(condition: object, otherwise: str) -> None:
    if not condition:
        raise ReleaseError(otherwise)


def _refuse(version: str) -> None:
    _require(_VERSION.fullmatch(version), f"VERSION={version} is not three numbers, as in 1.2.3.")
    branch = _git("branch", "--show-current") or "a detached HEAD"
    _require(branch == "main", f"Releases are made on main, this is {branch}.")
    for changed in _git("status", "--porcelain").splitlines():
        raise ReleaseError(f"{changed[3:]} is not committed.")
    tagged = [tag.removeprefix("v") for tag in _git("tag", "--list", "v*").splitlines()]
    _require(version not in tagged, f"The tag v{version} exists.")
    newest = max(filter(_VERSION.fullmatch, tagged), key=_numbers, default="0.0.0")
    _require(_numbers(version) > _numbers(newest), f"{version} is not above {newest}, which is tagged.")
    _stated_version()
    section = next(iter(sections(CHANGELOG.read_text("utf-8"))), None)
    found = f"`## {section.version} — {section.date}`" if section else "no section"
    if not section or (section.version, section.date) != (version, UNRELEASED):
        raise ReleaseError(f"{CHANGELOG} starts with {found}, not with `## {version} — {UNRELEASED}`.")
    _require(section.changes, f"{CHANGELOG} lists no changes of {version}.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _stated_version() -> str:
    stated = _STATED.findall(VERSION_FILE.read_text("utf-8"))
    if len(stated) != 1:
        raise ReleaseError(f"{VERSION_FILE} states {len(stated)} versions.")
    return str(stated[0])


def _texts() -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in (CHANGELOG, VERSION_FILE)}


def _write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        path.write_text(text, "utf-8")


def _undo() -> None:
    """Take back what is staged; a file that was edited since keeps its text."""
    edited = set(_git("diff", "--name-only").splitlines())
    staged = set(_git("diff", "--cached", "--name-only", "--no-renames").splitlines())
    for paths, options in ((staged - edited, ["--staged", "--worktree"]), (staged & edited, ["--staged"])):
        if paths:
            _git("restore", *options, "--", *sorted(paths))


def _print_plan(before: dict[Path, str], changes: dict[Path, str], tag: str) -> None:
    for path, text in changes.items():
        lines = before[path].splitlines(keepends=True), text.splitlines(keepends=True)
        sys.stdout.writelines(difflib.unified_diff(*lines, str(path), str(path), n=0))
    section = sections(next_section(changes[CHANGELOG], tag.removeprefix("v")))[0]
    print(f"\nThen: make docs, make {' '.join(CHECKS)}, a commit, the tag {tag}, the next section")
    print(f"({section.version} — {section.date}) and a second commit. To publish it:\n\n    {_push(tag)}")


def _push(tag: str) -> str:
    # Both or neither: a tag whose commit is not on main is refused by the workflow.
    return f"git push --atomic origin main {tag}"


def _make(*targets: str) -> None:
    sys.stdout.flush()
    if subprocess.run(["make", "--no-print-directory", *targets], check=False).returncode:  # noqa: S603, S607
        raise ReleaseError(f"`make {' '.join(targets)}` failed; nothing is committed or tagged.")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=False, capture_output=True, text=True)  # noqa: S603, S607
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        raise ReleaseError(f"`git {arguments[0]}` failed: {reason[-1].rstrip('.')}.")
    return done.stdout.rstrip("\n")


def main() -> int:
    """Run the command line; a refusal is one sentence and status 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make")
    make.add_argument("version")
    make.add_argument("--dry-run", action="store_true")
    commands.add_parser("notes").add_argument("tag")
    given = parser.parse_args()
    try:
        if given.command == "notes":
            print(notes(given.tag))
        else:
            release(given.version, dry_run=given.dry_run)
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
