"""Two buckets in memory: strongly consistent, the originals with versions and events if so wanted."""

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from handlers.contract.malware_scan import CLEAN, TAG
from tests.unit.resize_environment import ORIGINALS, s3_record

MALWARE = b"malware"
Announce = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an object; `data` is None for a delete marker."""

    id: str
    data: bytes | None
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return hashlib.md5(self.data or b"", usedforsecurity=False).hexdigest()


class BucketsModel:
    """The client's calls about the two buckets. Events of the originals go to `announce`.

    `gated` buckets let originals be read that are tagged as clean, and no others.
    """

    def __init__(self, announce: Announce, *, versioned: bool, gated: bool = False) -> None:
        self._announce = announce
        self._gated = gated
        self._versioned = versioned
        self._objects: dict[str, dict[str, list[Version]]] = defaultdict(dict)
        self._sequence = 0

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **headers: Any) -> Any:  # noqa: N803 - as in AWS
        return self._store(Bucket, Key, Body, "ObjectCreated:Put", headers.get("Metadata", {}))

    def copy_object(self, *, Bucket: str, Key: str, CopySource: dict[str, str]) -> Any:  # noqa: N803 - as in AWS
        """Copy bytes without their metadata, as with the directive REPLACE."""
        source = self.current(CopySource["Bucket"], CopySource["Key"])
        assert source
        return self._store(Bucket, Key, source.data or b"", "ObjectCreated:Copy", {})

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - as in AWS
        version = self._readable(Bucket, Key, "NoSuchKey")
        assert version.data is not None
        return {
            **self._described(Bucket, version),
            "Body": io.BytesIO(version.data),
            "ContentLength": len(version.data),
        }

    def head_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - as in AWS
        return self._described(Bucket, self._readable(Bucket, Key, "404"))

    def get_object_tagging(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - as in AWS
        version = self._existing(Bucket, Key, "NoSuchKey")
        tags = [{"Key": name, "Value": value} for name, value in version.tags.items()]
        return {"TagSet": tags, **self._described(Bucket, version)}

    def scan(self) -> None:
        """Tag every version of an original with what a scan says about it, as GuardDuty does."""
        for version in (each for versions in self._objects[ORIGINALS].values() for each in versions):
            version.tags[TAG] = "THREATS_FOUND" if version.data == MALWARE else CLEAN

    def delete_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - as in AWS
        versions = self._objects[Bucket].setdefault(Key, [])
        if self._has_versions(Bucket):
            versions.append(Version(id=f"marker-{self._next()}", data=None))
            self._tell(Bucket, Key, "ObjectRemoved:DeleteMarkerCreated", {})
        elif self._objects[Bucket].pop(Key):
            self._tell(Bucket, Key, "ObjectRemoved:Delete", {})
        return {}

    def forget_old_versions(self, key: str) -> None:
        """Delete the noncurrent versions of an original one by one, as a person might."""
        versions = self._objects[ORIGINALS].get(key, [])
        for version in versions[:-1]:
            self._tell(ORIGINALS, key, "ObjectRemoved:Delete", {"versionId": version.id})
        del versions[:-1]

    def current(self, bucket: str, key: str) -> Version | None:
        """The object that stands at a key now."""
        versions = self._objects[bucket].get(key)
        return versions[-1] if versions and versions[-1].data is not None else None

    def contents(self, bucket: str) -> dict[str, bytes]:
        """Every object of a bucket."""
        found = ((key, self.current(bucket, key)) for key in self._objects[bucket])
        return {key: version.data for key, version in found if version and version.data is not None}

    def _store(self, bucket: str, key: str, data: bytes, event: str, metadata: dict[str, str]) -> Any:
        version = Version(id=f"version-{self._next()}", data=data, metadata=metadata)
        versions = self._objects[bucket].setdefault(key, [])
        if not self._has_versions(bucket):
            versions.clear()
        versions.append(version)
        described = {"size": len(data), "eTag": version.etag}
        if self._has_versions(bucket):
            described["versionId"] = version.id
        self._tell(bucket, key, event, described)
        return self._described(bucket, version)

    def _tell(self, bucket: str, key: str, event: str, described: dict[str, Any]) -> None:
        if bucket == ORIGINALS:
            sequencer = f"0055AED6DCD9{self._next():06X}"
            self._announce(s3_record(key, event=event, sequencer=sequencer, **described))

    def _described(self, bucket: str, version: Version) -> dict[str, Any]:
        versioned = {"VersionId": version.id} if self._has_versions(bucket) else {}
        return {
            "ContentType": "image/png",
            "ETag": f'"{version.etag}"',
            "LastModified": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "Metadata": version.metadata,
            **versioned,
        }

    def _existing(self, bucket: str, key: str, code: str) -> Version:
        version = self.current(bucket, key)
        if version is None:
            raise ClientError({"Error": {"Code": code, "Message": "Not Found"}}, "GetObject")
        return version

    def _readable(self, bucket: str, key: str, code: str) -> Version:
        version = self.current(bucket, key)
        if self._gated and bucket == ORIGINALS and (version is None or version.tags.get(TAG) != CLEAN):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "Forbidden"}}, "GetObject")
        return self._existing(bucket, key, code)

    def _has_versions(self, bucket: str) -> bool:
        return self._versioned and bucket == ORIGINALS

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence
