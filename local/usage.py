"""What a person can type to use a system that is up."""

import shlex
from collections.abc import Mapping
from typing import Any

_AUTHORISATIONS = {
    "iam": ("as the uploader", "--aws-sigv4 aws:amz:{region}:execute-api --user {uploader}"),
    "jwt": ("with an access token in $TOKEN", '-H "authorization: Bearer $TOKEN"'),
    "none": ("as anybody", ""),
}
_USAGE = """\
# curl, {caller}: send a small image, then ask for it by the imageId it got
{curl} -H 'content-type: image/jpeg' \\
  --data-binary @local/samples/dogs.jpg {api}/images
{curl} {api}/images/IMAGE_ID

# AWS CLI, as the operator: drop a file into the bucket, look at its row, its variants, the queue
unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ENDPOINT_URL={endpointUrl} AWS_DEFAULT_REGION={region}
export AWS_ACCESS_KEY_ID={operator_id} AWS_SECRET_ACCESS_KEY={operator_secret}
aws s3 cp local/samples/dogs.jpg s3://{originalsBucket}/uploads/dogs.jpg
aws dynamodb get-item --table-name {tableName} --key '{{"ImageID": {{"S": "dogs.jpg"}}}}'
aws s3 ls --recursive s3://{variantsBucket}
aws sqs get-queue-attributes --endpoint-url {endpointUrl} --queue-url {queueUrl} \\
  --attribute-names All

# boto3, as the operator: list the images; {outputs} holds all of the above
{python} - <<'END'
import boto3, json
up = json.load(open("{outputs}"))
table = boto3.resource(
    "dynamodb",
    endpoint_url=up["endpointUrl"],
    region_name=up["region"],
    aws_access_key_id=up["operator"]["accessKeyId"],
    aws_secret_access_key=up["operator"]["secretAccessKey"],
).Table(up["tableName"])
for row in table.scan()["Items"]:
    print(row["ImageID"], row["Status"])
END
"""


def usage(document: Mapping[str, Any], *, auth: str, outputs: str, python: str) -> str:
    """Commands for curl, the AWS CLI and boto3, ready to be pasted into a shell of the project.

    `document` is that of `local.outputs_file`, stored in the file `outputs`; `auth` is the stack's
    `apiAuth`.
    """
    uploader, operator = document["uploader"], document["operator"]
    caller, options = _AUTHORISATIONS[auth]
    options = options.format(
        region=document["region"],
        uploader=shlex.quote(f"{uploader['accessKeyId']}:{uploader['secretAccessKey']}"),
    )
    return _USAGE.format(
        caller=caller,
        curl=f"curl -sS {options}".rstrip(),
        **{key: value for key, value in document.items() if isinstance(value, str)},
        api=document["apiUrl"].rstrip("/"),
        operator_id=operator["accessKeyId"],
        operator_secret=operator["secretAccessKey"],
        outputs=outputs,
        python=python,
    )
