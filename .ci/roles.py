"""The policies of the roles that preview and deploy a stack, from the templates in docs/roles.

`make roles STACK=dev ACCOUNT=… REGION=… REPOSITORY=… STATE_BUCKET=… STATE_KEY=…` writes them to
build/roles/STACK and prints the commands that create the roles. Needs no dependencies.
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "docs" / "roles"
PREVIEW = ("read",)
DEPLOY = ("read", "write", "write-monitoring")
OPTIONS = "write-options"
UNPROTECTED = "write-unprotected"
READ_DELIVERY = "read-delivery"
WRITE_DELIVERY = "write-delivery"
_REQUIRED = {
    "stack": "[a-z0-9-]+",
    "account": "[0-9]{12}",
    "region": "[a-z0-9-]+",
    "repository": "[^/ ]+/[^/ ]+",
    "state-bucket": "[a-z0-9.-]+",
    "state-key": "[a-zA-Z0-9-]+",
}


def subject(repository: str, owner_id: str, repository_id: str) -> str:
    """The start of the subject claims of a repository's jobs.

    Repositories created or renamed since 2026-07-15, and those that opted in, have the ids of owner and
    repository in their claims, which no other repository can ever get:
    https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
    """
    owner, _, name = repository.partition("/")
    ids = bool(owner_id and repository_id)
    return f"repo:{owner}@{owner_id}/{name}@{repository_id}" if ids else f"repo:{owner}/{name}"


def rendered(values: Mapping[str, str], boundary: str = "") -> dict[str, str]:
    """Every template by its name, with the values in it. Raises KeyError for a placeholder without one.

    With the ARN of a `boundary`, the deployer gives permissions only to roles under that boundary.
    """
    texts = {path.stem: path.read_text("utf-8") for path in sorted(TEMPLATES.glob("*.json"))}
    documents = {name: Template(text).substitute(values) for name, text in texts.items()}
    if boundary:
        documents["write"] = _bounded(documents["write"], boundary)
    return documents


def _bounded(policy: str, boundary: str) -> str:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    document = json.loads(policy)
    (statement,) = (each for each in document["Statement"] if each["Sid"] == "RolePermissions")
    statement["Action"].remove("iam:DeleteRolePermissionsBoundary")
    statement["Condition"] = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return json.dumps(document, indent=2) + "\n"


def commands(stack: str, account: str, folder: str) -> Iterator[str]:
    """The AWS CLI's commands that create policies and roles from the files."""
    for policy in (*DEPLOY, OPTIONS, UNPROTECTED, READ_DELIVERY, WRITE_DELIVERY):
        yield (
            f"aws iam create-policy --policy-name intake-{stack}-{policy} "
            f"--policy-document file://{folder}/{policy}.json"
        )
    for role, policies in (("preview", PREVIEW), ("deploy", DEPLOY)):
        yield (
            f"aws iam create-role --role-name intake-{stack}-{role} "
            f"--assume-role-policy-document file://{folder}/trust-{role}.json"
        )
        for policy in policies:
            yield (
                f"aws iam attach-role-policy --role-name intake-{stack}-{role} "
                f"--policy-arn arn:aws:iam::{account}:policy/intake-{stack}-{policy}"
            )


def variables(stack: str, account: str, region: str, state_bucket: str, state_region: str) -> dict[str, str]:
    """What the workflows read for a stack from the repository's variable AWS_STACKS.

    The state's URL names the region of its bucket, which may be another than the stack's.
    """
    return {
        "backend": f"s3://{state_bucket}/{stack}?region={state_region}",
        "preview": f"arn:aws:iam::{account}:role/intake-{stack}-preview",
        "region": region,
    }


def main() -> None:
    """Write the files and print the commands."""
    parser = argparse.ArgumentParser(prog="make roles", description=__doc__)
    for name in _REQUIRED:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--state-region", default="", help="of bucket and key, if not the stack's")
    parser.add_argument("--owner-id", default="")
    parser.add_argument("--repository-id", default="")
    parser.add_argument("--boundary", default="", help="ARN of the permissions boundary of all roles")
    given = parser.parse_args()
    for name, pattern in _REQUIRED.items():
        value = getattr(given, name.replace("-", "_"))
        if not re.fullmatch(pattern, value):
            parser.error(f"{name.replace('-', '_').upper()}={value!r} must match {pattern}")
    if bool(given.owner_id) != bool(given.repository_id):
        parser.error("OWNER_ID and REPOSITORY_ID are given together or not at all")
    state_region = given.state_region or given.region
    folder = ROOT / "build" / "roles" / given.stack
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "STACK": given.stack,
        "ACCOUNT": given.account,
        "REGION": given.region,
        "STATE_BUCKET": given.state_bucket,
        "STATE_KEY": given.state_key,
        "STATE_REGION": state_region,
        "SUBJECT": subject(given.repository, given.owner_id, given.repository_id),
    }
    for name, text in rendered(values, given.boundary).items():
        (folder / f"{name}.json").write_text(text, "utf-8")
    relative = folder.relative_to(ROOT).as_posix()
    print(f"# written to {relative}; in account {given.account}, create the policies and the roles:")
    print(*commands(given.stack, given.account, relative), sep="\n")
    print("# variable AWS_STACKS of the repository, with an entry for each stack:")
    entry = variables(given.stack, given.account, given.region, given.state_bucket, state_region)
    print(json.dumps({given.stack: entry}))
    options = "malwareScan, webhookUrls or alarmSlackChannel"
    print(f"# attach intake-{given.stack}-{OPTIONS} to the deploy role for {options},")
    print(f"# and intake-{given.stack}-{UNPROTECTED} to let it destroy a stack without protect;")
    print(f"# for delivery or apiDomain, intake-{given.stack}-{READ_DELIVERY} to both roles,")
    print(f"# and intake-{given.stack}-{WRITE_DELIVERY} to the deploy role")


if __name__ == "__main__":
    main()
