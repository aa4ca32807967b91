"""The configuration of a pipeline: all slices in one. Defaults live in `Pulumi.yaml` alone."""

from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import pulumi
from pulumi.runtime import get_config_env
from pulumi.runtime.config import CONFIG, get_config_secret_keys_env, is_config_secret

from components.config.alarms import AlarmConfig
from components.config.audit import AuditConfig
from components.config.config_slice import ConfigError
from components.config.defaults import default_texts
from components.config.delivery import DeliveryConfig
from components.config.webhooks import WebhooksConfig

SECRETS: Final = ("webhookSecret",)
"""The keys that are only accepted encrypted.

Not declared as `secret` in `Pulumi.yaml`: the CLI then refuses their defaults, which are not encrypted.
"""


@dataclass(frozen=True, kw_only=True)
class PipelineConfig(AlarmConfig, DeliveryConfig, AuditConfig, WebhooksConfig):
    """All settings of one pipeline; `Pulumi.yaml` describes each key.

    It is every slice at once, so each component is handed the same value and sees its own slice of it.
    Bounds that have no reason beside them are the limits of the AWS service they configure.
    Raises ConfigError if a value is out of its bounds or conflicts with another.
    """

    @classmethod
    def load(cls, config: pulumi.Config) -> Self:
        """Read the configuration of a stack from a namespace: that of its project, or any other.

        Keys that are not set have their defaults. Raises ConfigError with a sentence for each key that is
        unknown or wrong, or not encrypted although it is a secret.
        """
        given = {
            key.removeprefix(f"{config.name}:"): text
            for key, text in {**get_config_env(), **CONFIG.get()}.items()
            if key.startswith(f"{config.name}:")
        }
        refuse_plain_text(key for key in SECRETS if given.get(key) and not _is_secret(f"{config.name}:{key}"))
        return cls.parse({**default_texts(), **given})

    @classmethod
    def with_defaults(cls, **values: Any) -> Self:
        """A configuration made in code: `with_defaults(max_concurrency=20)`.

        Raises ConfigError as the constructor does, TypeError for an unknown field.
        """
        return replace(cls.parse(default_texts()), **values)

    def with_outputs(self, outputs: Mapping[str, Any]) -> Self:
        """The same configuration, in which the fields `outputs` hold what other resources put out.

        The slices have validated the values of these fields, as far as they were known; components only
        pass them on to resources. A field is an Output in place of its text, or has some among its items.
        """
        handed_on = copy(self)
        for name, value in outputs.items():
            object.__setattr__(handed_on, name, value)
        return handed_on

    def conflicts(self) -> Iterator[str]:
        """The row of an upload must not expire while the upload waits for its scan."""
        if self.malware_scan and self.malware_scan_minutes >= self.pending_hours * 60:
            yield (
                f"malwareScanMinutes: {self.malware_scan_minutes} is not less than pendingHours "
                f"{self.pending_hours}; the row of an upload would expire while it waits for its scan."
            )


def refuse_plain_text(keys: Iterable[str]) -> None:
    """Raise ConfigError, with a sentence for each, if there are `keys` of secrets in plain text."""
    wrong = [f"{key} is in plain text; set it with pulumi config set --secret {key}." for key in keys]
    if wrong:
        raise ConfigError("\n".join(wrong))


def _is_secret(key: str) -> bool:
    return is_config_secret(key) or key in get_config_secret_keys_env()
