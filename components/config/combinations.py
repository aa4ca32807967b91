"""Which configuration values fit together."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from handlers.contract.malware_scan import MAX_WAIT_SECONDS
from handlers.contract.presets import PresetError, parse_presets

if TYPE_CHECKING:
    from components.config.pipeline_config import PipelineConfig

_DAY_SECONDS = 86_400
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=,.@/-]+")
# Of one region, or the replica of a multi-region key.
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
_KEY = re.compile(
    r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https://[^/\s]+(/\S*)?")
_SLACK = re.compile(r"T[A-Z0-9]+/[CG][A-Z0-9]+")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)


def combinations(config: "PipelineConfig") -> list[str]:
    """A sentence for each pair of values that cannot be deployed together."""
    checks = (_presets, _access, _admins, _cors, _queue, _encryption, _scan, _alarms)
    return [sentence for check in checks for sentence in check(config)]


def _presets(config: "PipelineConfig") -> Iterator[str]:
    try:
        parse_presets(config.presets)
    except PresetError as error:
        yield f"presets: {error}."


def _access(config: "PipelineConfig") -> Iterator[str]:
    if config.api_auth == "none" and config.protect:
        yield "apiAuth: none is refused when protect is true; use iam or jwt."
    if config.api_auth == "jwt":
        if not config.jwt_issuer.startswith("https://"):
            yield f"jwtIssuer: {config.jwt_issuer!r} is not an https:// URL, which apiAuth jwt needs."
        if not config.jwt_audience:
            yield "jwtAudience: [] is empty; apiAuth jwt needs 1 audience or more."
    elif config.jwt_issuer or config.jwt_audience:
        key = "jwtIssuer" if config.jwt_issuer else "jwtAudience"
        yield f"{key} is set but apiAuth is {config.api_auth}; it is only used with apiAuth jwt."
    if config.page and config.api_auth == "iam":
        yield "page: true is refused when apiAuth is iam, since a browser cannot sign requests; use jwt."


def _admins(config: "PipelineConfig") -> Iterator[str]:
    if config.admin_principals and config.api_auth != "iam":
        yield (
            f"adminPrincipals is set but apiAuth is {config.api_auth}; it is only used with apiAuth iam "
            "(with jwt, the scope admin makes an administrator)."
        )
    for arn in config.admin_principals:
        if not _PRINCIPAL.fullmatch(arn):
            yield f"adminPrincipals: {arn!r} is not the ARN of a role or user."


def _cors(config: "PipelineConfig") -> Iterator[str]:
    if "*" in config.cors_origins and config.protect:
        yield "corsOrigins: '*' is refused when protect is true; name the origins."
    if "*" in config.cors_origins and len(config.cors_origins) > 1:
        yield "corsOrigins: '*' allows every origin; do not list others beside it."
    for origin in config.cors_origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            yield f"corsOrigins: {origin!r} is not an origin such as https://www.example.com."


def _queue(config: "PipelineConfig") -> Iterator[str]:
    worst = config.batch_size * config.record_seconds
    if worst > config.resize_timeout_seconds:
        yield (
            f"batchSize: {config.batch_size} messages of recordSeconds {config.record_seconds} "
            f"take {worst} s at worst, more than resizeTimeoutSeconds {config.resize_timeout_seconds}."
        )
    if config.batch_size > 10 and config.batching_window_seconds < 1:
        yield f"batchSize: {config.batch_size} is above 10, which needs batchingWindowSeconds of 1 or more."
    # A message that expires before its last receive never reaches the dead-letter queue.
    last_receive = config.max_receive_count * config.visibility_timeout_seconds
    if last_receive > config.queue_retention_days * _DAY_SECONDS:
        yield (
            f"maxReceiveCount: {config.max_receive_count} receives, each hidden for "
            f"{config.visibility_timeout_seconds} s, take longer than queueRetentionDays "
            f"{config.queue_retention_days}."
        )
    if config.dead_letter_retention_days <= config.queue_retention_days:
        yield (
            f"deadLetterRetentionDays: {config.dead_letter_retention_days} is not more than "
            f"queueRetentionDays {config.queue_retention_days}; age counts from the first send."
        )


def _encryption(config: "PipelineConfig") -> Iterator[str]:
    key = config.kms_key
    if key in ("", "create") or _KEY.fullmatch(key):
        return
    if ":alias/" in key or key.startswith("alias/"):
        yield (
            f"kmsKey: {key!r} is an alias, which may name another key tomorrow, while policies name the key "
            "itself; give the key's ARN."
        )
    else:
        yield f"kmsKey: {key!r} is neither create nor the ARN of a KMS key."


def _scan(config: "PipelineConfig") -> Iterator[str]:
    if not config.malware_scan:
        return
    if config.malware_scan_minutes >= config.pending_hours * 60:
        yield (
            f"malwareScanMinutes: {config.malware_scan_minutes} is not less than pendingHours "
            f"{config.pending_hours}; the row of an upload would expire while it waits for its scan."
        )
    if config.queue_age_alarm_seconds <= MAX_WAIT_SECONDS:
        yield (
            f"queueAgeAlarmSeconds: {config.queue_age_alarm_seconds} is not more than {MAX_WAIT_SECONDS}, "
            "the seconds that a message may wait for a malware scan."
        )


def _alarms(config: "PipelineConfig") -> Iterator[str]:
    for address in config.alarm_emails:
        if not _EMAIL.fullmatch(address):
            yield f"alarmEmails: {address!r} is not an e-mail address."
    for url in config.alarm_urls:
        if not _URL.fullmatch(url):
            # Not the value: what pages people may hold a key.
            yield "alarmUrls: an entry is not an https:// URL."
    if config.alarm_slack_channel and not _SLACK.fullmatch(config.alarm_slack_channel):
        yield (
            f"alarmSlackChannel: {config.alarm_slack_channel!r} is not a workspace and a channel by id, "
            "like T07EXAMPLE/C07EXAMPLE."
        )
