"""Images that were announced and will never be uploaded: the answer to the announcement got lost.

A process that is killed then, or a connection that is cut, leaves up to 100 PENDING images behind of which
no journal knows. They would expire after a day; until then, their batch never seems to be done.
"""

from itertools import islice

from imagectl.api_client import Service
from imagectl.journal import Journal
from imagectl.upload_model import State, UploadRun


def cancel_unused(service: Service, journal: Journal, run: UploadRun) -> int:
    """Delete the PENDING images of the run's batch that the journal does not know; returns how many.

    The batch must be the run's own, and everything of it announced. Raises CannotContinue.
    """
    batch = service.batch(run.batch_id)
    if batch is None:
        return 0
    counts = journal.counts(run.api, run.batch_id)
    most = batch["counts"]["PENDING"] - counts[State.ANNOUNCED] - counts[State.UPLOADED]
    if most <= 0:
        return 0
    unused = (
        image["imageId"]
        for image in service.images("PENDING")
        if image.get("batchId") == run.batch_id and not journal.knows(run.api, image["imageId"])
    )
    found = list(islice(unused, most))
    for image_id in found:
        service.delete(image_id)
    return len(found)
