"""A journey with the client that openapi-python-client generates: journey.py API PHOTOGRAPH."""

import sys
import time
from io import BytesIO
from pathlib import Path

import httpx
from image_intake.api.default import (
    create_image,
    create_uploads,
    delete_image,
    get_batch,
    get_image,
    get_quota,
    list_images,
)
from image_intake.client import Client
from image_intake.models import (
    AcceptedFile,
    Batch,
    CreatedImage,
    CreatedUploads,
    CreateUploads,
    FailedImage,
    FileToUpload,
    ImageList,
    ListImagesStatus,
    PendingImage,
    ProblemDocument,
    Quota,
    ReadyImage,
    RefusedFile,
    RejectedImage,
)
from image_intake.types import File

PROBLEM = "urn:image-intake:problem:"
api, photograph = Client(base_url=sys.argv[1]), Path(sys.argv[2])


def settled(image_id: str) -> ReadyImage | RejectedImage | FailedImage:
    while True:
        image = get_image.sync(image_id, client=api)
        assert image is not None
        assert not isinstance(image, ProblemDocument), image
        if not isinstance(image, PendingImage):
            return image
        time.sleep(0.2)


small = create_image.sync(client=api, body=File(payload=BytesIO(photograph.read_bytes())), name="small.jpg")
assert isinstance(small, CreatedImage), small

size = photograph.stat().st_size
announced = create_uploads.sync(
    client=api,
    body=CreateUploads(
        files=[
            FileToUpload(name="large.jpg", content_type="image/jpeg", bytes_=size),
            FileToUpload(name="notes.txt", content_type="text/plain"),
        ]
    ),
)
assert isinstance(announced, CreatedUploads), announced
accepted, refused = announced.files
assert isinstance(accepted, AcceptedFile)
assert isinstance(refused, RefusedFile)
assert refused.error.type_ == f"{PROBLEM}unsupported-content-type"
fields = accepted.upload.fields.additional_properties
sent = httpx.post(accepted.upload.url, data=fields, files={"file": photograph.read_bytes()}, trust_env=False)
assert sent.is_success, sent.text

for image_id in (small.image_id, accepted.image_id):
    image = settled(image_id)
    assert isinstance(image, ReadyImage), image
    thumbnail = image.variants.additional_properties["thumbnail"]
    assert len(httpx.get(thumbnail.url, trust_env=False).content) == thumbnail.bytes_

listed = list_images.sync(client=api, status=ListImagesStatus.READY, limit=2)
assert isinstance(listed, ImageList), listed
assert {image.image_id for image in listed.images} == {small.image_id, accepted.image_id}

batch = get_batch.sync(announced.batch_id, client=api)
assert isinstance(batch, Batch), batch
assert (batch.done, batch.counts.ready) == (True, 1)

quota = get_quota.sync(client=api)
assert isinstance(quota, Quota), quota
assert quota.images.used == quota.images.limit

beyond = create_image.sync_detailed(client=api, body=File(payload=BytesIO(photograph.read_bytes())))
assert beyond.status_code == 429
assert isinstance(beyond.parsed, ProblemDocument)
assert beyond.parsed.type_ == f"{PROBLEM}quota-exceeded"

assert delete_image.sync_detailed(small.image_id, client=api).status_code == 204
gone = get_image.sync_detailed(small.image_id, client=api)
assert gone.status_code == 404
assert isinstance(gone.parsed, ProblemDocument)
assert gone.parsed.type_ == f"{PROBLEM}unknown-image"
