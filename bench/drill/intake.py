"""What a drill starts from: images of several owners, with odd names, in batches, some rejected."""

import io
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from PIL import ExifTags, Image

from local.aws_clients import Credentials
from local.system import System

OWNERS: Final = ("ada", "björn", "chidi+test", "dora@example.com", "erin_with_a_rather_long_name")
_BATCH: Final = 20
_AT_ONCE: Final = 4
# One in so many is not an image, is cut off, is posted as the body of a request, is dropped into the bucket.
_BROKEN: Final = 10
_TRUNCATED: Final = 14
_ALONE: Final = 12
_DROPPED: Final = 15
_NAMES: Final = (
    "IMG_{}.jpg",
    "ferien am meer äöü {}.jpg",
    "山の写真 {}.jpg",
    "😀👩‍👩‍👧 {}.jpg",
    "عطلة {}.jpg",
    "../../etc/passwd {}",
    "<b>{}</b> & \"quotes\" 'n' %20.jpg",
    "line\nbreak\t{}.jpg",
    "nul\x00 {}.jpg",
    "{} " + "x" * 900 + ".jpg",
    "{} " + "山" * 300 + ".jpg",
    " {} ",
)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """A user of the API."""

    name: str
    credentials: Credentials


def create_callers(system: System) -> list[Caller]:
    """A user for each owner, who may call the API and nothing else."""
    iam = system.client("iam")
    allowed = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    callers = []
    for number, name in enumerate(OWNERS):
        user = f"{name.encode('ascii', 'ignore').decode()}-{number}"
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="call", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]
        credentials = Credentials(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
        callers.append(Caller(name=user, credentials=credentials))
    return callers


def send(system: System, callers: list[Caller], images: int, seed: int) -> None:
    """Upload so many images in every way there is."""
    numbers = list(range(images))
    dropped = [number for number in numbers if number % _DROPPED == _DROPPED - 1]
    alone = [number for number in numbers if number % _ALONE == _ALONE - 1 and number not in dropped]
    batches = list(_batches([number for number in numbers if number not in {*dropped, *alone}]))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        sent = [pool.submit(_drop, system, number, seed) for number in dropped]
        sent += [pool.submit(_post, system, callers[n % len(callers)], n, seed) for n in alone]
        sent += [
            pool.submit(_announce, system, callers[place % len(callers)], batch, f"batch-{place}", seed)
            for place, batch in enumerate(batches)
        ]
        for each in sent:
            each.result()


def _batches(numbers: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(numbers), _BATCH):
        yield numbers[start : start + _BATCH]


def _announce(system: System, caller: Caller, numbers: list[int], batch_id: str, seed: int) -> None:
    originals = [_original(number, seed) for number in numbers]
    files = [
        {"name": _name(number), "contentType": "image/jpeg", "bytes": len(data)}
        for number, data in zip(numbers, originals, strict=True)
    ]
    answer = _call(system, caller, "/uploads", json={"files": files, "batchId": batch_id})
    for file, data in zip(answer["files"], originals, strict=True):
        upload = file["upload"]
        form = {"data": upload["fields"], "files": {"file": ("x", data)}}
        system.api.http.post(upload["url"], **form).raise_for_status()


def _post(system: System, caller: Caller, number: int, seed: int) -> None:
    headers = {"Content-Type": "image/jpeg"}
    name = f"?name={quote(_name(number), safe='')}" if number % 2 else ""
    _call(system, caller, f"/images{name}", content=_original(number, seed), headers=headers)


def _drop(system: System, number: int, seed: int) -> None:
    system.client("s3").put_object(
        Bucket=system.outputs["originalsBucket"],
        Key=f"uploads/dropped/{number} 山 +%20.jpg",
        Body=_original(number, seed),
        ContentType="image/jpeg",
    )


def _call(system: System, caller: Caller, path: str, **options: Any) -> Any:
    answer = system.api.call("POST", path, caller=caller.credentials, **options)
    return answer.raise_for_status().json()


def _name(number: int) -> str:
    return _NAMES[number % len(_NAMES)].format(number)


def _original(number: int, seed: int) -> bytes:
    """A JPEG that no other is like, or what only looks like one."""
    noise = random.Random(f"{seed} {number}")
    if number % _BROKEN == _BROKEN - 1:
        return f"not an image, number {number}".encode()
    pixels = Image.frombytes("RGB", (24, 16), noise.randbytes(24 * 16 * 3))
    written = io.BytesIO()
    sides = (noise.randrange(200, 900), noise.randrange(200, 900))
    pixels.resize(sides).save(written, "JPEG", exif=_exif(number))
    data = written.getvalue()
    return data[: len(data) // 2] if number % _TRUNCATED == _TRUNCATED - 1 else data


def _exif(number: int) -> Image.Exif:
    """A camera, the time of the picture, and whose it is."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Drill", f"Camera {number}"
    exif[ExifTags.Base.Copyright] = f"© picture {number}"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"2026:01:02 03:04:{number % 60:02}"
    return exif


def gallery(system: System, caller: Caller) -> list[str]:
    """The ImageIDs that a caller sees in a list of images, in their order."""
    seen: list[str] = []
    page: dict[str, Any] = {}
    while not seen or "cursor" in page:
        params = {"limit": "100", **({"cursor": page["cursor"]} if seen else {})}
        answer = system.api.call("GET", "/images", caller=caller.credentials, params=params)
        page = answer.raise_for_status().json()
        if not page["images"]:
            break
        seen += [image["imageId"] for image in page["images"]]
    return seen


def eventually(is_so: Any, patience_seconds: float) -> bool:
    """Wait until something is so; False if that takes too long."""
    deadline = time.monotonic() + patience_seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True
