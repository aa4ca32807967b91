import pytest

from tests.infra.workflows.definitions import ACTIONS, WORKFLOWS, workflow

NAMES = [path.stem for path in WORKFLOWS]
READ = {"contents": "read"}
ROLE = {"contents": "read", "id-token": "write"}
ATTEST = {"attestations": "write", "id-token": "write"}
PERMISSIONS = {
    "ci": {"run": READ, "arm64": READ, "engine": READ},
    "preview": {
        "checks": READ,
        "affected": READ,
        "preview": ROLE,
        "comment": {"pull-requests": "write"},
    },
    "release": {
        "checks": READ,
        "build": READ,
        "provenance": ATTEST,
        "materials": ATTEST,
        "draft": {"contents": "write"},
    },
    "deploy": {"checks": READ, "up": ROLE, "drift": ROLE, "audit": READ},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_grants_nothing_and_each_job_only_what_it_needs(name):
    parsed = workflow(name)
    assert parsed["permissions"] == {}
    assert {job: parsed["jobs"][job]["permissions"] for job in parsed["jobs"]} == PERMISSIONS[name]


@pytest.mark.parametrize("path", [*WORKFLOWS, *ACTIONS], ids=lambda path: path.name)
def test_no_secret_is_used_so_that_none_can_reach_a_fork(path):
    text = path.read_text("utf-8")
    assert "secrets." not in text
    assert "secrets:" not in text
    assert "pull_request_target" not in text
    assert "workflow_run" not in text


def test_a_pull_request_from_a_fork_gets_no_role():
    jobs = workflow("preview")["jobs"]
    entrusted = [job for job in jobs.values() if "id-token" in job["permissions"]]
    assert entrusted
    for job in entrusted:
        assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
        assert "||" not in job["if"]


def test_the_job_that_may_comment_runs_nothing_of_the_pull_request():
    job = workflow("preview")["jobs"]["comment"]
    assert [step.get("uses", "").partition("@")[0] for step in job["steps"]] == [
        "actions/download-artifact",
        "",
    ]
    assert job["needs"] == "preview"
    assert "needs.preview.result != 'skipped'" in job["if"]


def test_previews_and_drift_use_the_role_that_reads():
    roles = {
        step["with"]["role"]
        for job in (workflow("preview")["jobs"]["preview"], workflow("deploy")["jobs"]["drift"])
        for step in job["steps"]
        if step.get("uses", "").endswith("/actions/pulumi")
    }
    assert roles == {"${{ steps.stack.outputs.preview }}"}


def test_only_a_job_with_an_environment_uses_the_role_that_deploys():
    for name in NAMES:
        for job in workflow(name)["jobs"].values():
            if "vars.AWS_DEPLOY_ROLE_ARN" in str(job):
                assert "environment" in job


@pytest.mark.parametrize("name", NAMES)
def test_every_job_that_runs_here_ends_by_itself(name):
    for job in workflow(name)["jobs"].values():
        assert "timeout-minutes" in job or "uses" in job
