"""`make release`, in repositories made for each test, whose checks are one-line targets of a Makefile."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import release

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / ".ci" / "release.py"
CHANGELOG = "# Changelog\n\n## 0.2.0 — unreleased\n\n- Two.\n\n## 0.1.0 — 2026-01-02\n\n- One.\n"
# `docs` writes a document that states the version, as those of the project may.
MAKEFILE = """\
docs:
\t@grep version imagectl/__init__.py > VERSION.md
check test bundle audit:
\t@echo $@ >> $(LOG); $(or $(DURING),:); test "$(FAIL)" != $@
"""


class Repository:
    """A git repository like this one: main, one release, and changes since."""

    def __init__(self, folder):
        self.folder, self.log = folder / "project", folder / "log"
        self.log.touch()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE"))},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": "A" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "a@example.com" for who in ("AUTHOR", "COMMITTER")},
            "LOG": str(self.log),
            "PYTHONUTF8": "1",
        }
        (self.folder / "imagectl").mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.write("Makefile", MAKEFILE)
        self.write("VERSION.md", '__version__ = "0.1.0"\n')
        self.write("imagectl/__init__.py", '"""A package."""\n\n__version__ = "0.1.0"\n')
        self.commit("CHANGELOG.md", CHANGELOG)
        self.git("tag", "--annotate", "v0.1.0", "--message", "Release 0.1.0")

    def run(self, *command, **variables):
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def git(self, *arguments):
        done = self.run("git", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def release(self, version="0.2.0", *options, **variables):
        return self.run(sys.executable, PROGRAM, "make", version, *options, **variables)

    def notes(self, tag):
        return self.run(sys.executable, PROGRAM, "notes", tag)

    def write(self, name, text):
        (self.folder / name).write_text(text, "utf-8")

    def read(self, name):
        return (self.folder / name).read_text("utf-8")

    def commit(self, name, text):
        self.write(name, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")

    def state(self):
        """Everything that a refused release leaves as it was."""
        return self.git("rev-parse", "HEAD"), self.git("tag", "--list"), self.git("status", "--porcelain")


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path)


def refusal(repository, *arguments, **variables):
    """The sentence with which a release is refused; it changes nothing."""
    before = repository.state()
    done = repository.release(*arguments, **variables)
    assert done.returncode == 1
    assert repository.state() == before
    [sentence] = done.stderr.splitlines()[-1:]
    assert sentence.endswith(".")
    return sentence


def test_a_release_is_a_commit_a_tag_and_the_next_section(repository):
    done = repository.release()
    assert done.returncode == 0, done.stderr
    assert repository.git("log", "--format=%s", "-3").splitlines() == [
        "Open the next section of the changelog",
        "Release 0.2.0",
        "Change",
    ]
    assert repository.git("cat-file", "-t", "v0.2.0") == "tag"
    assert repository.git("log", "-1", "--format=%s", "v0.2.0") == "Release 0.2.0"
    dated = CHANGELOG.replace("unreleased", f"{datetime.now(UTC).date()}")
    assert repository.git("show", "v0.2.0:CHANGELOG.md") + "\n" == dated
    assert repository.read("CHANGELOG.md") == dated.replace("## ", "## 0.3.0 — unreleased\n\n## ", 1)
    assert repository.git("show", "v0.2.0:imagectl/__init__.py").endswith('__version__ = "0.2.0"')
    assert repository.git("status", "--porcelain") == ""


def test_generated_documents_of_a_release_state_its_version(repository):
    repository.release()
    assert repository.git("show", "v0.2.0:VERSION.md") == '__version__ = "0.2.0"'


def test_the_checks_run_before_anything_is_committed_and_nothing_is_pushed(repository):
    done = repository.release(DURING="git log -1 --format=%s >> $(LOG)")
    assert repository.log.read_text("utf-8").split() == [
        word for target in release.CHECKS for word in (target, "Change")
    ]
    assert done.stdout.splitlines()[-1].strip() == "git push --atomic origin main v0.2.0"


def test_the_printed_push_publishes_the_commits_and_the_tag(repository, tmp_path):
    origin = tmp_path / "origin.git"
    repository.git("init", "--quiet", "--bare", origin)
    repository.git("remote", "add", "origin", origin)
    repository.git(*repository.release().stdout.splitlines()[-1].split()[1:])
    assert repository.git("--git-dir", origin, "rev-parse", "main", "v0.2.0") == repository.git(
        "rev-parse", "main", "v0.2.0"
    )


@pytest.mark.parametrize("failing", release.CHECKS)
def test_a_failing_check_leaves_everything_as_it_was(repository, failing):
    assert refusal(repository, FAIL=failing) == (
        "`make check test bundle audit` failed; nothing is committed or tagged."
    )
    assert repository.log.read_text("utf-8").split()[-1] == failing
    assert repository.read("CHANGELOG.md") == CHANGELOG


def test_what_is_released_is_what_was_checked(repository):
    done = repository.release(DURING="echo x >> Makefile")
    assert done.stderr == "Files changed during the checks; nothing is committed or tagged.\n"
    assert repository.git("log", "-1", "--format=%s") == "Change"
    assert repository.read("CHANGELOG.md") == CHANGELOG
    assert repository.git("status", "--porcelain") == "M Makefile", "an edit of somebody is kept"


def test_an_edit_of_the_changelog_during_failing_checks_is_kept(repository):
    repository.release(DURING="echo - Three. >> CHANGELOG.md", FAIL="check")
    assert "- Three." in repository.read("CHANGELOG.md")
    assert repository.git("diff", "--cached", "--name-only") == ""


def test_a_commit_during_the_checks_stops_the_release(repository):
    done = repository.release(DURING="git commit --quiet --allow-empty --message Mine")
    assert done.stderr.startswith("Files changed during the checks")
    assert repository.git("log", "-1", "--format=%s") == "Mine"
    assert repository.git("tag", "--list") == "v0.1.0"


def test_a_tag_that_cannot_be_made_leaves_no_commit(repository):
    repository.git("config", "tag.gpgSign", "true")
    repository.git("config", "gpg.program", "false")
    assert refusal(repository).startswith("`git tag` failed: ")
    assert repository.read("CHANGELOG.md") == CHANGELOG


@pytest.mark.parametrize("version", ["", "1", "0.2", "v0.2.0", "0.2.0rc1", "0.2.0-rc.1", "0.02.0", "0.2.0 "])
def test_a_version_is_three_numbers(repository, version):
    assert refusal(repository, version) == f"VERSION={version} is not three numbers, as in 1.2.3."


def test_a_version_is_above_all_that_are_tagged(repository):
    for tag in ("v0.9.0", "v0.10.0", "v1.0.0-rc.1"):
        repository.git("tag", tag)
    assert refusal(repository) == "0.2.0 is not above 0.10.0, which is tagged."


def test_a_tag_is_made_once(repository):
    assert refusal(repository, "0.1.0") == "The tag v0.1.0 exists."


@pytest.mark.parametrize("name", ["CHANGELOG.md", "new file.txt"])
def test_everything_is_committed_before_a_release(repository, name):
    repository.write(name, "x")
    assert name in refusal(repository)


def test_releases_are_made_on_main(repository):
    repository.git("switch", "--quiet", "--create", "topic")
    assert refusal(repository) == "Releases are made on main, this is topic."
    repository.git("switch", "--quiet", "--detach")
    assert refusal(repository) == "Releases are made on main, this is a detached HEAD."


def test_the_newest_section_is_that_of_the_release(repository):
    assert refusal(repository, "0.3.0") == (
        "CHANGELOG.md starts with `## 0.2.0 — unreleased`, not with `## 0.3.0 — unreleased`."
    )
    repository.commit("CHANGELOG.md", "# Changelog\n")
    assert "starts with no section" in refusal(repository)


def test_a_release_has_changes(repository):
    repository.commit("CHANGELOG.md", CHANGELOG.replace("- Two.\n\n", ""))
    assert refusal(repository) == "CHANGELOG.md lists no changes of 0.2.0."


def test_a_heading_of_another_form_is_refused(repository):
    repository.commit("CHANGELOG.md", CHANGELOG.replace("0.1.0 — 2026-01-02", "0.1.0 (January)"))
    assert (
        refusal(repository) == "CHANGELOG.md has a heading `## 0.1.0 (January)` that is not `VERSION — DATE`."
    )


def test_the_version_is_stated_once(repository):
    repository.commit("imagectl/__init__.py", "")
    assert refusal(repository) == "imagectl/__init__.py states 0 versions."


def test_a_dry_run_shows_everything_and_does_nothing(repository):
    before = repository.state()
    done = repository.release("0.2.0", "--dry-run")
    assert done.returncode == 0
    assert repository.state() == before
    assert repository.log.read_text("utf-8") == ""
    assert f"+## 0.2.0 — {datetime.now(UTC).date()}" in done.stdout
    assert '+__version__ = "0.2.0"' in done.stdout
    assert "0.3.0 — unreleased" in done.stdout
    assert "git push --atomic origin main v0.2.0" in done.stdout


def test_a_dry_run_refuses_what_a_release_refuses(repository):
    assert refusal(repository, "0.1.0", "--dry-run") == "The tag v0.1.0 exists."


def test_the_notes_of_a_release_are_its_section(repository):
    assert repository.notes("v0.1.0").stdout == "- One.\n"
    repository.release()
    assert repository.notes("v0.2.0").stdout == "- Two.\n"


def test_a_tag_that_is_not_the_version_has_no_notes(repository):
    done = repository.notes("v0.2.0")
    assert done.returncode == 1
    assert done.stderr == "v0.2.0 is not the tag of version 0.1.0, which imagectl/__init__.py states.\n"


def test_a_version_that_is_not_released_has_no_notes(repository):
    repository.commit("CHANGELOG.md", CHANGELOG.replace("2026-01-02", "unreleased"))
    assert repository.notes("v0.1.0").stderr == "CHANGELOG.md has no dated section for 0.1.0.\n"


def test_the_changelog_of_the_project_can_be_released_from():
    newest, *older = release.sections((ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert newest.date == release.UNRELEASED or newest.changes
    assert all(section.date != release.UNRELEASED and section.changes for section in older)


def test_the_checks_are_targets_of_the_makefile():
    for target in ("docs", *release.CHECKS):
        assert f"\n{target}: " in (ROOT / "Makefile").read_text("utf-8")
