"""The questions of the runbook as saved queries of CloudWatch Logs Insights.

`docs/runbook.md` prints the same texts. Syntax:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html. Fields named
`record.…` are Lambda's own: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
"""

from dataclasses import dataclass
from typing import Final, Literal

Source = Literal["resize", "api", "publish", "access"]
"""The log that is queried: that of a function, or the access log of the API."""

_CRASHES: Final = """\
filter type = "platform.report" and record.status != "success"
| stats count(*) as calls, max(record.metrics.durationMs) as longest_ms by record.status, record.errorType
| sort calls desc"""


@dataclass(frozen=True, kw_only=True)
class Query:
    """`question` is what the query answers."""

    name: str
    question: str
    source: Source
    text: str


QUERIES: Final = (
    Query(
        name="failures",
        question="Which errors make records fail, how many images are concerned, how often were they tried?",
        source="resize",
        text="""\
filter outcome = "retry"
| stats count(*) as failures, count_distinct(image_id) as images, max(attempt) as attempts,
  latest(error) as last_error by reason
| sort failures desc""",
    ),
    Query(
        name="rejections",
        question="For which reasons are images rejected?",
        source="resize",
        text="""\
filter outcome = "rejected"
| stats count(*) as images by reason
| sort images desc""",
    ),
    Query(
        name="render-failures",
        question="Where does the renderer raise, and for which images?",
        source="resize",
        text="""\
filter outcome = "rejected" and reason = "RenderFailed"
| stats count_distinct(image_id) as images, latest(image_id) as for_example by detail
| sort images desc""",
    ),
    Query(
        name="one-image",
        question="What happened to one image?",
        source="resize",
        text="""\
filter image_id = "IMAGE-ID"
| fields @timestamp, event, outcome, reason, attempt, milliseconds, bytes, error
| sort @timestamp asc""",
    ),
    Query(
        name="resize-slow",
        question="Which images take longest?",
        source="resize",
        text="""\
filter message = "record" and outcome in ["done", "rejected"]
| fields @timestamp, image_id, milliseconds, bytes, outcome, reason, attempt
| sort milliseconds desc
| limit 20""",
    ),
    Query(
        name="resize-memory",
        question="How near is the resize function to its memory?",
        source="resize",
        text="""\
filter type = "platform.report"
| stats max(record.metrics.maxMemoryUsedMB) as used_mb, max(record.metrics.memorySizeMB) as given_mb,
  count(record.metrics.initDurationMs) as cold_starts by bin(15m)""",
    ),
    Query(
        name="resize-crashes",
        question="How do calls of the resize function end that do not end well?",
        source="resize",
        text=_CRASHES,
    ),
    Query(
        name="api-crashes",
        question="How do calls of the API function end that do not end well?",
        source="api",
        text=_CRASHES,
    ),
    Query(
        name="publish-crashes",
        question="How do calls of the publish function end that do not end well?",
        source="publish",
        text=_CRASHES,
    ),
    Query(
        name="not-published",
        question="Why did the bus not take events, or why could a row's change not be made one?",
        source="publish",
        text="""\
filter message in ["not published", "unreadable"]
| fields @timestamp, message, error, event_id, exception
| sort @timestamp desc
| limit 20""",
    ),
    Query(
        name="api-exceptions",
        question="Which exceptions did the API function answer with a 500?",
        source="api",
        text="""\
filter level = "ERROR"
| fields @timestamp, exception_name, exception, request_id
| sort @timestamp desc
| limit 20""",
    ),
    Query(
        name="api-failures",
        question="Which routes fail, with which status, and what does the gateway say?",
        source="access",
        text="""\
filter status like /^5/
| stats count(*) as requests, latest(integrationError) as last_error, min(@timestamp) as since
  by route, status
| sort requests desc""",
    ),
    Query(
        name="api-slow",
        question="Which routes are slow, and is it the function?",
        source="access",
        text="""\
stats count(*) as requests, pct(milliseconds, 99) as p99_ms,
  pct(integrationMilliseconds, 99) as function_p99_ms by route
| sort p99_ms desc""",
    ),
    Query(
        name="api-statuses",
        question="How were requests answered over time?",
        source="access",
        text="""\
stats count(*) as requests by route, status, bin(5m)""",
    ),
)


def query(name: str) -> Query:
    """The query of that name. Raises StopIteration if there is none."""
    return next(each for each in QUERIES if each.name == name)
