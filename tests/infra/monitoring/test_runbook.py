import re

import pytest
import yaml

from components.monitoring.queries import QUERIES
from tests.infra.registered import ROOT

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
PARTS = ["It means:", "Look here first:", "Likely causes:", "Fix:", "It is over when:"]


def sections(part):
    """The sections below a heading of the second level: name → text."""
    (chapter,) = re.findall(rf"^## {part}$(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    _, *rest = re.split(r"^### (.+)$", chapter, flags=re.MULTILINE)
    return dict(zip(rest[::2], rest[1::2], strict=True))


ALARMS = sections("Alarms")


def test_every_alarm_has_a_section_and_every_section_an_alarm(delivering):
    alarms = delivering.all(":MetricAlarm") + delivering.all(":CompositeAlarm")
    assert set(ALARMS) == {alarm.name.removeprefix("intake-") for alarm in alarms}


@pytest.mark.parametrize("name", ALARMS)
def test_a_section_goes_from_what_it_means_to_when_it_is_over(name):
    assert re.findall(r"^\*\*(.+?)\*\*", ALARMS[name], re.MULTILINE) == PARTS


def test_every_query_is_printed_as_it_is_saved(delivering):
    saved = {query.inputs["name"].split("/")[1]: query for query in delivering.all(":QueryDefinition")}
    printed = sections("Queries")
    assert set(printed) == set(saved)
    for name, query in saved.items():
        assert f"```\n{query.inputs['queryString']}\n```" in printed[name]


def test_every_query_answers_a_question_of_some_section():
    used = set(re.findall(r"\[([a-z0-9-]+)\]\(#\1\)", "".join(ALARMS.values())))
    assert used == {query.name for query in QUERIES}


def test_an_alarm_sends_to_queries_that_exist(delivering):
    for alarm in delivering.all(":MetricAlarm") + delivering.all(":CompositeAlarm"):
        for name in re.findall(r"saved query ([a-z0-9-]+)", alarm.inputs["alarmDescription"]):
            assert name in {query.name for query in QUERIES}, alarm.name


def test_every_link_inside_the_runbook_leads_somewhere():
    headings = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = [heading.lower().replace(" ", "-") for heading in headings]
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= set(anchors)


def test_every_setting_that_is_to_be_changed_exists():
    keys = yaml.safe_load((ROOT / "Pulumi.yaml").read_text("utf-8"))["config"]
    used = set(re.findall(r"pulumi config set (?:--path ')?([A-Za-z]+)", RUNBOOK)) - {"KEY"}
    assert len(used) > 5
    assert used <= set(keys)


def test_every_output_that_is_used_exists(delivering):
    used = set(re.findall(r"\$\(out ([A-Za-z]+)\)", RUNBOOK)) | set(re.findall(r"`out ([A-Za-z]+)`", RUNBOOK))
    assert len(used) > 3
    assert used <= set(delivering.deployment.outputs)
