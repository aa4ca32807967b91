import re

from local.deployer.naming import api_shape, physical_name, tag_list
from local.deployer.registry import Registration


def resource(name="uploads-dlq", **inputs):
    return Registration(type="aws:sqs/queue:Queue", name=name, inputs=inputs)


def test_a_name_that_the_program_gives_is_kept():
    assert physical_name(resource(name="a", bucket="given"), limit=63, key="bucket") == "given"


def test_a_name_that_the_program_does_not_give_is_the_logical_one_with_seven_hex_digits():
    assert re.fullmatch(r"uploads-dlq-[0-9a-f]{7}", physical_name(resource(), limit=80))


def test_two_deployments_get_different_names():
    assert physical_name(resource(), limit=80) != physical_name(resource(), limit=80)


def test_a_long_logical_name_is_cut_to_what_aws_allows():
    name = physical_name(resource(name="x" * 100), limit=64)
    assert len(name) == 64
    assert name.startswith("x" * 56 + "-")


def test_members_are_spelled_as_the_api_does_at_every_depth_and_unset_ones_left_out():
    rule = {"id": "old", "filter": {"prefix": "a"}, "expiration": None, "transitions": [{"days": 3}]}
    assert api_shape(rule, {"id": "ID"}) == {
        "ID": "old",
        "Filter": {"Prefix": "a"},
        "Transitions": [{"Days": 3}],
    }


def test_tags_become_a_list_of_keys_and_values():
    assert tag_list({"Project": "image-intake"}) == [{"Key": "Project", "Value": "image-intake"}]
