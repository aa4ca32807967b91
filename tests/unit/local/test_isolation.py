import os

from local.isolation import child_environment, isolated

HOST = {
    "PATH": "/usr/bin",
    "AWS_PROFILE": "work",
    "AWS_ACCESS_KEY_ID": "AKIAHOST",
    "AWS_ENDPOINT_URL": "https://elsewhere.example",
    "AWS_CONFIG_FILE": "/home/me/config",
    "PULUMI_CONFIG": "{}",
    "POWERTOOLS_LOG_LEVEL": "DEBUG",
    "HTTPS_PROXY": "http://proxy.example",
}


def test_nothing_of_the_hosts_aws_settings_is_left_inside():
    environment = dict(HOST)
    with isolated(environment):
        left = {name: value for name, value in environment.items() if name.startswith(("AWS", "P"))}
    assert left == {
        "PATH": "/usr/bin",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def test_the_host_gets_its_settings_back_and_keeps_what_was_set_meanwhile():
    environment = dict(HOST)
    with isolated(environment):
        environment["NEW"] = "1"
    assert environment == {**HOST, "NEW": "1"}


def test_a_proxy_of_the_host_is_not_used_for_loopback():
    environment = dict(HOST)
    with isolated(environment):
        assert environment["NO_PROXY"] == environment["no_proxy"] == "127.0.0.1"


def test_the_emulator_is_told_the_path_of_the_host_and_nothing_else_of_it():
    environment = child_environment({**HOST, "SECRET": "1"}, {"GATEWAY_PORT": "4566"})
    assert environment["PATH"] == "/usr/bin"
    assert environment["GATEWAY_PORT"] == "4566"
    assert not {"SECRET", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL"} & set(environment)
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
