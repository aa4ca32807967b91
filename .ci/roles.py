"""The policies of the roles that preview and deploy a stack, from the templates in docs/roles.

`make roles STACK=dev ACCOUNT=… REGION=… REPOSITORY=… STATE_BUCKET=… STATE_KEY=…` writes them to
build/roles/STACK and prints the commands that create the roles. Needs no dependencies.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "docs" / "roles"
PREVIEW = ("read",)
DEPLOY = ("read", "write", "write-monitoring")
OPTIONS = "write-options"
UNPROTECTED = "write-unprotected"


def subject(repository: str, owner_id: str, repository_id: str) -> str:
    """The start of the subject claims of a repository's jobs.

    Repositories created or renamed since 2026-07-15, and those that opted in, have the ids of owner and
    repository in their claims, which no other repository can ever get:
    https://docs.github.com/en/actions/reference/security/oidc
    """
    owner, _, name = repository.partition("/")
    ids = bool(owner_id and repository_id)
    return f"repo:{owner}@{owner_id}/{name}@{repository_id}" if ids else f"repo:{owner}/{name}"


def rendered(values: Mapping[str, str]) -> dict[str, str]:
    """Every template by its name, with the values in it. Raises KeyError for a placeholder without one."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted(TEMPLATES.glob("*.json"))}
    return {name: Template(text).substitute(values) for name, text in texts.items()}


def commands(stack: str, account: str, folder: str) -> Iterator[str]:
    """The AWS CLI's commands that create policies and roles from the files."""
    for policy in (*DEPLOY, OPTIONS, UNPROTECTED):
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


def variables(stack: str, account: str, region: str, state_bucket: str) -> dict[str, str]:
    """What the workflows read for a stack from the repository's variable AWS_STACKS.

    The state's URL names the region of its bucket, which may be another than the stack's.
    """
    return {
        "backend": f"s3://{state_bucket}/{stack}?region={region}",
        "preview": f"arn:aws:iam::{account}:role/intake-{stack}-preview",
        "region": region,
    }


def main() -> None:
    """Write the files and print the commands."""
    parser = argparse.ArgumentParser(prog="make roles", description=__doc__)
    for name in ("stack", "account", "region", "repository", "state-bucket", "state-key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--owner-id", default="")
    parser.add_argument("--repository-id", default="")
    given = parser.parse_args()
    folder = ROOT / "build" / "roles" / given.stack
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "STACK": given.stack,
        "ACCOUNT": given.account,
        "REGION": given.region,
        "STATE_BUCKET": given.state_bucket,
        "STATE_KEY": given.state_key,
        "SUBJECT": subject(given.repository, given.owner_id, given.repository_id),
    }
    for name, text in rendered(values).items():
        (folder / f"{name}.json").write_text(text, "utf-8")
    relative = folder.relative_to(ROOT).as_posix()
    print(f"# written to {relative}; in account {given.account}, create the policies and the roles:")
    print(*commands(given.stack, given.account, relative), sep="\n")
    print("# variable AWS_STACKS of the repository, with an entry for each stack:")
    print(json.dumps({given.stack: variables(given.stack, given.account, given.region, given.state_bucket)}))
    print(f"# attach intake-{given.stack}-{OPTIONS} to the deploy role for malwareScan or alarmSlackChannel,")
    print(f"# and intake-{given.stack}-{UNPROTECTED} to let it destroy a stack without protect")


if __name__ == "__main__":
    main()
