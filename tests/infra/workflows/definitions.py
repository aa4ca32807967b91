"""The workflows and actions of this repository, parsed."""

import yaml

from tests.infra.registered import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONS = sorted((GITHUB / "actions").glob("*/action.yml"))


def workflow(name):
    """A workflow by the name of its file; `on` is a boolean to YAML 1.1."""
    parsed = yaml.safe_load((GITHUB / "workflows" / f"{name}.yml").read_text("utf-8"))
    return {"on": parsed.pop(True), **parsed}


def commands(job):
    """The shell commands of a job's steps."""
    return [step["run"] for step in job["steps"] if "run" in step]
