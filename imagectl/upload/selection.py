"""Which files of a walk have to be sent: the others are counted and written down."""

from collections.abc import Callable, Iterable, Iterator

from imagectl.journal import Journal
from imagectl.upload import companions
from imagectl.upload.counters import Counters
from imagectl.upload.file_digest import read
from imagectl.upload.file_walk import Found, Unusable
from imagectl.upload_model import UNSENT, Content, File, State, UploadRun


def to_send(
    files: Iterable[Found | Unusable],
    journal: Journal,
    run: UploadRun,
    counters: Counters,
    *,
    known: Callable[[Content], Content],
    deleted: list[File],
    again: bool = False,
) -> Iterator[tuple[File, Content]]:
    """The first file of each content that the service has not got; with `again`, or has from before.

    `known` corrects what the journal says of a content. Files whose images have been deleted since they
    were uploaded are added to `deleted`.
    """
    for found in files:
        file = read(found, journal)
        if isinstance(file, Unusable):
            journal.skip(run, file.path, file.reason, size=file.size)
            companion = file.reason == companions.REASON
            counters.add(unsent=1, companions=companion, done_bytes=file.size)
            continue
        claimed = journal.claim(run, file, again=again)
        if claimed is None:
            counters.add(same=1, done_bytes=file.size)
            continue
        content = known(claimed)
        if content.state in UNSENT:
            yield file, content
        elif content.state is State.DELETED:
            deleted.append(file)
            counters.add(deleted=1, done_bytes=file.size)
        else:
            counters.add(before=1, done_bytes=file.size)
