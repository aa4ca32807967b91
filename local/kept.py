"""What `make up KEEP=1` keeps between runs: the objects of both buckets and the rows of the table.

The emulator begins empty. The folder has one file for each object, and `index.json`, which describes them.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from local.system import System

_INDEX: Final = "index.json"
_BUCKETS: Final = ("originalsBucket", "variantsBucket")
_ATTRIBUTES: Final = ("ContentType", "CacheControl", "Metadata")


def images(system: System) -> int:
    """How many images the system has."""
    pages = system.client("dynamodb").get_paginator("scan")
    return sum(page["Count"] for page in pages.paginate(TableName=_table(system), Select="COUNT"))


def save(system: System, folder: Path) -> None:
    """Write everything into the folder, in place of what is there."""
    unfinished = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    objects = {output: list(_saved(system, output, unfinished)) for output in _BUCKETS}
    pages = system.client("dynamodb").get_paginator("scan").paginate(TableName=_table(system))
    rows = [row for page in pages for row in page["Items"]]
    names = {output: _bucket(system, output) for output in _BUCKETS}
    document = {"buckets": names, "objects": objects, "rows": rows}
    (unfinished / _INDEX).write_text(json.dumps(document), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def restore(system: System, folder: Path) -> int:
    """Put what the folder holds into the system, which is empty; returns the number of images.

    Originals that were settled raise no event: their variants are there. The others are handled as if
    they were uploaded now.
    """
    index = folder / _INDEX
    if not index.exists():
        return 0
    document = json.loads(index.read_text("utf-8"))
    settled = {
        row["OriginalKey"]["S"]
        for row in document["rows"]
        if row["Status"]["S"] != "PENDING" and "OriginalKey" in row
    }
    originals, variants = (document["objects"][output] for output in _BUCKETS)
    versions: dict[str, str] = {}
    with _without_events(system):
        for each in variants:
            _put(system, "variantsBucket", each, folder)
        for each in originals:
            if each["key"] in settled:
                versions[each["key"]] = _put(system, "originalsBucket", each, folder)
    renamed = {document["buckets"][output]: _bucket(system, output) for output in _BUCKETS}
    for row in document["rows"]:
        if "Bucket" in row:
            row["Bucket"]["S"] = renamed[row["Bucket"]["S"]]
        if "VersionId" in row:
            row["VersionId"]["S"] = versions.get(row["OriginalKey"]["S"], row["VersionId"]["S"])
        system.client("dynamodb").put_item(TableName=_table(system), Item=row)
    for each in originals:
        if each["key"] not in settled:
            _put(system, "originalsBucket", each, folder)
    return len(document["rows"])


def _saved(system: System, output: str, folder: Path) -> Iterator[dict[str, Any]]:
    s3, bucket = system.client("s3"), _bucket(system, output)
    number = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            number += 1
            answer = s3.get_object(Bucket=bucket, Key=found["Key"])
            name = f"{output}-{number}"
            with (folder / name).open("wb") as file:
                shutil.copyfileobj(answer["Body"], file)
            attributes = {each: answer[each] for each in _ATTRIBUTES if answer.get(each)}
            yield {"key": found["Key"], "file": name, "attributes": attributes}


def _put(system: System, output: str, saved: dict[str, Any], folder: Path) -> str:
    with (folder / saved["file"]).open("rb") as file:
        answer = system.client("s3").put_object(
            Bucket=_bucket(system, output), Key=saved["key"], Body=file, **saved["attributes"]
        )
    return str(answer.get("VersionId", "null"))


@contextmanager
def _without_events(system: System) -> Iterator[None]:
    s3, bucket = system.client("s3"), _bucket(system, "originalsBucket")
    standing = s3.get_bucket_notification_configuration(Bucket=bucket)
    del standing["ResponseMetadata"]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=standing)


def _bucket(system: System, output: str) -> str:
    return str(system.outputs[output])


def _table(system: System) -> str:
    return str(system.outputs["tableName"])
