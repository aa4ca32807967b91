import json

import pytest

from tests.unit.imagectl.fake_service import FakeService


@pytest.fixture
def keys(monkeypatch, imagectl):
    """Sign with keys in place of a token."""
    monkeypatch.delenv("IMAGECTL_TOKEN")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")


def authorization(fake: FakeService) -> str:
    return fake.headers[-1].get("authorization", "")


def test_requests_are_signed_with_the_credentials_of_the_environment(imagectl, keys, fake, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session")
    assert imagectl("list").code == 0
    assert authorization(fake).startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-3/execute-api/aws4_request" in authorization(fake)
    assert fake.headers[-1]["x-amz-security-token"] == "a-session"


def test_a_token_is_sent_instead_of_a_signature(imagectl, fake):
    imagectl("list")
    assert authorization(fake) == "Bearer a-token"
    imagectl("list", "--token", "another")
    assert authorization(fake) == "Bearer another"


def test_the_options_of_the_connection_may_stand_before_the_command(imagectl, fake, monkeypatch):
    monkeypatch.delenv("IMAGECTL_API")
    assert imagectl("--api", fake.url, "--token", "first", "list").code == 0
    assert authorization(fake) == "Bearer first"
    assert imagectl("--api", "http://127.0.0.1:9", "list", "--api", fake.url).code == 0


def test_an_open_api_can_be_called_without_credentials(imagectl, fake):
    assert imagectl("list", "--no-sign").code == 0
    assert not authorization(fake)


def test_uploads_to_s3_carry_no_credentials(imagectl, photos, fake):
    imagectl("upload", str(photos(1)))
    assert [seen for seen in fake.headers if "multipart" in seen.get("content-type", "")]
    assert not any(
        "authorization" in seen for seen in fake.headers if "multipart" in seen.get("content-type", "")
    )


def test_without_credentials_the_ways_to_give_some_are_named(imagectl, monkeypatch):
    monkeypatch.delenv("IMAGECTL_TOKEN")
    ran = imagectl("list")
    assert ran.code == 3
    assert "No AWS credentials were found" in ran.err
    assert "AWS_PROFILE" in ran.err
    assert "--token" in ran.err


def test_without_a_region_it_is_asked_for(imagectl, keys):
    ran = imagectl("list")
    assert ran.code == 3
    assert "--region" in ran.err


def test_without_an_address_the_ways_to_give_one_are_named(imagectl, monkeypatch):
    monkeypatch.delenv("IMAGECTL_API")
    ran = imagectl("list")
    assert ran.code == 3
    assert "--api" in ran.err
    assert "IMAGECTL_API" in ran.err


@pytest.mark.parametrize("address", ["images.example", "ftp://images.example", "https://"])
def test_what_is_no_address_is_refused(imagectl, address):
    ran = imagectl("list", "--api", address)
    assert ran.code == 3
    assert "is not the address of an API" in ran.err


def test_the_address_and_the_region_come_from_the_stacks_outputs(imagectl, keys, fake, monkeypatch, tmp_path):
    monkeypatch.delenv("IMAGECTL_API")
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps({"apiUrl": f"{fake.url}/", "region": "ap-south-1"}))
    assert imagectl("list", "--outputs", str(outputs)).code == 0
    assert "/ap-south-1/" in authorization(fake)


def test_the_outputs_may_be_named_by_the_environment_and_give_way_to_what_is_typed(
    imagectl, fake, monkeypatch, tmp_path
):
    monkeypatch.delenv("IMAGECTL_API")
    (tmp_path / "outputs.json").write_text(json.dumps({"apiUrl": fake.url}))
    monkeypatch.setenv("IMAGECTL_OUTPUTS", str(tmp_path / "outputs.json"))
    assert imagectl("list").code == 0
    assert "pulumi is not installed" in imagectl("list", "--stack", "prod").err
    assert imagectl("redrive", "--stack", "prod").code == 3


def test_a_hint_names_only_options_that_the_command_has(imagectl, monkeypatch):
    monkeypatch.delenv("IMAGECTL_API")
    hint = imagectl("redrive").err
    assert "--outputs FILE" in hint
    assert "--api" not in hint


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"queueUrl": "x"}'])
def test_outputs_without_an_address_are_refused(imagectl, tmp_path, text):
    (tmp_path / "outputs.json").write_text(text)
    assert imagectl("list", "--outputs", str(tmp_path / "outputs.json")).code == 3


def test_pulumi_is_asked_for_the_outputs_of_the_stack(imagectl, fake, monkeypatch, tmp_path):
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$5" = prod ] && echo \'{{"apiUrl": "{fake.url}"}}\'\n')
    program.chmod(0o755)
    monkeypatch.delenv("IMAGECTL_API")
    monkeypatch.setenv("PATH", str(program.parent))
    assert imagectl("list", "--stack", "prod").code == 0
    assert imagectl("list", "--stack", "dev").code == 3


def test_an_address_where_nobody_listens_is_named(imagectl):
    ran = imagectl("list", "--api", "http://127.0.0.1:9")
    assert ran.code == 3
    assert "http://127.0.0.1:9 does not answer" in ran.err


def test_an_address_of_something_else_is_named(imagectl, fake):
    fake.failures["GET /images"] = [(200, b"<html>hello</html>"), (404, b'{"message":"Not Found"}')]
    for _ in range(2):
        ran = imagectl("list")
        assert ran.code == 3
        assert "does not answer as the image service does" in ran.err


@pytest.mark.parametrize("status", [401, 403])
def test_being_refused_says_what_is_missing(imagectl, fake, status):
    fake.failures["GET /images"] = [(status, b'{"message":"Forbidden"}')]
    ran = imagectl("list")
    assert ran.code == 3
    assert f"HTTP {status}" in ran.err
    assert "execute-api:Invoke" in ran.err


def test_a_failing_service_is_asked_again_and_then_given_up(imagectl, fake):
    fake.failures["GET /images"] = [(503, b""), (500, b"")]
    assert imagectl("list").code == 0
    fake.failures["GET /images"] = [(503, b"")] * 50
    ran = imagectl("list")
    assert ran.code == 3
    assert "HTTP 503" in ran.err


def test_a_problem_is_shown_in_the_words_of_the_service(imagectl, photos, fake):
    problem = {"type": "urn:image-intake:problem:malformed-request", "title": "It is odd.", "detail": "Very."}
    fake.failures["POST /uploads"] = [(400, json.dumps(problem).encode())]
    ran = imagectl("upload", str(photos(1)))
    assert ran.code == 3
    assert "It is odd. Very." in ran.err
