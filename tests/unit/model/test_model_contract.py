"""The models answer as moto does: the same calls of the worker's I/O modules, the same answers."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers.contract.original_metadata import encode
from handlers.storage.buckets import Buckets, GatedBuckets
from handlers.storage.catalog import Catalog, RowChanged
from tests.unit.model.dynamodb import TableModel
from tests.unit.model.s3 import BucketsModel
from tests.unit.resize_environment import ORIGINALS, TABLE, VARIANTS, World

UNUSED = count()

SEQUENCERS = st.sampled_from(["01", "02", "03"])
HASHES = st.sampled_from(["h1", "h2"])
STATUSES = st.sampled_from(["READY", "REJECTED", "FAILED"])
CALLS = st.lists(
    st.tuples(
        st.sampled_from(["commit", "fail", "forget superseded", "delete", "forget"]),
        SEQUENCERS,
        HASHES,
        STATUSES,
        st.booleans(),
    ),
    max_size=8,
)
GESTURES = st.lists(st.sampled_from(["put one", "put two", "fetch", "exists", "scan", "remove"]), max_size=8)


def announced(sequencer):
    return {"Owner": f"as of {sequencer}", "CreatedAt": "2026-01-02T03:04:05.006Z"}


def answers(catalog, image_id, calls):
    """What the catalog answers to a story, and the row after each of its calls."""
    for call, sequencer, presets, status, fresh in calls:
        row = {"ImageID": image_id, "Status": status, "Sequencer": sequencer, "PresetHash": presets}
        if presets == "h2":
            row |= announced(sequencer)
        if status == "READY":
            key = f"{sequencer}{presets}"
            row["Variants"] = {
                "thumbnail": {"Key": key, "Width": 1, "Height": 1, "Bytes": 1, "ContentType": ""}
            }
        try:
            if call == "commit":
                yield catalog.commit(row, catalog.get(image_id) if fresh else None)
            elif call == "fail":
                yield catalog.fail({**row, "Status": "FAILED"})
            elif call == "forget superseded":
                yield catalog.forget_superseded(row)
            elif call == "forget":
                yield catalog.forget(row, ("Superseded", "Variants"))
            else:
                yield catalog.mark_deleted({"ImageID": image_id, "Sequencer": sequencer, "ExpiresAt": 1})
        except RowChanged:
            yield RowChanged
        yield catalog.get(image_id)


def without_times(answer):
    row = getattr(answer, "row", answer)
    if isinstance(row, dict):
        for name in ("CreatedAt", "DeletedAt", "ProcessedAt", "UploadedAt"):
            row.pop(name, None)
    return answer


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=CALLS)
def test_the_table_in_memory_answers_as_dynamodb_does(dynamodb, calls):
    dynamodb.delete_item(TableName=TABLE, Key={"ImageID": {"S": "a"}})
    real = [without_times(each) for each in answers(Catalog(dynamodb, TABLE), "a", calls)]
    assert [without_times(each) for each in answers(Catalog(TableModel(), TABLE), "a", calls)] == real


def looks(storage, key, gestures):
    """What the storage answers to a story; which version stands there by when it was first seen."""
    seen = []
    for gesture in gestures:
        if gesture.startswith("put"):
            storage.put_original(key, gesture.encode(), "image/png", metadata=encode(announced("01")))
        elif gesture == "remove":
            storage.remove_original(key)
        elif gesture == "exists":
            yield storage.exists(key)
        elif gesture == "scan":
            found = GatedBuckets(storage._client, originals_bucket=ORIGINALS, variants_bucket="").scan(key)
            current = storage.fetch(key, max_bytes=100)
            yield (found.status, found.version_id == current.version) if found else None
        else:
            found = storage.fetch(key, max_bytes=100)
            if found and found.version not in seen:
                seen.append(found.version)
            yield (found.data, without_times(found.description), seen.index(found.version)) if found else None


@pytest.fixture(params=["versioned", "unversioned"])
def buckets(request, dynamodb, clients):
    """The real storage, in an AWS of moto's, and one over the model."""
    versioned = request.param == "versioned"
    world = World(s3=clients["s3"], dynamodb=dynamodb, versioned=versioned)
    model = BucketsModel(lambda record: None, versioned=versioned)
    return world.storage, Buckets(model, originals_bucket=ORIGINALS, variants_bucket=VARIANTS)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gestures=GESTURES)
def test_the_buckets_in_memory_answer_as_s3_does(buckets, gestures):
    real, in_memory = buckets
    key = f"uploads/{next(UNUSED)}"
    assert list(looks(in_memory, key, gestures)) == list(looks(real, key, gestures))
