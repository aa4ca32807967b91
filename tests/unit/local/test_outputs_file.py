import json
import stat

import pytest

from local import outputs_file
from local.usage import usage

DOCUMENT = {
    "apiUrl": "http://127.0.0.1:1/_aws/execute-api/abc",
    "originalsBucket": "originals",
    "variantsBucket": "variants",
    "tableName": "table",
    "queueUrl": "http://127.0.0.1:1/0/queue",
    "endpointUrl": "http://127.0.0.1:1",
    "region": "eu-central-1",
    "uploader": {"accessKeyId": "AKIAUP", "secretAccessKey": "up secret"},
    "operator": {"accessKeyId": "AKIAOP", "secretAccessKey": "opsecret"},
}


def test_the_outputs_are_readable_by_their_owner_alone(tmp_path):
    path = tmp_path / ".local" / "outputs.json"
    outputs_file.write(path, DOCUMENT)
    outputs_file.write(path, {**DOCUMENT, "region": "us-east-1"})
    assert json.loads(path.read_text()) == {**DOCUMENT, "region": "us-east-1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["outputs.json"]


def test_the_usage_holds_the_values_of_the_running_system_as_a_shell_takes_them():
    text = usage(DOCUMENT, auth="iam", outputs=".local/outputs.json", python=".venv/bin/python")
    assert "--user 'AKIAUP:up secret'" in text
    assert "aws s3 cp local/samples/dogs.jpg s3://originals/uploads/dogs.jpg" in text
    assert """--key '{"ImageID": {"S": "dogs.jpg"}}'""" in text
    assert 'json.load(open(".local/outputs.json"))' in text
    assert "AWS_ACCESS_KEY_ID=AKIAOP AWS_SECRET_ACCESS_KEY=opsecret" in text


@pytest.mark.parametrize(
    ("auth", "there", "missing"),
    [
        ("jwt", '-H "authorization: Bearer $TOKEN"', "--aws-sigv4"),
        ("none", f"curl -sS {DOCUMENT['apiUrl']}/images/IMAGE_ID", "authorization"),
    ],
)
def test_the_lines_for_curl_fit_the_authorisation_of_the_stack(auth, there, missing):
    text = usage(DOCUMENT, auth=auth, outputs="o", python="p")
    assert there in text
    assert missing not in text
