"""The typed, validated configuration of a pipeline. Defaults live in `Pulumi.yaml` alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG

from components.config.bounds import Between, OneOf, read
from components.config.combinations import combinations
from components.config.defaults import default_texts

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_LOG_RETENTION = OneOf(
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
)


class ConfigError(pulumi.RunError):
    """The configuration cannot be deployed; the message has one sentence for each wrong key."""


@dataclass(frozen=True, kw_only=True)
class PipelineConfig:
    """How one pipeline is set up; `Pulumi.yaml` describes each key.

    Bounds that have no reason beside them are the limits of the AWS service they configure.
    Raises ConfigError if a value is out of its bounds or does not fit the others.
    """

    protect: bool
    presets: tuple[str, ...]
    max_upload_bytes: Annotated[int, Between(1, 5 * 1024**3)]  # one presigned POST
    max_pixels: Annotated[int, Between(1, 500_000_000)]
    max_side: Annotated[int, Between(1, 65_535)]  # the largest side a JPEG can have
    max_frames: Annotated[int, Between(1, 10_000)]
    max_metadata_bytes: Annotated[int, Between(1, 64 * 1024**2)]
    cors_origins: tuple[str, ...]
    api_auth: Annotated[str, OneOf("iam", "jwt", "none")]
    jwt_issuer: str
    jwt_audience: tuple[str, ...]
    admin_principals: tuple[str, ...]
    page: bool
    api_rate_limit: Annotated[int, Between(1, 10_000)]
    api_burst_limit: Annotated[int, Between(1, 5_000)]
    uploads_per_hour: Annotated[int, Between(1, 10_000_000)]  # more than one pipeline takes in an hour
    api_memory_mib: Annotated[int, Between(128, 10_240)]
    api_timeout_seconds: Annotated[int, Between(1, 29)]
    api_reserved_concurrency: Annotated[int, Between(0, 10_000)]  # as many as may come in a second
    url_seconds: Annotated[int, Between(60, 900)]
    pending_hours: Annotated[int, Between(1, 720)]
    resize_memory_mib: Annotated[int, Between(1_024, 10_240)]  # the render process is one of two
    resize_timeout_seconds: Annotated[int, Between(10, 900)]
    record_seconds: Annotated[int, Between(1, 300)]
    retry_base_seconds: Annotated[int, Between(1, 900)]
    batch_size: Annotated[int, Between(1, 10_000)]
    batching_window_seconds: Annotated[int, Between(0, 300)]
    max_concurrency: Annotated[int, Between(2, 1_000)]
    max_receive_count: Annotated[int, Between(5, 1_000)]  # at least 5, as AWS recommends with Lambda
    queue_retention_days: Annotated[int, Between(1, 13)]
    dead_letter_retention_days: Annotated[int, Between(2, 14)]
    log_retention_days: Annotated[int, _LOG_RETENTION]
    log_level: Annotated[str, OneOf("DEBUG", "INFO", "WARNING", "ERROR")]
    incomplete_upload_days: Annotated[int, Between(1, 30)]
    old_version_days: Annotated[int, Between(1, 365)]
    originals_expire_days: Annotated[int, Between(0, 3_650)]
    access_logs: bool
    data_events: bool
    audit_retention_days: Annotated[int, Between(1, 3_650)]
    kms_key: str
    malware_scan: bool
    malware_scan_minutes: Annotated[int, Between(5, 720)]
    alarm_emails: tuple[str, ...]
    alarm_urls: tuple[str, ...]
    alarm_slack_channel: str
    queue_age_alarm_seconds: Annotated[int, Between(60, 86_400)]  # no message waits less than a day
    rejected_share_alarm_percent: Annotated[int, Between(1, 99)]
    api_latency_alarm_milliseconds: Annotated[int, Between(100, 29_000)]

    def __post_init__(self) -> None:
        wrong = [*self._out_of_bounds()] or combinations(self)
        if wrong:
            raise ConfigError("\n".join(wrong))

    @property
    def visibility_timeout_seconds(self) -> int:
        """How long a received message is hidden: 6 times the function timeout, plus the batching window.

        The bounds of the two keep it far below the 43,200 s that SQS allows.
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        return 6 * self.resize_timeout_seconds + self.batching_window_seconds

    @classmethod
    def load(cls, config: pulumi.Config) -> "PipelineConfig":
        """Read the configuration of a stack from a namespace: that of its project, or any other.

        What is not set has its default. Raises ConfigError with a sentence for each key that is
        unknown or wrong.
        """
        given = {
            key.removeprefix(f"{config.name}:"): text
            for key, text in {**get_config_env(), **CONFIG.get()}.items()
            if key.startswith(f"{config.name}:")
        }
        return cls.parse({**default_texts(), **given})

    @classmethod
    def with_defaults(cls, **values: Any) -> "PipelineConfig":
        """A configuration made in code: `with_defaults(max_concurrency=20)`.

        Raises ConfigError as the constructor does, TypeError for a field there is not.
        """
        return replace(cls.parse(default_texts()), **values)

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> "PipelineConfig":
        """Read the configuration from camelCase keys and values as text (lists as JSON).

        Raises ConfigError with a sentence for each key that is missing, unknown or wrong.
        """
        kinds = {camel_case(name): (name, kind) for name, (kind, _) in _declared().items()}
        wrong = [
            f"{key} is no configuration key; see Pulumi.yaml for those there are."
            for key in sorted(set(texts) - set(kinds))
        ]
        values: dict[str, Any] = {}
        for key, (name, kind) in kinds.items():
            if key not in texts:
                wrong.append(f"{key} is not set and has no default.")
                continue
            try:
                values[name] = read(kind, texts[key])
            except ValueError as error:
                wrong.append(f"{key}: {texts[key]!r} {error}.")
        if wrong:
            raise ConfigError("\n".join(wrong))
        return cls(**values)

    def _out_of_bounds(self) -> list[str]:
        wrong = []
        for name, (_, bound) in _declared().items():
            value = getattr(self, name)
            refusal = bound.refusal(value) if bound else None
            if refusal:
                wrong.append(f"{camel_case(name)}: {value} {refusal}.")
        return wrong


def camel_case(name: str) -> str:
    """The configuration key of a field: `max_upload_bytes` is `maxUploadBytes`."""
    key = re.sub("_([a-z])", lambda match: match[1].upper(), name)
    return re.sub("Mib$", "MiB", key)


def _declared() -> dict[str, tuple[Any, Any]]:
    hints = get_type_hints(PipelineConfig, include_extras=True)
    declared = {}
    for field in fields(PipelineConfig):
        hint = hints[field.name]
        kind, bound = get_args(hint)[:2] if get_origin(hint) is Annotated else (hint, None)
        declared[field.name] = (kind, bound)
    return declared
