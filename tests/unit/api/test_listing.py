from itertools import chain

import pytest

from handlers.api.listing import Listing
from handlers.api.problems import Problem
from handlers.contract.indexes import shard_of
from handlers.storage.catalog import Catalog
from handlers.storage.deletions import row_of_deletion
from tests.unit.resize_environment import TABLE


@pytest.fixture
def catalog(dynamodb):
    return Catalog(dynamodb, TABLE)


@pytest.fixture
def listing(dynamodb):
    return Listing(dynamodb, TABLE)


def announce(catalog, *image_ids, owner="ada", at=None):
    """Rows of an owner, one millisecond younger each, or all of the same moment."""
    catalog.put_pending(
        [
            {
                "ImageID": image_id,
                "Owner": owner,
                "CreatedAt": at or f"2026-01-01T00:00:00.{int(image_id[1:]):03}Z",
            }
            for image_id in image_ids
        ]
    )


def settle(catalog, image_id, status="READY"):
    row = {"ImageID": image_id, "Status": status, "Sequencer": "05", "PresetHash": "p"}
    catalog.commit(row, None)


def remove(catalog, image_id):
    catalog.mark_deleted(row_of_deletion(image_id, catalog.get(image_id), recoverable_days=1))


def numbered(numbers):
    return [f"i{number}" for number in numbers]


def pages(listing, *, limit, owner="ada", status=None, between=lambda: None):
    """Every page from the newest to the oldest; `between` happens after each."""
    cursor, found = "", []
    while True:
        page = listing.page(owner=owner, status=status, limit=limit, cursor=cursor)
        found.append(list(page.image_ids))
        if not (cursor := page.cursor):
            return found
        between()


def test_images_are_listed_newest_first(catalog, listing):
    announce(catalog, *numbered(range(30)))
    [page] = pages(listing, limit=100)
    assert page == numbered(reversed(range(30)))


@pytest.mark.parametrize("limit", [1, 7, 29, 30])
def test_pages_hold_every_image_once_and_no_page_is_short_or_empty(catalog, listing, limit):
    announce(catalog, *numbered(range(30)))
    found = pages(listing, limit=limit)
    assert list(chain.from_iterable(found)) == numbered(reversed(range(30)))
    assert {len(page) for page in found[:-1]} <= {limit}
    assert found[-1]


def test_images_that_all_fall_into_one_shard_are_paged_without_gaps(catalog, listing):
    ids = [image_id for image_id in numbered(range(200)) if shard_of(image_id) == 3][:12]
    announce(catalog, *ids)
    found = pages(listing, limit=4)
    assert found == [ids[:-5:-1], ids[7:3:-1], ids[3::-1]]


def test_images_of_the_same_moment_are_paged_without_gaps(catalog, listing):
    announce(catalog, *numbered(range(30)), at="2026-01-01T00:00:00.000Z")
    found = list(chain.from_iterable(pages(listing, limit=4)))
    assert sorted(found) == sorted(numbered(range(30)))


def test_a_cursor_stays_where_it_is_whatever_is_added_settled_and_removed(catalog, listing):
    announce(catalog, *numbered(range(30)))
    newer = iter(range(100, 200))

    def meanwhile():
        announce(catalog, f"i{next(newer)}")
        settle(catalog, "i3")
        remove(catalog, "i29")

    found = list(chain.from_iterable(pages(listing, limit=5, between=meanwhile)))
    assert found == numbered(reversed(range(30)))


def test_a_cursor_holds_when_the_image_it_was_taken_at_is_gone(catalog, listing):
    announce(catalog, *numbered(range(10)))
    page = listing.page(owner="ada", status=None, limit=4, cursor="")
    remove(catalog, page.image_ids[-1])
    after = listing.page(owner="ada", status=None, limit=4, cursor=page.cursor)
    assert list(after.image_ids) == ["i5", "i4", "i3", "i2"]


def test_owners_see_their_own_and_everybody_s_list_has_all_even_without_an_owner(catalog, listing):
    announce(catalog, "i1", "i2", owner="ada")
    announce(catalog, "i3", owner="bob")
    settle(catalog, "dropped into the bucket")
    assert pages(listing, limit=10, owner="ada") == [["i2", "i1"]]
    assert pages(listing, limit=10, owner="bob") == [["i3"]]
    assert pages(listing, limit=10, owner="eve") == [[]]
    assert pages(listing, limit=10, owner=None) == [["dropped into the bucket", "i3", "i2", "i1"]]


@pytest.mark.parametrize("owner", ["ada", None])
def test_a_status_lists_the_images_that_have_it_now(catalog, listing, owner):
    announce(catalog, *numbered(range(9)))
    for number in (2, 4, 6):
        settle(catalog, f"i{number}")
    settle(catalog, "i5", "REJECTED")
    catalog.fail({"ImageID": "i7", "Status": "FAILED", "Sequencer": "05", "PresetHash": "p"})
    found = {
        status: pages(listing, limit=2, owner=owner, status=status)
        for status in ("PENDING", "READY", "REJECTED", "FAILED")
    }
    assert found == {
        "PENDING": [["i8", "i3"], ["i1", "i0"]],
        "READY": [["i6", "i4"], ["i2"]],
        "REJECTED": [["i5"]],
        "FAILED": [["i7"]],
    }


def test_a_list_never_scans_the_table(catalog, listing, dynamodb):
    asked = []
    dynamodb.meta.events.register("before-parameter-build.dynamodb.Scan", lambda **_: asked.append("scan"))
    announce(catalog, "i1")
    pages(listing, limit=1)
    pages(listing, limit=1, owner=None, status="READY")
    assert asked == []


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "none of ours",
        "é",
        "bnVsbA",  # null
        "W10",  # []
        "WyIiLCIiXQ",  # ["",""]
        "WzEsMl0",  # [1,2]
        "WyIyMDI2IiwgIiJd",  # ["2026", ""]
        "W1" * 900,
        "W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1s",
        "WyIyMDI2IiwgIlx1ZDgwMCJd",  # ["2026", "\ud800"]
    ],
)
def test_what_is_no_cursor_is_malformed(listing, cursor):
    with pytest.raises(Problem) as refused:
        listing.page(owner="ada", status=None, limit=5, cursor=cursor)
    assert (refused.value.status, refused.value.code) == (400, "malformed-request")
