"""What metadata can hold, and what is believed of it."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.contract.original_metadata import (
    HEADER_PREFIX,
    MAX_BYTES,
    MAX_FILE_NAME_BYTES,
    cut_file_name,
    decode,
    encode,
)
from handlers.contract.rows import ANNOUNCED, MAX_OWNER_BYTES, iso_8601

ROW = {
    "Owner": "arn:aws:iam::123456789012:user/ada",
    "FileName": "山 holiday.jpg",
    "BatchID": "b1",
    "CreatedAt": "2026-03-04T05:06:07.890Z",
}
TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)
OWNERS = TEXT.filter(lambda text: len(text.encode()) <= MAX_OWNER_BYTES)
ROWS = st.fixed_dictionaries(
    {"Owner": OWNERS, "CreatedAt": st.datetimes(timezones=st.timezones()).map(iso_8601)},
    optional={
        "FileName": TEXT.map(cut_file_name),
        "BatchID": st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    },
)


def size(metadata):
    """As S3 measures it, with the prefix."""
    return sum(len(HEADER_PREFIX) + len(key) + len(value) for key, value in metadata.items())


@given(row=ROWS)
def test_what_was_announced_comes_back_as_it_was(row):
    metadata = encode(row)
    assert decode(metadata) == row
    assert all(part.isascii() and part.isprintable() for each in metadata.items() for part in each)
    assert size(metadata) <= MAX_BYTES


@pytest.mark.parametrize("letter", ["x", "\x00", "é", "山", "😀"])
def test_the_longest_announcement_fits(letter):
    longest = ROW | {
        "Owner": letter * (MAX_OWNER_BYTES // len(letter.encode())),
        "FileName": cut_file_name(letter * 1024),
        "BatchID": "b" * 64,
    }
    assert size(encode(longest)) <= MAX_BYTES
    assert decode(encode(longest)) == longest


@given(name=st.text(st.characters(exclude_categories=("Cs",)), max_size=700))
def test_a_name_is_cut_at_a_character_and_no_earlier_than_need_be(name):
    cut = cut_file_name(name)
    assert name.startswith(cut)
    assert len(cut.encode()) <= MAX_FILE_NAME_BYTES
    assert cut == name or len((cut + name[len(cut)]).encode()) > MAX_FILE_NAME_BYTES


def test_a_name_in_a_row_from_before_names_were_cut_still_fits():
    metadata = encode(ROW | {"FileName": "x" * 1024})
    assert size(metadata) <= MAX_BYTES
    assert decode(metadata)["FileName"] == "x" * 512


@given(
    metadata=st.dictionaries(
        st.sampled_from([*encode(ROW), "other", "Intake-Owner"]),
        st.one_of(st.text(max_size=3000), st.binary().map(lambda each: base64.b64encode(each).decode())),
    )
)
def test_whatever_stands_there_is_either_ours_or_nothing(metadata):
    row = decode(metadata)
    assert set(row) <= set(ANNOUNCED)
    if row:
        assert encode(row).items() <= metadata.items()


@pytest.mark.parametrize(
    "change",
    [
        {"intake-owner": None},
        {"intake-created-at": None},
        {"intake-owner": ""},
        {"intake-owner": base64.b64encode(b"x" * 513).decode()},
        {"intake-owner": base64.b64encode(b"\xff\xfe").decode()},
        {"intake-owner": "YWRh\n"},
        {"intake-owner": "YWRh!"},
        {"intake-owner": "YWR"},
        {"intake-owner": "YWRh===="},
        {"intake-owner": "é"},
        {"intake-file-name": base64.b64encode(b"x" * 513).decode()},
        {"intake-file-name": "holiday.jpg"},
        {"intake-batch-id": "b 1"},
        {"intake-batch-id": "b1\n"},
        {"intake-batch-id": ""},
        {"intake-batch-id": "b" * 65},
        {"intake-created-at": "2026-03-04T05:06:07Z"},
        {"intake-created-at": "2026-03-04T05:06:07.890+00:00"},
        {"intake-created-at": "2026-13-04T05:06:07.890Z"},
        {"intake-created-at": "0001-01-01T00:00:00.000+23:59"},
        {"intake-created-at": "yesterday"},
    ],
    ids=repr,
)
def test_metadata_of_another_form_is_ignored_as_a_whole(change):
    changed = {key: value for key, value in {**encode(ROW), **change}.items() if value is not None}
    assert decode(changed) == {}


def test_other_metadata_beside_ours_is_ignored():
    assert decode({**encode(ROW), "owner": "bob"}) == ROW
    assert decode({"owner": "bob", "file-name": "bob.jpg"}) == {}
