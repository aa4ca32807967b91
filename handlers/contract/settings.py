"""The settings that each function finds in its environment: one frozen dataclass per function.

The infrastructure writes an environment with `variables`; the function reads it back with
`load`. Field names are the contract: `table_name` travels as `TABLE_NAME`, and a field that has the
name of a configuration key (in snake case) holds its value.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from handlers.contract.presets import Limits, Preset, parse_presets

Settings = TypeVar("Settings")

# The resize function's own process: interpreter and clients take about 100 MiB; what remains is
# for originals on their way to the render process (at most twice each) and variants coming back.
_OWN_MEMORY_MIB = 384


class SettingsError(Exception):
    """The environment of the function does not hold its settings."""


@dataclass(frozen=True, kw_only=True)
class ResizeSettings:
    """Settings of the resize function.

    `presets` are preset lines (see `handlers.contract.presets`), `metadata` is what variants keep
    (`rights` or `none`). `queue_url` is the bulk lane's queue, `express_queue_url` the one that takes events
    of the express lane (the same if that lane is off), `max_receive_count` is that of both: on
    that receive a failing message is on its way to the dead-letter queue. `record_seconds` is
    the worst case of one record: with less than that left, records go back untouched. The delay
    before a retry is drawn from 0 to `retry_base_seconds` doubled with every receive.
    `resize_memory_mib` is the function's memory; `originals_expire_days` the age at which the bucket
    expires originals, 0 for never; `old_version_days` how long deleted ones can be recovered. With
    `malware_scan`, an original is not read before its scan, which may take `malware_scan_minutes` from
    the upload.
    """

    originals_bucket: str
    variants_bucket: str
    table_name: str
    queue_url: str
    express_queue_url: str
    presets: tuple[str, ...]
    metadata: str
    max_receive_count: int
    record_seconds: int
    retry_base_seconds: int
    max_upload_bytes: int
    max_pixels: int
    max_side: int
    max_frames: int
    max_metadata_bytes: int
    resize_memory_mib: int
    originals_expire_days: int
    old_version_days: int
    malware_scan: bool
    malware_scan_minutes: int

    @property
    def recipes(self) -> tuple[Preset, ...]:
        """The presets as the renderer takes them. Raises PresetError."""
        return self.recipes_of(self.presets)

    def recipes_of(self, lines: Sequence[str]) -> tuple[Preset, ...]:
        """Other preset lines with these settings. Raises PresetError."""
        return parse_presets(lines, self.metadata)

    @property
    def malware_scan_seconds(self) -> int:
        """How long after an upload its malware scan may take; 0 if nothing is scanned."""
        return self.malware_scan_minutes * 60 if self.malware_scan else 0

    @property
    def render_wall_seconds(self) -> float:
        """What all tries to render may take, so that a record has time left to be fetched and stored."""
        return 0.95 * self.record_seconds

    @property
    def render_cpu_seconds(self) -> float:
        """What one try to render may take of a processor's time, so that two fit into a record's."""
        return 0.45 * self.record_seconds

    @property
    def render_memory_bytes(self) -> int:
        """What the render process may use: all but what this process needs for itself."""
        return (self.resize_memory_mib - _OWN_MEMORY_MIB) * 1024**2

    @property
    def in_flight_bytes(self) -> int:
        """How many bytes of originals are held at the same time."""
        return _OWN_MEMORY_MIB * 1024**2 // 4

    @property
    def limits(self) -> Limits:
        """The limits as the renderer takes them."""
        return Limits(
            max_bytes=self.max_upload_bytes,
            max_pixels=self.max_pixels,
            max_side=self.max_side,
            max_frames=self.max_frames,
            max_metadata_bytes=self.max_metadata_bytes,
        )


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """Settings of the API function. `max_upload_bytes` bounds every upload policy; a `PENDING`
    row that was never uploaded to expires after `pending_hours`; `url_seconds` is how long
    policies and signed URLs live (at most 900). `api_auth` is `iam`, `jwt` or `none`; with `iam`,
    `admin_principals` are the ARNs of those who see the images of all. Uploads are encrypted with
    the KMS key of `kms_key_arn`, or with S3's own if it is empty. A principal may announce
    `uploads_per_hour` images and `upload_bytes_per_hour` bytes in an hour, counted in the table of
    quotas; the first `express_per_hour` images that ask for it are in the express lane. Deleted originals
    can be recovered for `old_version_days`. The page signs people in at `jwt_issuer` as the client
    `sign_in_client_id`, with tokens of `sign_in_audience`; without a client id they paste a token, and
    without an audience the issuer chooses it.
    """

    originals_bucket: str
    variants_bucket: str
    table_name: str
    quota_table_name: str
    uploads_per_hour: int
    upload_bytes_per_hour: int
    express_per_hour: int
    max_upload_bytes: int
    pending_hours: int
    url_seconds: int
    old_version_days: int
    api_auth: str
    admin_principals: tuple[str, ...]
    jwt_issuer: str
    sign_in_client_id: str
    sign_in_audience: str
    kms_key_arn: str

    @property
    def pending_seconds(self) -> int:
        """The life of a `PENDING` row."""
        return self.pending_hours * 3600


@dataclass(frozen=True, kw_only=True)
class PublishSettings:
    """Settings of the publish function: the bus that events go to, and the queue for records that
    cannot be made events. `originals_bucket` is what rows do not name.
    """

    bus_name: str
    originals_bucket: str
    dead_letter_queue_url: str


@dataclass(frozen=True, kw_only=True)
class DeliverySettings:
    """Settings of the delivery function: caches may keep an answer for `delivery_seconds`."""

    table_name: str
    delivery_seconds: int


def variables(kind: type[Any], config: object, **values: Any) -> dict[str, Any]:
    """The environment variables that hold settings of `kind`: `values`, and the rest from `config`.

    Values that are not plain Python (a Pulumi output of a string) pass through as they are.
    Raises SettingsError if a field is in neither, or a value has no field.
    """
    expected = {field.name for field in fields(kind)}
    missing = sorted(name for name in expected - set(values) if not hasattr(config, name))
    unknown = sorted(set(values) - expected)
    if missing or unknown:
        raise SettingsError(f"{kind.__name__}: missing {missing}, unknown {unknown}")
    return {
        name.upper(): _encode(values[name] if name in values else getattr(config, name))
        for name in sorted(expected)
    }


def load(kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """Read settings of `kind` back from an environment.

    Raises SettingsError naming the variable that is missing or malformed.
    """
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        name = field.name.upper()
        if name not in environment:
            raise SettingsError(f"{kind.__name__}: {name} is not set")
        try:
            values[field.name] = _decode(field.type, environment[name])
        except ValueError as error:
            raise SettingsError(f"{kind.__name__}: {name} is malformed: {error}") from error
    return kind(**values)


def _encode(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return json.dumps(list(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _decode(kind: Any, text: str) -> Any:
    if kind is str:
        return text
    if kind is int:
        return int(text)
    if kind is bool:
        if text not in ("true", "false"):
            raise ValueError("not true or false")
        return text == "true"
    items = json.loads(text)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("not a JSON list of strings")
    return tuple(items)
